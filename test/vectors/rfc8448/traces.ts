// What the traces of RFC 8448 are made from, and the SHA-256 of every record in them.
//
// Inputs are those that the RFC prints: randoms, private keys, certificates, signatures (made with randomness that it does
// not print), the cookie and the ticket. Every message is made from them; nothing of the records themselves stands here.

import type { GroupName } from '#src/crypto/parameters.js';

/** Private keys, in hex. */
export type PrivateKeys = Partial<Record<GroupName, string>>;

/** All in hex but for what is said otherwise. */
export interface Trace {
  readonly section: string;
  readonly clientRandom: string;
  readonly clientKeys: PrivateKeys;
  readonly sessionId: string;
  readonly serverRandom: string;
  readonly serverKeys: PrivateKeys;
  /** Base64, as certificates and signatures are. */
  readonly serverCertificate: string;
  readonly serverScheme: 'rsa_pss_rsae_sha256' | 'ecdsa_secp256r1_sha256';
  readonly serverSignature: string;
  readonly clientCertificate?: string;
  readonly clientSignature?: string;
  /** SHA-256 of the records, flight by flight; a client begins. */
  readonly flights: readonly (readonly string[])[];
}

const rsaCertificate =
  'MIIBrDCCARWgAwIBAgIBAjANBgkqhkiG9w0BAQsFADAOMQwwCgYDVQQDEwNyc2EwHhcNMTYwNzMwMDEyMzU5WhcNMjYwNzMwMDEyMzU5WjAOMQwwCgYDVQQDEwNyc2EwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALS7SY+CeTA9mAg2OZs2xpiMDGjeVeG9uCbTkBokYer9LeSakdAVq7yalRN6zmwa8Z6qavmMfO1DEgmY4YeoDuDMsFJLGwGMPgtjJk1Emm044ipf2kMIRnSAMFMO8EYcjKnZ77+ujqbR0D4r0ZPv8KuagALEdCim01qNiNeffx4/AgMBAAGjGjAYMAkGA1UdEwQCMAAwCwYDVR0PBAQDAgWgMA0GCSqGSIb3DQEBCwUAA4GBAIWq0qDluSdrkIxl9zpyZxcGGKVMX4p7M30t96WUNlQX8uro+KWMj4Fy+TGc82t/1sVbgPIaAwFRVnJglv0zXl5n8tvxAnAuYIzK5r7B/GOkKpm+XD63EHw8VOm56yvVIDscO4TgqLL3WUCbo+rJ2R1ALcwMyPiWEimskYe0K03h';

export const simple: Trace = {
    section: '3, simple 1-RTT handshake',
    clientRandom: 'cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7',
    clientKeys: { X25519: '49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005' },
    sessionId: '',
    serverRandom: 'a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e26928',
    serverKeys: { X25519: 'b1580eeadf6dd589b8ef4f2d5652578cc810e9980191ec8d058308cea216a21e' },
    serverCertificate: rsaCertificate, serverScheme: 'rsa_pss_rsae_sha256', serverSignature: 'WnR8XYj6m9LlWrCFphAVtyEfgkzUhBRas/9S8f2oR3sLeryQ23ji0zpcFBoHhlP6a+94DF6iSO6qp4XE85TKttMLvo1IWe5RH2ApV7FUEawCdnFFnkZEXJ6ljBgegY6VuMP7C/MnhAnTvhUqPaUEPgY92mXN9a6iDVPfrNQvdPM=',
    flights: [
      ['f0d7b61e8a0f97ff2cec5a1873fe88e7b907ee8d7cd2d22eefed8c4349f154b8'],
      ['456a0e73ad98ac28618a7f8a55e2b23a2397d571d15581f539219fd1bacf2e69', 'a073d654259fa22ebda69c8b1207c06498a2619e8176e09575ff769dbe779f1e'],
      ['9a72c9bd96d086076a6340189a7c61f98a5b711b8d4101cd295f8656560aa42d'],
      ['e6a043a981a5e6210be28b40e95dbd443b1c1f5d754f08edc62c4dcb983960a2'],
      ['f1439e0f6ce28b7a6a97d2fd42022ea241f30833b68f57f63b02919bcd10e506'],
      ['0b8dae8d58b6c719af732109b72962a21d34e21790ccea41d6c0807286081984'],
      ['2c2e87cad283b37cf1c4738f3b2f9147d8bef2bda1b6479f0533d75e8121a39b'],
      ['739d776388db545e9579d3f2890f43caa751bfc559a0234e57ba8906bbb27270'],
    ],
};

