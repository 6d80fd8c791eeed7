/** Every call of an owner and of a claimer. It runs wherever there is `fetch`. */
import { type CryptoProvider, nobleCrypto, RFC_9420, type SuiteProfile } from "../mls/index.ts";
import { clientPath, queryOf, userPath } from "./api-paths.ts";
import type {
  Client,
  ClientList,
  Comparison,
  Inventory,
  InventoryAnswer,
  Journal,
  Policy,
  PublishAnswer,
  RemoveAnswer,
  RevokedClient,
} from "./api-types.ts";
import { type CallOptions, type ClaimedMany, type ClaimOptions, type Claims, claimsOf } from "./claims/claims.ts";
import type { Claimed, Expectations } from "./claims/verify-claimed.ts";
import { isRefusal } from "./directory-error.ts";
import { defaultLock, type Lock } from "./lock.ts";
import { defaultPlatform, type Platform } from "./platform.ts";
import { toBase64Url } from "./portable-base64url.ts";
import { refsDigest } from "./refs.ts";
import { type RegistrationKey, registrationBody } from "./registration-body.ts";
import { type ClientStore, clientStore } from "./storage/client-store.ts";
import { memoryStorage } from "./storage/memory.ts";
import type { Storage } from "./storage/storage.ts";
import {
  type Call,
  DEFAULT_RETRIES,
  openTransport,
  type RetrySettings,
  type TokenSource,
  type Transport,
} from "./transport.ts";

export type DirectoryOptions = {
  /** Where the directory is, for example `https://directory.example`. */
  readonly url: string;
  /** The user and the client of the caller's tokens. */
  readonly user: string;
  readonly client: string;
  readonly token: TokenSource;
  /** `aud` of the directory's tokens: the proof that a client holds the keys that it registers names the directory by it. */
  readonly audience: string;
  /** Durable, so that a claim survives a crash. Default: memory. */
  readonly storage?: Storage;
  readonly lock?: Lock;
  /** What the application knows of those whose packages it claims. */
  readonly expectations?: Expectations;
  readonly crypto?: CryptoProvider;
  /** What the numbers of suites mean, as the directory's policy names it; by default RFC 9420's and no others. */
  readonly profile?: SuiteProfile;
  /** Asks for signed receipts of claims, registrations, uploads and the end; the entry `./receipts` verifies them. */
  readonly receipts?: boolean;
  readonly retries?: Partial<RetrySettings>;
  readonly platform?: Partial<Platform>;
};

/** The directory takes 2,048. */
const MAX_REFS_SENT = 2_000;

export class KeyPackageDirectory {
  readonly user: string;
  readonly client: string;
  /** What this client keeps. */
  readonly store: ClientStore;
  readonly crypto: CryptoProvider;
  readonly profile: SuiteProfile;
  readonly platform: Platform;
  /** What the keys of everything that this client stores begin with. */
  readonly storagePrefix: string;
  readonly #lock: Lock;
  readonly #transport: Transport;
  readonly #audience: string;
  readonly #receipt: true | undefined;
  readonly #claims: Claims;

