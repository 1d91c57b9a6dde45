// The key schedule against the values of the 1-RTT handshake in RFC 8448, Section 3, on both implementations of primitives.

import t from 'tap';
import { noblePrimitives } from '#src/crypto/tls/noble-primitives.js';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import {
  EarlySecret,
  exportKeyingMaterial,
  finishedData,
  nextTrafficSecret,
  resumptionKey,
} from '#src/protocol/key-schedule.js';
import { hkdfExpandLabel } from '#src/protocol/hkdf.js';
import { hex } from '../../support/hex.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');

const sharedSecret = '8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d';
/** Hashes of the transcript, up to ServerHello, the server's CertificateVerify, its Finished, and the client's. */
const toServerHello = '860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8';
const toCertificateVerify = 'edb7725fa7a3473b031ec8ef65a2485493900138a2b91291407d7951a06110ed';
const toServerFinished = '9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13';
const toClientFinished = '209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d';

for (const primitives of [nodePrimitives, noblePrimitives]) {
  t.test(`the secrets of RFC 8448, on ${primitives.name}`, async (t) => {
    const handshake = new EarlySecret(primitives, 'sha256').intoHandshakeSecret(bytes(sharedSecret));
    const client = handshake.clientTraffic(bytes(toServerHello));
    const server = handshake.serverTraffic(bytes(toServerHello));
    t.equal(hex(client), 'b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21');
    t.equal(hex(server), 'b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38');
    const nothing = new Uint8Array(0);
    const expand = (label: string, length: number): string =>
      hex(hkdfExpandLabel(primitives, 'sha256', server, label, nothing, length));
    t.equal(expand('key', 16), '3fce516009c21727d0f2e4e86ee403bc');
    t.equal(expand('iv', 12), '5d313eb2671276ee13000b30');
    const finished = finishedData(primitives, 'sha256', server, bytes(toCertificateVerify));
    t.equal(hex(finished), '9b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718');
    const master = handshake.intoMasterSecret();
    const digest = bytes(toServerFinished);
    t.equal(hex(master.clientTraffic(digest)), '9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5');
    t.equal(hex(master.serverTraffic(digest)), 'a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643');
    t.equal(hex(master.exporter(digest)), 'fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50');
    const resumption = master.resumption(bytes(toClientFinished));
    t.equal(hex(resumption), '7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c');
    const psk = resumptionKey(primitives, 'sha256', resumption, new Uint8Array(2));
    t.equal(hex(psk), '4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3');
  });
}

t.test('both implementations derive the same, of every length', async (t) => {
  const secret = new Uint8Array(48).fill(7);
  const derive = (primitives: typeof nodePrimitives): string[] => [
    hex(nextTrafficSecret(primitives, 'sha384', secret)),
    ...[1, 32, 48, 49, 96, 1000].map((length) =>
      hex(exportKeyingMaterial(primitives, 'sha384', secret, 'EXPORTER-test', Uint8Array.of(1, 2), length)),
    ),
  ];
  t.strictSame(derive(nodePrimitives), derive(noblePrimitives));
  t.equal(derive(nodePrimitives).at(-1)?.length, 2000);
});

t.test('a destroyed stage has no secrets left', async (t) => {
  const early = new EarlySecret(nodePrimitives, 'sha256');
  const handshake = early.intoHandshakeSecret(bytes(sharedSecret));
  const before = hex(handshake.clientTraffic(bytes(toServerHello)));
  handshake.destroy();
  t.not(hex(handshake.clientTraffic(bytes(toServerHello))), before);
});