/** The server of Section 3 gives it, the client of Section 4 shows it. */
export const ticket = {
  lifetime: 30,
  ageAdd: 0xfad6aac5,
  nonce: '0000',
  identity: '2c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c498883c9367c09a2be785abc55cd226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3664d4e6da4d29ee03725a6a4dafcd0fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e970727c621a79141ef5f7de6505e5bfbc388e93343694093934ae4d357',
  maxEarlyData: 1024,
  /** Section 4, with the age. */
  obfuscatedAge: 0xfad6aacb,
  /** Section 3 prints it. */
  preSharedKey: '4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3',
} as const;

export const resumed: Trace = {
    section: '4, resumed 0-RTT handshake',
    clientRandom: '1bc3ceb6bbe39cff938355b5a50adb6db21b7a6af649d7b4bc419d7876487d95',
    clientKeys: { X25519: 'bff91188283846dd6a2134ef7180ca2b0b14fb10dce707b5098c0dddc813b2df' },
    sessionId: '',
    serverRandom: '3ccfd2dec890222763472ae8136777c9d7358777bb66e91ea5122495f559ea2d',
    serverKeys: { X25519: 'de5b4476e7b490b2652d338acbf2948066f255f9440e23b98fc69835298dc107' },
    serverCertificate: rsaCertificate, serverScheme: 'rsa_pss_rsae_sha256', serverSignature: '',
    flights: [
      ['421b514962f45b668663d5c5685630dd35d5a77ebbe3e3646423a5fbe3956c44', '337b09faf476f42f47ee7d69d8b6a23cbace6ffd0c32163dc35973a4af652162'],
      ['25df6a8309e0e09816da1c37adbb530a5025eae463d6d35fd4419a9a695e4885', 'e2a6beeb36a1a56b1be4fbd7f0efca9b8724c85e7927633ab7dbec26602ad071'],
      ['faa598499bece66937c9c5433902aa176f0dfff09440392779b2418f31a7f6ed', 'a521745a3febc4f2fb5034ce9259568ec6025b5b8b9cf620e293a60293974c38'],
      ['e140f673638921623c0bf7b87fbee0409808c32c52f1f8ef16d326fe1fb203de'],
      ['c4835ac1cd885e97d00aff87268b12e90485d2cce1f66bfa30785e7cff761c32'],
      ['33920040c5ebb9e19d55f80601a2d3fcff28bc4c991ca9cd1744bc77b332862d'],
      ['97d5ed29c48853f39f7f85367639884dfc0dff88b71ea710c9f31e2bfe67f672'],
    ],
};

/** Of Section 5. */
export const cookie =
  '71dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f934b0';

