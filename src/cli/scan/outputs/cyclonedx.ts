// A scan as a cryptography bill of materials: endpoints as services, and what they use as assets. CycloneDX 1.6 (ECMA-424).

import { jsonText } from '../../json-text.js';
import { randomUUID } from 'node:crypto';
import { addressName } from '../endpoints.js';
import { accepted, type Certificate, type EndpointReport } from '../report.js';
import type { Entry, ScanResult } from '../result.js';
import {
  groupAsset,
  hashAsset,
  schemeAsset,
  keyAsset,
  suiteCipherAsset,
  type AlgorithmAsset,
} from './crypto-assets.js';

interface Component {
  readonly type: 'cryptographic-asset';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly cryptoProperties: object;
}

export function toCycloneDx(result: ScanResult): string {
  const bill = new Bill();
  const services = result.entries
    .filter(({ report }) => report.status === 'scanned')
    .map((entry) => bill.addEndpoint(entry));
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${randomUUID()}`,
    version: 1,
    metadata: {
      timestamp: result.finishedAt,
      lifecycles: [{ phase: 'discovery' }],
      tools: { components: [{ type: 'application', name: 'pqtls', version: result.tool.version }] },
    },
    components: bill.components,
    services,
    dependencies: bill.dependencies,
  };
  return `${jsonText(document, 2)}\n`;
}

class Bill {
  readonly #components = new Map<string, Component>();
  readonly #dependencies = new Map<string, ReadonlySet<string>>();

  get components(): readonly Component[] {
    return [...this.#components.values()];
  }

  get dependencies(): readonly object[] {
    return [...this.#dependencies].map(([ref, dependsOn]) => ({ ref, dependsOn: [...dependsOn] }));
  }

  addEndpoint({ name, report, verdict }: Entry): object {
    const ref = `service/${name}`;
    const certificates = report.chains.flatMap(({ certificates }) =>
      certificates.map((each) => this.#addCertificate(each)),
    );
    const protocols = accepted(report.versions).map((version) => this.#addProtocol(name, version, report));
    this.#dependencies.set(ref, new Set([...protocols, ...certificates]));
    const { starttls } = report.endpoint;
    return {
      'bom-ref': ref,
      name,
      // Without a scheme: none is registered for TLS, and validators look. RFC 3986, Section 4.2.
      endpoints: [`//${addressName(report.endpoint)}`],
      properties: [
        ...(starttls === undefined ? [] : [{ name: 'pqtls:scan:starttls', value: starttls }]),
        { name: 'pqtls:scan:grade', value: verdict.grade ?? 'none' },
        { name: 'pqtls:scan:preferredGroup', value: report.preferredGroup?.group ?? 'unknown' },
        { name: 'pqtls:scan:scannedAt', value: report.scannedAt },
      ],
    };
  }

  /** A version of TLS at one endpoint, with the suites and algorithms that it accepts there. */
  #addProtocol(endpoint: string, version: string, report: EndpointReport): string {
    const ref = `protocol/${endpoint}/${version}`;
    const isModern = version === 'TLSv1.3';
    const suites = isModern ? accepted(report.tls13Suites) : (report.legacySuites[version]?.suites ?? []);
    // Schemes are of the newest version that the endpoint has; groups were tried in TLS 1.3.
    const isNewest = accepted(report.versions)[0] === version;
    const keyExchange = isModern ? accepted(report.groups).map((name) => this.#addAlgorithm(groupAsset(name))) : [];
    const signatures = isNewest
      ? report.signatureSchemes.accepted.map((name) => this.#addAlgorithm(schemeAsset(name)))
      : [];
    const cipherSuites = suites.map((name) => ({
      name,
      algorithms: [this.#addAlgorithm(suiteCipherAsset(name)), this.#addAlgorithm(hashAsset(name))],
    }));
    const algorithms = new Set([
      ...keyExchange,
      ...signatures,
      ...cipherSuites.flatMap(({ algorithms }) => algorithms),
    ]);
    this.#components.set(ref, {
      type: 'cryptographic-asset',
      'bom-ref': ref,
      name: `TLS ${version.replace('TLSv', '')} at ${endpoint}`,
      cryptoProperties: {
        assetType: 'protocol',
        protocolProperties: {
          type: 'tls',
          version: version === 'TLSv1' ? '1.0' : version.replace('TLSv', ''),
          cipherSuites,
          cryptoRefArray: [...new Set([...keyExchange, ...signatures])],
        },
      },
    });
    this.#dependencies.set(ref, algorithms);
    return ref;
  }

  #addCertificate(certificate: Certificate): string {
    const { subject, issuer, notBefore, notAfter, key, signature, fingerprint256 } = certificate;
    const ref = `certificate/${fingerprint256}`;
    const signatureRef = this.#addAlgorithm(schemeAsset(signature));
    const publicKeyRef = this.#addPublicKey(key, fingerprint256);
    this.#components.set(ref, {
      type: 'cryptographic-asset',
      'bom-ref': ref,
      // A name may be empty in a certificate; here it may not.
      name: subject === '' ? fingerprint256 : subject,
      cryptoProperties: {
        assetType: 'certificate',
        certificateProperties: {
          subjectName: subject,
          issuerName: issuer,
          ...dated('notValidBefore', notBefore),
          ...dated('notValidAfter', notAfter),
          signatureAlgorithmRef: signatureRef,
          subjectPublicKeyRef: publicKeyRef,
          certificateFormat: 'X.509',
        },
      },
    });
    this.#dependencies.set(ref, new Set([signatureRef, publicKeyRef]));
    return ref;
  }

  #addPublicKey(key: string, fingerprint: string): string {
    const ref = `key/${fingerprint}`;
    const algorithmRef = this.#addAlgorithm(keyAsset(key));
    this.#components.set(ref, {
      type: 'cryptographic-asset',
      'bom-ref': ref,
      name: key,
      cryptoProperties: {
        assetType: 'related-crypto-material',
        relatedCryptoMaterialProperties: { type: 'public-key', algorithmRef },
      },
    });
    this.#dependencies.set(ref, new Set([algorithmRef]));
    return ref;
  }

  #addAlgorithm({ name, oid, ...algorithmProperties }: AlgorithmAsset): string {
    const ref = `algorithm/${name}`;
    this.#components.set(ref, {
      type: 'cryptographic-asset',
      'bom-ref': ref,
      name,
      cryptoProperties: { assetType: 'algorithm', algorithmProperties, ...(oid === undefined ? {} : { oid }) },
    });
    return ref;
  }
}

/** What is no date in the certificate is none here. */
function dated(member: string, date: string): Record<string, string> {
  return Number.isNaN(Date.parse(date)) ? {} : { [member]: date };
}
