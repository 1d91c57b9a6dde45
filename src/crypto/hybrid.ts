// Key exchange groups of TLS 1.3, classical, hybrid and of ML-KEM alone, as key shares. RFC 9846, Section 4.2.8; RFC 10024.

import { invalidArgType, invalidArgValue, KeyDestroyedError } from '../errors.js';
import { checkDisjoint, checkKeyMaterial, checkOptions, checkOutput } from './arguments.js';
import { checkToken, describe, inspect, internal } from './key-object.js';
import { groupAliases, groupLayouts } from './parameters.js';
import type { GroupLayout, GroupName } from './parameters.js';
import type { CryptoProvider, ProviderKeyExchange, ProviderName } from './provider.js';
import { selectProvider } from './select-provider.js';
import type { ProviderOptions } from './select-provider.js';

/** A server's answer to a client share. */
export interface CompletedKeyExchange {
  /** The server share, `serverShareLength` bytes. */
  share: Uint8Array<ArrayBuffer>;
  /** `sharedSecretLength` secret bytes. */
  sharedSecret: Uint8Array<ArrayBuffer>;
}

/**
 * A group for key exchange. A client calls start() and then complete() of what it returns; a server calls
 * startAndComplete().
 *
 * Client share, server share and secret in bytes: X25519MLKEM768 1216, 1120, 64; SecP256r1MLKEM768 1249, 1153, 64;
 * SecP384r1MLKEM1024 1665, 1665, 80; X25519 32, 32, 32; secp256r1 65, 65, 32; secp384r1 97, 97, 48; MLKEM768 1184, 1088,
 * 32; MLKEM1024 1568, 1568, 32.
 */
export class KeyExchangeGroup {
  readonly #name: GroupName;
  readonly #layout: GroupLayout;
  readonly #provider: CryptoProvider;

  /** @internal Use get(). */
  constructor(token: typeof internal, name: GroupName, provider: CryptoProvider) {
    checkToken(token, 'KeyExchangeGroup');
    this.#name = name;
    this.#layout = groupLayouts[name];
    this.#provider = provider;
  }

  /**
   * Finds a group by its IANA name or a usual alias, in any case: `X25519MLKEM768`, `SecP256r1MLKEM768`,
   * `SecP384r1MLKEM1024`, `X25519`, `secp256r1` (`P-256`, `prime256v1`), `secp384r1` (`P-384`), `MLKEM768`, `MLKEM1024`.
   *
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: unknown group or provider; ERR_INVALID_ARG_TYPE.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the group.
   */
  static get(name: string, options?: ProviderOptions): KeyExchangeGroup {
    if (typeof name !== 'string') {
      throw invalidArgType('name', 'of type string', name);
    }
    const group = groupAliases.get(name.toLowerCase());
    if (group === undefined) {
      throw invalidArgValue('name', `'${name.slice(0, 64)}' is not one of ${Object.keys(groupLayouts).join(', ')}`);
    }
    checkOptions(options);
    return new KeyExchangeGroup(internal, group, selectProvider(group, options));
  }

  /** The IANA name. */
  get name(): GroupName {
    return this.#name;
  }

  get provider(): ProviderName {
    return this.#provider.name;
  }

  /** Whether it joins a classical group and ML-KEM. */
  get hybrid(): boolean {
    return this.#layout.kind === 'hybrid';
  }

  /** Length in bytes of what a client sends. */
  get clientShareLength(): number {
    return this.#layout.clientShare;
  }

  /** Length in bytes of what a server sends. */
  get serverShareLength(): number {
    return this.#layout.serverShare;
  }

  /** Length in bytes of the secret. */
  get sharedSecretLength(): number {
    return this.#layout.sharedSecret;
  }