export const retry: Trace = {
    section: '5, HelloRetryRequest',
    clientRandom: 'b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f',
    clientKeys: { X25519: '0ed02f8e8117efc75ca7ac32aa7e34eda64cdc0ddad154a5e85289f959f63204', secp256r1: 'ab5473467e19346ceb0a0414e41da21d4d2445bc3025afe97c4e8dc8d513da39' },
    sessionId: '',
    serverRandom: 'bb341d847fd789c47c387172dc0c9bf147fccacb5043d86ca4c598d3ff571b98',
    serverKeys: { secp256r1: '8c510601f9765bfb8ed693449a48989859b5cfa879cb9f5443c41c5ff10634ed' },
    serverCertificate: rsaCertificate, serverScheme: 'rsa_pss_rsae_sha256', serverSignature: 'M6sT1EYnByMbXcrmyBkLY9HavHTyjDlTcNoLB+W4MGbQJGoxrNld9HW/15mkpw0zrZPToxepssDSN6VoWyGed0ES45GiR2B9Gu/xu9Cjnzgu4aX+iK6Z7FkijmSX5F1IzidabV70DRaftvnTOwUu09zda1pIuq//vLKQEoQVvTg=',
    flights: [
      ['e56b6d260c8897f67f7ade3d19ef4f09e689be1fee26b230eba15acba428f6ea'],
      ['87c9defcadd4423c79f150e28d7015397eb69b5c5c7f510919bf59107f18f820'],
      ['97a3a1c92a7b95cc7a59be63faaba911fca5f9cf14820b1c7cb339dd375950a4'],
      ['727d6bfeb1b144b429235b532caac9236d04717a83b7667d3776ce12791023c1', 'febd577d54713f506673889b5b05c00c480b9fa54d5d4df04b701a89f53e30d7'],
      ['1ad8db29c27ff3f251f3855ec6925e718760cfb5dc083048b351ea46207ec8c7'],
      ['220af8dff22902a6ea05b0227a0978f5c7f8966ebf408195acd5c344fd31ce0c'],
      ['5f731c10797d3e400195e40f5d814fbf4e748c31d5be55c2b95b6c4c915a14d4'],
    ],
};

export const clientCertificate: Trace = {
    section: '6, client authentication',
    clientRandom: '6a472236328b83af40386d3a3e1f1ce624fa4ed89ab865a4ff0f4144ce3ae233',
    clientKeys: { X25519: 'c040b2bb8f3addd20fd4058c547003a3c6f9c1cd915d5e535c87d8d191aaf071' },
    sessionId: '',
    serverRandom: '3b50fdf1c3d572e40e68953e7fff4e2758459c59afa0582c0ea032874255fe6e',
    serverKeys: { X25519: '7382a5ad1cdd2056ae18cc708bd007d98130dbe2cd4d9ead9b96952becbb0888' },
    serverCertificate: 'MIIBLjCB1aADAgECAgEHMAoGCCqGSM49BAMCMBMxETAPBgNVBAMTCGVjZHNhMjU2MB4XDTE2MDczMDAxMjQwMFoXDTI2MDczMDAxMjQwMFowEzERMA8GA1UEAxMIZWNkc2EyNTYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQI1TAWFXX0z+fxVO40SBgAhgAeiEMaee5i7m4vg+84umHp+zfzTgB6ffTS9bVtHwTs5F1iH0aEBvXDoVFYlI3QoxowGDAJBgNVHRMEAjAAMAsGA1UdDwQEAwIHgDAKBggqhkjOPQQDAgNIADBFAiEA3zD9RQf17dIsGm/4bbR5ymk/7so7cbP571VrKTfAWU0CIGLipHJQ0yD+qDx+LctbdqUOAgDAmtvRP+6UblE+AR0R', serverScheme: 'ecdsa_secp256r1_sha256', serverSignature: 'MEUCIQDXpNNL1U9V/uGoliVnjD3V5fYNrHPslAxce5MEoCCEqQIgKJ9ZXtSIuaxomj0ZKxqLs480r3h0wFnJgGofOCaTU+g=',
 clientCertificate: 'MIIBsjCCARugAwIBAgIBATANBgkqhkiG9w0BAQsFADARMQ8wDQYDVQQDEwZjbGllbnQwHhcNMTYwNzMwMDEyMzU5WhcNMjYwNzMwMDEyMzU5WjARMQ8wDQYDVQQDEwZjbGllbnQwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAMOBdeAEpo0JP4I7nDedIB+8C7ehx5GQXj+/doR+ROdR67zTYL2UXIHlIivMiEbTqKD5Ppv1vrq9ku3x3h/xkCFwPnq2wJAVE/l+ObER8JyTSJcceyEZhKdUzUX+CVrw6kI2gpvM96f+myiI54q0d2kKW54cy+kcakoPl6fgKEIBAgMBAAGjGjAYMAkGA1UdEwQCMAAwCwYDVR0PBAQDAgeAMA0GCSqGSIb3DQEBCwUAA4GBABp6WgGFMrAirwdn1IYWDP8tFnoZFdI4NbVFlJFtxoC+XS5iYHbF1Sci68x3XX2Z+YC+L8lNNKz2zAC6kMvPsGCKoefjlx7wwHpB1HrYNF0fgf5Bihz0EFRCn9IXvXd9wc8I8F35B5nGWTYeDxqO5KwPeJdCC9vII9qAovK6Iwgc', clientSignature: 'GGsiI7UDp1nDXboOlyG0tXkTjV8PXm7H/qryfzrX84bCx718sr5S+/Xtg5P0Bu55NpaS7HrGlWUdhYIZ5nKo63sqZ3tkC0arYw7cXz8vgnK5wNkG+B+E3cW4x7z5VceKPPmeUBb3PgTrffyyiDPxPo917C/zWB4vCYrUFX/W1q0=',
    flights: [
      ['5ce4d328ebc0051e0b9404870a0acf16e1c1d4a651af9346a54a0de1952c90f0'],
      ['487ea2602d4ab442ed6f7e21820de42ef3c873eddaa8d07558b0adebd60a3e60', '7ae580b1f708c62419e56047c71a96ab8bd79fb840dab6d952134783c3d85a39'],
      ['12563feba6872b50a17c506655ba5adf7b720a03b20219eb1d7289ba33c836ba'],
      ['abc590443117025f0c5bea7e6fc4812aefda8fe220bab6b11f79c4bfd82f13a5'],
      ['0f14c69bcac342ce21d937442100ead59ce571e9306a3bdfddd929146aeb14ad'],
    ],
};

