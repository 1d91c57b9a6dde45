// What an algorithm of TLS is, and how strong against classical and quantum computers. CycloneDX 1.6, NIST IR 8547.

/** The algorithmProperties of CycloneDX, with the name of the component. */
export interface AlgorithmAsset {
  readonly name: string;
  readonly primitive:
    'signature' | 'hash' | 'key-agree' | 'kem' | 'ae' | 'block-cipher' | 'combiner' | 'other' | 'unknown';
  readonly parameterSetIdentifier?: string;
  readonly curve?: string;
  readonly mode?: 'cbc' | 'gcm' | 'ccm';
  readonly padding?: 'pkcs1v15' | 'other';
  readonly cryptoFunctions?: readonly string[];
  readonly classicalSecurityLevel?: number;
  /** 1 to 5 are NIST's categories, 0 is what a quantum computer breaks. */
  readonly nistQuantumSecurityLevel?: number;
  readonly oid?: string | undefined;
}

const agreement = { primitive: 'key-agree', cryptoFunctions: ['keygen', 'keyderive'] } as const;
const encapsulation = ['keygen', 'encapsulate', 'decapsulate'] as const;

// A hybrid is as strong as the stronger of the two. RFC 9954.
const groups: Readonly<Record<string, Omit<AlgorithmAsset, 'name'>>> = {
  X25519MLKEM768: hybrid('ML-KEM-768', 'x25519', 192, 3),
  SecP256r1MLKEM768: hybrid('ML-KEM-768', 'secp256r1', 192, 3),
  SecP384r1MLKEM1024: hybrid('ML-KEM-1024', 'secp384r1', 256, 5),
  MLKEM768: kem('768', 192, 3),
  MLKEM1024: kem('1024', 256, 5),
  X25519: { ...agreement, curve: 'x25519', classicalSecurityLevel: 128, nistQuantumSecurityLevel: 0 },
  secp256r1: { ...agreement, curve: 'secp256r1', classicalSecurityLevel: 128, nistQuantumSecurityLevel: 0 },
  secp384r1: { ...agreement, curve: 'secp384r1', classicalSecurityLevel: 192, nistQuantumSecurityLevel: 0 },
  secp521r1: { ...agreement, curve: 'secp521r1', classicalSecurityLevel: 256, nistQuantumSecurityLevel: 0 },
  x448: { ...agreement, curve: 'x448', classicalSecurityLevel: 224, nistQuantumSecurityLevel: 0 },
  ffdhe2048: { ...agreement, parameterSetIdentifier: '2048', classicalSecurityLevel: 112, nistQuantumSecurityLevel: 0 },
  ffdhe3072: { ...agreement, parameterSetIdentifier: '3072', classicalSecurityLevel: 128, nistQuantumSecurityLevel: 0 },
};

function hybrid(set: string, curve: string, classical: number, category: number): Omit<AlgorithmAsset, 'name'> {
  return {
    primitive: 'combiner',
    parameterSetIdentifier: set,
    curve,
    cryptoFunctions: [...encapsulation, 'keyderive'],
    classicalSecurityLevel: classical,
    nistQuantumSecurityLevel: category,
  };
}

function kem(set: string, classical: number, category: number): Omit<AlgorithmAsset, 'name'> {
  return {
    primitive: 'kem',
    parameterSetIdentifier: set,
    cryptoFunctions: encapsulation,
    classicalSecurityLevel: classical,
    nistQuantumSecurityLevel: category,
  };
}

export function groupAsset(name: string): AlgorithmAsset {
  return { name, ...(groups[name] ?? { primitive: 'unknown' }) };
}

// FIPS 204, Table 1.
const mlDsaCategories: Readonly<Record<string, number>> = { '44': 2, '65': 3, '87': 5 };
const classicalOfCategory: Readonly<Record<number, number>> = { 1: 128, 2: 128, 3: 192, 5: 256 };