  /** A client's side: makes its keys and the share to send. RFC 9846, Section 4.2.8. */
  start(): ActiveKeyExchange {
    return this.startInto(new Uint8Array(this.#layout.clientShare));
  }

  /**
   * start() with the share written into the caller's buffer of `clientShareLength` bytes.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: it has another length.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  startInto<Share extends Uint8Array>(share: Share): ActiveKeyExchange<Share> {
    checkOutput('share', share, this.#layout.clientShare);
    return new ActiveKeyExchange(internal, this.#provider.startKeyExchange(this.#name, share), share, this);
  }

  /** start() on the libuv threadpool where the provider can. */
  async startAsync(): Promise<ActiveKeyExchange> {
    const { exchange, share } = await this.#provider.startKeyExchangeAsync(this.#name);
    return new ActiveKeyExchange(internal, exchange, share, this);
  }

  /**
   * A server's side: takes the client's share, returns the share to send back and the secret.
   *
   * @throws {KeyRejectedError} wrong_length; modulus_check: the ML-KEM part; invalid_encoding: the EC part is not an
   *   uncompressed point on the curve, or X25519 gives all zeros. The message names the part.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  startAndComplete(clientShare: Uint8Array): CompletedKeyExchange {
    this.#checkClientShare(clientShare);
    const share = new Uint8Array(this.#layout.serverShare);
    const sharedSecret = new Uint8Array(this.#layout.sharedSecret);
    this.#provider.startAndCompleteInto(this.#name, clientShare, share, sharedSecret);
    return { share, sharedSecret };
  }

  /**
   * startAndComplete() into the caller's buffers of `serverShareLength` and `sharedSecretLength` bytes.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: a buffer has another length.
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: buffers overlap; and what startAndComplete() throws. After an error the
   *   buffers' content is undefined.
   */
  startAndCompleteInto(clientShare: Uint8Array, share: Uint8Array, sharedSecret: Uint8Array): void {
    this.#checkClientShare(clientShare);
    checkOutput('share', share, this.#layout.serverShare);
    checkOutput('sharedSecret', sharedSecret, this.#layout.sharedSecret);
    checkDisjoint('share', share, 'clientShare', clientShare);
    checkDisjoint('sharedSecret', sharedSecret, 'clientShare', clientShare);
    checkDisjoint('sharedSecret', sharedSecret, 'share', share);
    this.#provider.startAndCompleteInto(this.#name, clientShare, share, sharedSecret);
  }

  /** startAndComplete() on the libuv threadpool where the provider can; the client's share is copied at once. */
  async startAndCompleteAsync(clientShare: Uint8Array): Promise<CompletedKeyExchange> {
    this.#checkClientShare(clientShare);
    return this.#provider.startAndCompleteAsync(this.#name, clientShare);
  }

  [inspect](): string {
    return `KeyExchangeGroup { name: '${this.#name}', provider: '${this.#provider.name}' }`;
  }

  #checkClientShare(clientShare: Uint8Array): void {
    checkKeyMaterial('clientShare', `A client share of ${this.#name}`, clientShare, this.#layout.clientShare);
  }
}

/**
 * A client's key exchange that waits for the server's share. It completes once: its secrets are wiped by complete(),
 * whatever its outcome, and by destroy().
 */
export class ActiveKeyExchange<Share extends Uint8Array = Uint8Array<ArrayBuffer>> {
  readonly #exchange: ProviderKeyExchange;
  readonly #share: Share;
  readonly #group: KeyExchangeGroup;
  #over = false;

  /** @internal Use KeyExchangeGroup.start(). */
  constructor(token: typeof internal, exchange: ProviderKeyExchange, share: Share, group: KeyExchangeGroup) {
    checkToken(token, 'ActiveKeyExchange');
    this.#exchange = exchange;
    this.#share = share;
    this.#group = group;
  }

  get group(): KeyExchangeGroup {
    return this.#group;
  }

  /** The share to send, `group.clientShareLength` bytes. */
  get share(): Share {
    return this.#share;
  }

  /**
   * Takes the server's share and returns the secret, `group.sharedSecretLength` bytes.
   *
   * @throws {KeyRejectedError} wrong_length (the exchange can then still complete); invalid_encoding: the EC part is
   *   not an uncompressed point on the curve, or X25519 gives all zeros. The message names the part.
   * @throws {KeyDestroyedError} it was completed or destroyed before.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  complete(serverShare: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#checkServerShare(serverShare);
    const sharedSecret = new Uint8Array(this.#group.sharedSecretLength);
    this.#consume();
    this.#exchange.completeInto(serverShare, sharedSecret);
    return sharedSecret;
  }

  /**
   * complete() into the caller's buffer of `group.sharedSecretLength` bytes.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: it has another length.
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: it overlaps the share; and what complete() throws.
   */
  completeInto(serverShare: Uint8Array, sharedSecret: Uint8Array): void {
    this.#checkServerShare(serverShare);
    checkOutput('sharedSecret', sharedSecret, this.#group.sharedSecretLength);
    checkDisjoint('sharedSecret', sharedSecret, 'serverShare', serverShare);
    this.#consume();
    this.#exchange.completeInto(serverShare, sharedSecret);
  }

  /** complete() on the libuv threadpool where the provider can; the server's share is copied at once. */
  async completeAsync(serverShare: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    this.#checkServerShare(serverShare);
    this.#consume();
    return this.#exchange.completeAsync(serverShare);
  }

  /** Wipes the secrets; any later use throws KeyDestroyedError. Calling it again does nothing. */
  destroy(): void {
    this.#over = true;
    this.#exchange.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  [inspect](): string {
    return describe('ActiveKeyExchange', this.#group.name, this.#group.provider);
  }

  #checkServerShare(serverShare: Uint8Array): void {
    const { name, serverShareLength } = this.#group;
    checkKeyMaterial('serverShare', `A server share of ${name}`, serverShare, serverShareLength);
  }

  #consume(): void {
    if (this.#over) {
      throw new KeyDestroyedError();
    }
    this.#over = true;
  }
}
