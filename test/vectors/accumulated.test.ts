// Thousands of rounds of ML-KEM and ML-DSA in one value each. C2SP CCTV, "accumulated".
//
// aws-lc runs 10 000 rounds, noble 100: at its speed 10 000 would take minutes. CCTV publishes the values of ML-DSA and of
// ML-KEM-768; those of ML-KEM-512 and ML-KEM-1024 are pinned where aws-lc and noble, which share no code, agreed.

import t from 'tap';
import type { KemAlgorithm, SignatureAlgorithm } from '#src/crypto/parameters.js';
import { accumulateKem, accumulateSignature } from '../support/accumulated-vectors.js';
import { allProviders } from '../support/both-providers.js';

interface Accumulated {
  readonly rounds100: string;
  readonly rounds10000: string;
}

const kemVectors: Record<KemAlgorithm, Accumulated> = {
  'ML-KEM-512': {
    rounds100: '86b1b4703b8ffef6f7f3290c6dbce4ad954498a0673ded401a94828e8c519a59',
    rounds10000: 'e0112db334d4240ca6feed5b0beab1318925edd4ff7d840c2ebe6d61971fc14c',
  },
  'ML-KEM-768': {
    rounds100: '1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415',
    rounds10000: '8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc',
  },
  'ML-KEM-1024': {
    rounds100: '800018fec3e2723f73f1d657fe239b4d5d8782efaade297e8cd448e54cc2ac00',
    rounds10000: 'f1a3925c9cf8538bb104c56efb2f5ecb74cc3df25087460b73f6c873e96bcb6a',
  },
};

const signatureVectors: Record<SignatureAlgorithm, Accumulated> = {
  'ML-DSA-44': {
    rounds100: 'd51148e1f9f4fa1a723a6cf42e25f2a99eb5c1b378b3d2dbbd561b1203beeae4',
    rounds10000: 'e7fd21f6a59bcba60d65adc44404bb29a7c00e5d8d3ec06a732c00a306a7d143',
  },
  'ML-DSA-65': {
    rounds100: '8358a1843220194417cadbc2651295cd8fc65125b5a5c1a239a16dc8b57ca199',
    rounds10000: '5ff5e196f0b830c3b10a9eb5358e7c98a3a20136cb677f3ae3b90175c3ace329',
  },
  'ML-DSA-87': {
    rounds100: '8c3ad714777622b8f21ce31bb35f71394f23bc0fcf3c78ace5d608990f3b061b',
    rounds10000: '80a8cf39317f7d0be0e24972c51ac152bd2a3e09bc0c32ce29dd82c4e7385e60',
  },
};

for (const provider of allProviders()) {
  const all = provider.name === 'aws-lc';

  for (const [algorithm, { rounds100, rounds10000 }] of Object.entries(kemVectors) as [KemAlgorithm, Accumulated][]) {
    t.test(`${provider.name}: ${algorithm}`, async (t) => {
      t.equal(accumulateKem(provider, algorithm, 100), rounds100, '100 rounds');
      if (all) t.equal(accumulateKem(provider, algorithm, 10_000), rounds10000, '10 000 rounds');
    });
  }

  for (const [algorithm, { rounds100, rounds10000 }] of Object.entries(signatureVectors) as [
    SignatureAlgorithm,
    Accumulated,
  ][]) {
    t.test(`${provider.name}: ${algorithm}`, async (t) => {
      t.equal(accumulateSignature(provider, algorithm, 100), rounds100, '100 rounds');
      if (all) t.equal(accumulateSignature(provider, algorithm, 10_000), rounds10000, '10 000 rounds');
    });
  }
}
