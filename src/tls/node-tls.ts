// Node's own node:tls, as it was when pqtls was loaded. pqtls/register puts our functions into the module itself (and into
// its named imports, which are live), so that to call them there from here would be to call ourselves.

import tls from 'node:tls';

/** Every function of node:tls as Node made it. Other properties (rootCertificates, DEFAULT_*) are read when asked for. */
export const nodeTls: typeof tls = Object.create(tls, ownFunctions()) as typeof tls;

function ownFunctions(): PropertyDescriptorMap {
  const entries = Object.entries(Object.getOwnPropertyDescriptors(tls));
  return Object.fromEntries(entries.filter(([, { value }]) => typeof value === 'function'));
}
