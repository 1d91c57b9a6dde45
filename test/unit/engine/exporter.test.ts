// Exported keying material: what it is bound to after a fault, and how much of it there can be. RFC 9846, Section 7.5.

import t from 'tap';
import '../../support/both-engines.js';
import { Issuer } from '../../support/certificates.js';
import { engines, End, shakeHands } from '../../support/connections.js';

const authority = await Issuer.selfSigned({ subject: 'CN=root', ca: true });
const { cert, key } = await authority.issue({ subject: 'CN=localhost', names: ['localhost'] });
/** As long as a record with one byte of content, and no ciphertext of anybody's. */
const forged = Buffer.concat([Buffer.of(0x17, 3, 3, 0, 18), Buffer.alloc(18, 0xa5)]);

for (const engine of engines) {
  const connected = (): { client: End; server: End } => {
    const server = End.server(engine, { cert, key, ciphers: 'TLS_AES_128_GCM_SHA256' });
    const client = End.client(engine, { ca: authority.cert });
    shakeHands(client, server);
    t.equal(client.error, undefined);
    return { client, server };
  };
  const exported = ({ connection }: End): string =>
    connection.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', new Uint8Array(0)).toString('hex');

  t.test(`${engine}: data that came before a forged record is bound to the connection`, async (t) => {
    const { client, server } = connected();
    const before = exported(server);
    t.equal(exported(client), before);
    server.send('in time');
    client.take(client.connection.receive(Buffer.concat([server.drain(), forged])));
    client.take(client.connection.receive(undefined));
    t.equal(client.plaintext, 'in time');
    t.ok(client.error, 'the record is refused');
    t.equal(exported(client), before);
    client.connection.destroy();
    t.throws(() => exported(client), 'wiped with the connection');
    t.equal(client.connection.session(), undefined, 'as its session is');
  });

  t.test(`${engine}: no more is exported than HKDF can make`, async (t) => {
    const { client } = connected();
    const { connection } = client;
    t.equal(connection.exportKeyingMaterial(255 * 32, 'label').length, 255 * 32);
    t.throws(() => connection.exportKeyingMaterial(255 * 32 + 1, 'label'), { name: 'Error', message: /export/ });
    t.throws(() => connection.exportKeyingMaterial(32, 'l'.repeat(250)), { name: 'Error', message: /export/ });
  });
}