  constructor({
    url,
    user,
    client,
    token,
    audience,
    storage = memoryStorage(),
    lock = defaultLock(),
    expectations = {},
    crypto = nobleCrypto,
    profile = RFC_9420,
    receipts,
    retries,
    platform,
  }: DirectoryOptions) {
    this.user = user;
    this.client = client;
    this.storagePrefix = `mls-key-directory/${encodeURIComponent(user)}/${encodeURIComponent(client)}/`;
    this.store = clientStore(storage, this.storagePrefix);
    this.crypto = crypto;
    this.profile = profile;
    this.platform = { ...defaultPlatform, ...platform };
    this.#lock = lock;
    this.#audience = audience;
    this.#receipt = receipts || undefined;
    this.#transport = openTransport({
      url,
      token,
      platform: this.platform,
      retries: { ...DEFAULT_RETRIES, ...retries },
    });
    this.#claims = claimsOf({
      directory: this,
      transport: this.#transport,
      expectations,
      receipt: this.#receipt,
    });
  }

  /** Runs the work when no other of that name is under way for this client. */
  inTurn<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#lock(this.storagePrefix + name, work, signal);
  }

  /** Unix seconds by the directory's clock, as its last answer told; by the device's clock before the first. */
  now(): number {
    return Math.floor((this.platform.now() + this.#transport.clockOffsetMs()) / 1000);
  }

  // ---- anyone -------------------------------------------------------------------------------------

  /** What the directory accepts and promises. */
  policy(options?: CallOptions): Promise<Policy> {
    return this.#call({ method: "GET", path: "/v1/policy" }, options);
  }

  // ---- owners -------------------------------------------------------------------------------------

  /** Registers this client's signature keys. Idempotent; a scheme that has a key keeps it. */
  async register(keys: readonly RegistrationKey[], options?: CallOptions): Promise<Client> {
    const { user, client } = this;
    const send = async (signedAt: number) => {
      const body = await registrationBody({ user, client, keys, audience: this.#audience, signedAt });
      return this.#own<Client>("PUT", queryOf({ receipt: this.#receipt }), options, body);
    };
    try {
      return await send(this.now());
    } catch (error) {
      // The clock of this device is off, and nothing before told by how much.
      const serverTime = isRefusal(error, "proof_expired") && error.problem?.server_time;
      if (typeof serverTime !== "number") throw error;
      return await send(serverTime);
    }
  }

  /** This client's registration and inventory. */
  getClient(options?: CallOptions): Promise<Client> {
    return this.#own("GET", "", options);
  }

  /** Adds packages; one result for each. A package is known by its content, so that a repetition adds nothing. */
  publish(keyPackages: readonly Uint8Array[], options?: CallOptions): Promise<PublishAnswer> {
    const body = { key_packages: keyPackages.map(toBase64Url) };
    return this.#own("POST", `/key-packages${queryOf({ receipt: this.#receipt })}`, options, body);
  }

  /** Makes these packages the whole stock, or changes nothing. */
  replace(
    keyPackages: readonly Uint8Array[],
    options: CallOptions & { readonly allowEmpty?: boolean } = {},
  ): Promise<PublishAnswer> {
    const body = { key_packages: keyPackages.map(toBase64Url) };
    const query = queryOf({ receipt: this.#receipt, allow_empty: options.allowEmpty || undefined });
    return this.#own("PUT", `/key-packages${query}`, options, body);
  }

  /** Removes packages by their references in base64url, or all of them. */
  remove(which: readonly string[] | "all", options?: CallOptions): Promise<RemoveAnswer> {
    return this.#own("DELETE", "/key-packages", options, which === "all" ? { all: true } : { refs: which });
  }

  /** What is in stock, zeros included. */
  async inventory(options?: CallOptions): Promise<Inventory> {
    return (await this.#own<InventoryAnswer>("GET", "/inventory", options)).inventory;
  }

  /**
   * Compares the references of the packages that this client has private keys for with what the directory would hand
   * out, and says of each that it would not why. `prune` removes there what the client lacks. Of very many references only
   * the digest is sent: then nothing is pruned, and `missing_at_server` is empty.
   */
  reconcile(refs: readonly string[], options: CallOptions & { readonly prune?: boolean } = {}): Promise<Comparison> {
    const digest = refsDigest(refs);
    const { prune = false } = options;
    // Repeated, it removes the same: what the client lacks.
    return this.#own("POST", "/reconcile", options, refs.length > MAX_REFS_SENT ? { digest } : { digest, refs, prune });
  }

  /** A page of who claimed, oldest first; `next` goes into `after`. */
  journal({ signal, ...page }: CallOptions & { after?: string; limit?: number } = {}): Promise<Journal> {
    return this.#own("GET", `/journal${queryOf(page)}`, { signal });
  }

  /** Ends this client's registration; its packages are purged. */
  revoke(options?: CallOptions): Promise<RevokedClient> {
    return this.#own("DELETE", queryOf({ receipt: this.#receipt }), options);
  }

  // ---- claimers -----------------------------------------------------------------------------------

  /** A user's clients and what each has on offer. Takes nothing. */
  async listClients(user: string, options?: CallOptions): Promise<ClientList> {
    return this.#call({ method: "GET", path: `${userPath(user)}/clients`, scope: "key-packages:claim" }, options);
  }

  /**
   * One verified package of each client of the user. A claim whose reply was lost is sent again under the same key, also
   * by the next call after a crash.
   */
  claim(user: string, options: ClaimOptions<Claimed> = {}): Promise<Claimed> {
    return this.#claims.claim(user, options);
  }

  /**
   * The same for any number of users, in as many calls as the directory's policy asks for. A user that cannot be answered
   * now is in `retryLater`.
   */
  claimMany(users: readonly string[], options: ClaimOptions<ClaimedMany> = {}): Promise<ClaimedMany> {
    return this.#claims.claimMany(users, options);
  }

  // ---- over HTTP ----------------------------------------------------------------------------------

  /** Of what belongs to this client. */
  async #own<T>(method: Call["method"], rest: string, options?: CallOptions, body?: unknown): Promise<T> {
    const path = clientPath(this.user, this.client) + rest;
    return this.#call({ method, path, scope: "key-packages:publish", body }, options);
  }

  async #call<T>(call: Call, options: CallOptions = {}): Promise<T> {
    return (await this.#transport.send({ ...call, signal: options.signal })).body as T;
  }
}
