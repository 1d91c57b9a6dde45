// What is shown of a peer's chain, whatever it holds.

import { randomBytes, X509Certificate } from 'node:crypto';
import t from 'tap';
import { describeChain } from '#src/engine/peer-chain.js';
import { Issuer } from '../../support/certificates.js';

t.test('nothing is thrown for bytes that Node cannot read', async (t) => {
  const { cert } = await Issuer.selfSigned({ subject: 'CN=localhost' });
  const { raw } = new X509Certificate(cert);
  t.strictSame(describeChain([randomBytes(100)]), []);
  t.strictSame(
    describeChain([raw, randomBytes(100), raw]).map(({ der, selfIssued }) => [der.equals(raw), selfIssued]),
    [[true, true]],
    'what comes before is shown',
  );
});
