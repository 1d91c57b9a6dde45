// What crypto-workers.test.ts runs in each worker: 'rounds' of every kind of operation, or as many as it can queue and
// then nothing ('busy') or process.exit() ('exit').
import { parentPort, workerData } from 'node:worker_threads';
import { DecapsulationKey, hashAsync, KeyExchangeGroup, SigningKey } from 'pqtls/crypto';

const options = { provider: 'aws-lc' } as const;
const key = DecapsulationKey.generate('ML-KEM-768', options);
const signer = SigningKey.generate('ML-DSA-44', options);
const group = KeyExchangeGroup.get('X25519MLKEM768', options);
const message = Buffer.from('message');

async function round(): Promise<void> {
  const { ciphertext, sharedSecret } = await key.encapsulationKey.encapsulateAsync();
  const secret = await key.decapsulateAsync(ciphertext);
  if (!Buffer.from(secret).equals(sharedSecret)) throw new Error('wrong secret');
  if (!signer.verifyingKey.verify(message, await signer.signAsync(message))) throw new Error('wrong signature');
  const client = group.start();
  const server = await group.startAndCompleteAsync(client.share);
  if (!Buffer.from(client.complete(server.share)).equals(server.sharedSecret)) throw new Error('wrong secret');
  DecapsulationKey.generate('ML-KEM-768', options);
  SigningKey.generate('ML-DSA-44', options);
}

if (workerData === 'rounds') {
  await Promise.all(Array.from({ length: 50 }, round));
  parentPort?.postMessage('done');
} else if (workerData !== null) {
  for (let i = 0; i < 2000; i += 1) void round();
  void hashAsync('SHA3-256', new Uint8Array(1 << 20), options);
  parentPort?.postMessage('busy');
  if (workerData === 'exit') setImmediate(() => process.exit(0));
}