export const compatibility: Trace = {
    section: '7, compatibility mode',
    clientRandom: '4e640a3f2c2738f09c9418bd78edccd7559d0531199276d4d92a0e9ee9d77d09',
    clientKeys: { X25519: 'dea00b45695dc781f19d34a62c1afd31ab4369af1e855a3bbb258d8442cde6d7' },
    sessionId: 'a80c165581a8e0d06c0018d54d3a06dd32cfd4051eb026fad3fd0ba99269e6ef',
    serverRandom: 'e5dd5948c435f7a38f0f0130708dc322d9df09abd4838117c183a7bb6d994f2c',
    serverKeys: { X25519: '017c38a3647921ca2d9ed6bd7ae7132b94211b1331bb208c8ccdd51556409995' },
    serverCertificate: rsaCertificate, serverScheme: 'rsa_pss_rsae_sha256', serverSignature: 'ojAaaN0c7uaTj+nUDEa5IBs01ZlSo34GUjo5z4umyci2iulEkq94BRbte3PIKBLpndP6vqReCdnGhIchwoCMYVAbDHXn/Kul94vvaKLCtpsZVYs+QDh+6pPSXHeBwcwA6fUZ9+Lkrbc+dtZgiQAKLchmwu0wu6UKDUV/GdxuufM=',
    flights: [
      ['bb99b7a6fe0cf4083422a1a3b18b059ac63de0e4654cea2d93bdcb0f6542be7a'],
      ['26f14613d7ede0ddf5091b995befbee72388af282b8c46afcaa867d5100c7d61', 'd1774c31f81e6a3d13089a34305b3663334ac79cbf358c7572a5fe5f47e36c1c', 'e5e98db516f501aaa80d1135a3e6078b637829b9e96dd0709223ea38495585a9'],
      ['d1774c31f81e6a3d13089a34305b3663334ac79cbf358c7572a5fe5f47e36c1c', '5b7d1e74059052d7ae018abe2026f90d46aeb2fd5d0dcb295e959f79f3c2fda8'],
      ['70de13dce29c139b7d0eae4a573e98bec2b5c10ab11010480a6cb8d73be087da'],
      ['0401c55da32e87ce8ebb5f41c535e871a9320488624dfbc46b79aa0dec395135'],
    ],
};