/** A TLS signature scheme, or the signature algorithm of a certificate. */
export function schemeAsset(name: string): AlgorithmAsset {
  const base = { name, primitive: 'signature', cryptoFunctions: ['sign', 'verify'] } as const;
  const [, set] = /^ML-?DSA-?(44|65|87)$/i.exec(name) ?? [];
  if (set !== undefined) return { ...base, ...mlDsa(set), oid: mlDsaOids[set] };
  const padding = /pkcs1|WithRSAEncryption/.test(name) ? 'pkcs1v15' : /pss/i.test(name) ? 'other' : undefined;
  const isKnown = /rsa|ecdsa|^ed(25519|448)$|^dsa/i.test(name);
  return {
    ...base,
    ...(padding === undefined ? {} : { padding }),
    ...(isKnown ? { nistQuantumSecurityLevel: 0 } : {}),
  };
}

const mlDsaOids: Readonly<Record<string, string>> = {
  '44': '2.16.840.1.101.3.4.3.17',
  '65': '2.16.840.1.101.3.4.3.18',
  '87': '2.16.840.1.101.3.4.3.19',
};

function mlDsa(set: string): Partial<AlgorithmAsset> {
  const category = mlDsaCategories[set] ?? 0;
  return {
    parameterSetIdentifier: set,
    classicalSecurityLevel: classicalOfCategory[category] ?? 0,
    nistQuantumSecurityLevel: category,
  };
}

// NIST SP 800-57 Part 1, Table 2.
function rsaStrength(bits: number): number {
  return [15360, 7680, 3072, 2048, 1024].reduce(
    (found, size, index) => (found === 0 && bits >= size ? ([256, 192, 128, 112, 80][index] ?? 0) : found),
    0,
  );
}

/** The algorithm of a public key, as a report names it: `RSA-2048`, `EC-P-256`, `ML-DSA-65`, `Ed25519`. */
export function keyAsset(key: string): AlgorithmAsset {
  const base = { name: key, primitive: 'signature', cryptoFunctions: ['sign', 'verify'] } as const;
  const [, bits] = /^RSA(?:-PSS)?-(\d+)$/.exec(key) ?? [];
  if (bits !== undefined) {
    const classicalSecurityLevel = rsaStrength(Number(bits));
    return { ...base, parameterSetIdentifier: bits, classicalSecurityLevel, nistQuantumSecurityLevel: 0 };
  }
  const [, curve] = /^EC-(.+)$/.exec(key) ?? [];
  if (curve !== undefined) {
    const [, size] = /(\d+)/.exec(curve) ?? [];
    return {
      ...base,
      curve,
      ...(size === undefined ? {} : { classicalSecurityLevel: Math.floor(Math.min(Number(size), 512) / 2) }),
      nistQuantumSecurityLevel: 0,
    };
  }
  return schemeAsset(key);
}

/** What encrypts in a cipher suite. Grover's algorithm leaves AES-128 in category 1, AES-256 in category 5. */
export function suiteCipherAsset(suite: string): AlgorithmAsset {
  const name = suite.replace(/^TLS_(.*_WITH_)?/, '').replace(/_(SHA\d*|MD5)$/, '');
  const bits = name.includes('256') || name.startsWith('CHACHA20') ? 256 : name.includes('128') ? 128 : undefined;
  const mode = /GCM/.test(name) ? 'gcm' : /CCM/.test(name) ? 'ccm' : /CBC/.test(name) ? 'cbc' : undefined;
  const isAuthenticated = /GCM|CCM|POLY1305/.test(name);
  return {
    name: name.replaceAll('_', '-'),
    primitive: isAuthenticated ? 'ae' : mode === 'cbc' ? 'block-cipher' : 'other',
    ...(bits === undefined ? {} : { parameterSetIdentifier: String(bits) }),
    ...(mode === undefined ? {} : { mode }),
    cryptoFunctions: ['encrypt', 'decrypt', ...(isAuthenticated ? ['tag'] : [])],
    ...(bits === undefined ? {} : { classicalSecurityLevel: bits, nistQuantumSecurityLevel: bits === 256 ? 5 : 1 }),
  };
}

/** The hash of a cipher suite; CCM suites of TLS 1.2 leave SHA-256 unsaid. RFC 6655, Section 3. */
export function hashAsset(suite: string): AlgorithmAsset {
  const [, hash = 'SHA256'] = /_(SHA384|SHA256|SHA|MD5)$/.exec(suite) ?? [];
  const name = { SHA384: 'SHA-384', SHA256: 'SHA-256', SHA: 'SHA-1', MD5: 'MD5' }[hash] ?? hash;
  return { name, primitive: 'hash', cryptoFunctions: ['digest'] };
}
