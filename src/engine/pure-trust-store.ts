// Trusted certificates of the TypeScript engine, and the verdict on a peer's chain. RFC 5280, Section 6.

import { nodePrimitives } from '../crypto/tls/node-primitives.js';
import { pemBlocks } from '../crypto/tls/pem.js';
import { parsePublicKey } from '../crypto/tls/public-key.js';
import { verificationText } from '../errors.js';
import { parseRevocationList, type RevocationList } from '../x509/revocation-list.js';
import { tryParseCertificate } from '../x509/parsed-certificates.js';
import { TrustStore as TrustedCertificates } from '../x509/trust-store.js';
import { verifyChain } from '../x509/verify-chain.js';
import type { TrustStore } from './engine.js';
import { oidOf } from './key-oids.js';
import type { JudgedChain, PeerTrust } from './peer-trust.js';
import { publicKeyOf } from './pure-environment.js';

/** Longer chains are a peer's that nobody verifies. */
const mostIssuers = 10;

export class PureTrustStore implements TrustStore {
  #certificates: Uint8Array[] = [];
  #crls: RevocationList[] = [];
  #allowPartial = false;
  /** Made of them when it is needed. */
  #trusted: TrustedCertificates | undefined;

  /** What else the text holds, and what does not parse, is passed over, as in node:tls. */
  addCertificates(pem: Uint8Array): number {
    const found = blocksOf(pem, /^(X509 |TRUSTED )?CERTIFICATE$/);
    this.#add(found);
    return found.length;
  }

  addStore(other: TrustStore): void {
    if (!(other instanceof PureTrustStore)) throw new TypeError('This trust store is of another engine');
    this.#add(other.#certificates);
    this.#crls.push(...other.#crls);
    this.#allowPartial ||= other.#allowPartial;
  }

  /** DER each. */
  addParsed(certificates: readonly Uint8Array[]): void {
    this.#add(certificates);
  }

  #add(certificates: readonly Uint8Array[]): void {
    // Not by spreading: there may be thousands.
    this.#certificates = this.#certificates.concat(certificates);
    this.#trusted = undefined;
  }

  addCrl(pem: Uint8Array): void {
    const [first] = blocksOf(pem, /^X509 CRL$/);
    if (first === undefined) throw new Error('The text holds no revocation list');
    this.#crls.push(parseRevocationList(first));
  }

  allowPartialChain(): void {
    this.#allowPartial = true;
  }

  get #store(): TrustedCertificates {
    return (this.#trusted ??= new TrustedCertificates(this.#certificates));
  }

  /**
   * What connections verify their peers with.
   *
   * @param certificateKey the object identifier of the only kind of key that the chain may have
   */
  trust(certificateKey: string | undefined, now: () => number): PeerTrust {
    // A connection asks several times about one chain.
    const judged = new WeakMap<readonly Uint8Array[], JudgedChain>();
    return {
      judge: (chain, ofServer) => {
        const known = judged.get(chain) ?? this.#judge(chain, ofServer, certificateKey, now());
        judged.set(chain, known);
        return known;
      },
      issuerOf: (der) => this.#issuerOf(der),
    };
  }

  /** The issuers of a certificate as far as they are trusted, up to the root: what goes along with it, as OpenSSL sends it. */
  issuersOf(certificate: Uint8Array): Uint8Array[] {
    const issuers: Uint8Array[] = [];
    for (
      let at = this.#issuerOf(certificate);
      at !== undefined && issuers.length < mostIssuers;
      at = this.#issuerOf(at)
    ) {
      issuers.push(at);
    }
    return issuers;
  }

  /** undefined for a root as well. */
  #issuerOf(der: Uint8Array): Uint8Array | undefined {
    const certificate = tryParseCertificate(der);
    if (certificate === undefined || certificate.isSelfIssued) return undefined;
    const { signatureAlgorithm: algorithm, tbs, signature } = certificate;
    if (algorithm.type === 'weak' || algorithm.type === 'unknown') return undefined;
    const isSignedBy = (spki: Uint8Array): boolean => nodePrimitives.verifySignature(algorithm, spki, tbs, signature);
    return this.#store.withSubject(certificate.issuer).find(({ spki }) => isSignedBy(spki))?.der;
  }

  #judge(
    chain: readonly Uint8Array[],
    ofServer: boolean,
    certificateKey: string | undefined,
    time: number,
  ): JudgedChain {
    const { error, path } = verifyChain(chain, {
      trusted: this.#store,
      purpose: ofServer ? 'serverAuth' : 'clientAuth',
      time,
      verifySignature: (...signed) => nodePrimitives.verifySignature(...signed),
      crls: this.#crls,
      allowPartial: this.#allowPartial,
    });
    if (error !== undefined) {
      return { error: { code: error.code, message: verificationText(error.code, error.message) }, path };
    }
    if (certificateKey === undefined || path.every((der) => hasKey(der, certificateKey))) {
      return { error: undefined, path };
    }
    const message = 'a certificate of the chain has a kind of key that the policy does not allow';
    return { error: { code: 'ERR_PQTLS_CERTIFICATE_KEY', message }, path };
  }
}

function hasKey(certificate: Uint8Array, oid: string): boolean {
  const spki = publicKeyOf(certificate);
  const key = spki && parsePublicKey(spki);
  return key !== undefined && oidOf(key) === oid;
}

function blocksOf(pem: Uint8Array, label: RegExp): Uint8Array[] {
  const text = Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength).toString('latin1');
  return pemBlocks(text)
    .filter((block) => label.test(block.label))
    .map(({ bytes }) => bytes);
}
