/** Every call of an owner and of a claimer. It runs wherever there is `fetch`. */
import { type CryptoProvider, nobleCrypto, RFC_9420, type SuiteProfile } from "../mls/index.ts";
import type {
  BulkClaimAnswer,
  ClaimAnswer,
  ClaimCriteria,
  Client,
  ClientClaim,
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
import { DirectoryError } from "./directory-error.ts";
import { defaultLock, type Lock } from "./lock.ts";
import { PendingClaims } from "./pending-claims.ts";
import { defaultPlatform, type Platform } from "./platform.ts";
import { toBase64Url } from "./portable-base64url.ts";
import { refsDigest } from "./refs.ts";
import { type RegistrationKey, registrationBody } from "./registration-body.ts";
import { ClientStore } from "./storage/client-store.ts";
import { memoryStorage } from "./storage/memory.ts";
import type { Storage } from "./storage/storage.ts";
import {
  type Answer,
  type Call,
  DEFAULT_RETRIES,
  type RetrySettings,
  type TokenSource,
  Transport,
} from "./transport.ts";
import { type ClaimedPackage, type Expectations, type RejectedPackage, verifyClaimed } from "./verify-claimed.ts";

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

export type CallOptions = { readonly signal?: AbortSignal | undefined };

export type ClaimOptions<T = unknown> = CallOptions & {
  readonly criteria?: ClaimCriteria;
  /** What the packages are for, such as the name of a group: a claim that is repeated after a crash is one of the same purpose. */
  readonly purpose?: string;
  /** Receives the answer before the claim's key is forgotten: after a crash in here the same packages are given again. */
  readonly handOn?: (claimed: T) => Promise<void>;
};

/** A client that gave nothing, and why. */
export type ClientWithout = {
  readonly client: string;
  readonly status: Exclude<ClientClaim["status"], "claimed" | "last_resort">;
  readonly retryAfterSeconds: number | undefined;
};

export type Claimed = {
  readonly user: string;
  readonly status: BulkClaimAnswer["users"][number]["status"];
  /** Verified. One for each client that gave a good one. */
  readonly packages: readonly ClaimedPackage[];
  /** What was handed out and must not be used. */
  readonly rejected: readonly RejectedPackage[];
  readonly without: readonly ClientWithout[];
  /** The answer of an earlier try under the same key. */
  readonly replayed: boolean;
};

export type RetryLater = {
  readonly user: string;
  readonly reason: "rate_limited" | "failed";
  readonly retryAfterSeconds: number | undefined;
};

export type ClaimedMany = {
  /** One for each user that is not in `retryLater`, in the order in which they were first named. */
  readonly users: readonly Claimed[];
  readonly retryLater: readonly RetryLater[];
};

/** The directory's clock may be trusted over the device's by this much when lifetimes are checked. */
const MAX_TRUSTED_OFFSET_MS = 24 * 3600 * 1000;

/** The directory takes 2,048. */
const MAX_REFS_SENT = 2_000;

/** For directories whose policy cannot be read. */
const USERS_PER_CLAIM = 100;

export class KeyPackageDirectory {
  readonly user: string;
  readonly client: string;
  /** What this client keeps. */
  readonly store: ClientStore;
  readonly crypto: CryptoProvider;
  readonly profile: SuiteProfile;
  readonly platform: Platform;
  readonly #lock: Lock;
  readonly #transport: Transport;
  readonly #audience: string;
  readonly #expectations: Expectations;
  readonly #receipts: boolean;
  readonly #retries: RetrySettings;
  readonly #pending: PendingClaims;

  constructor(options: DirectoryOptions) {
    this.user = options.user;
    this.client = options.client;
    this.store = new ClientStore(options.storage ?? memoryStorage(), this.storagePrefix);
    this.#lock = options.lock ?? defaultLock();
    this.crypto = options.crypto ?? nobleCrypto;
    this.profile = options.profile ?? RFC_9420;
    this.platform = { ...defaultPlatform, ...options.platform };
    this.#audience = options.audience;
    this.#expectations = options.expectations ?? {};
    this.#receipts = options.receipts ?? false;
    this.#retries = { ...DEFAULT_RETRIES, ...options.retries };
    this.#transport = new Transport({
      url: options.url,
      token: options.token,
      platform: this.platform,
      retries: this.#retries,
    });
    this.#pending = new PendingClaims(this.store, this.platform);
  }

  /** What the keys of everything that this client stores begin with. */
  get storagePrefix(): string {
    return `mls-key-directory/${encodeURIComponent(this.user)}/${encodeURIComponent(this.client)}/`;
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
  policy({ signal }: CallOptions = {}): Promise<Policy> {
    return this.#json({ method: "GET", path: "/v1/policy", scope: "none", repeatable: true, signal });
  }

  // ---- owners -------------------------------------------------------------------------------------

  /** Registers this client's signature keys. Idempotent; a scheme that has a key keeps it. */
  async register(keys: readonly RegistrationKey[], { signal }: CallOptions = {}): Promise<Client> {
    const send = async (signedAt: number) => {
      const { user, client } = this;
      const body = await registrationBody({ user, client, keys, audience: this.#audience, signedAt });
      return this.#owner<Client>({ method: "PUT", path: this.#asking(""), body, repeatable: true, signal });
    };
    try {
      return await send(this.now());
    } catch (error) {
      // The clock of this device is off, and nothing before told by how much.
      const serverTime =
        error instanceof DirectoryError && error.code === "proof_expired" && error.problem?.server_time;
      if (typeof serverTime !== "number") throw error;
      return await send(serverTime);
    }
  }

  /** This client's registration and inventory. */
  getClient({ signal }: CallOptions = {}): Promise<Client> {
    return this.#owner({ method: "GET", path: "", repeatable: true, signal });
  }

  /** Adds packages; one result for each. A package is known by its content, so that a repetition adds nothing. */
  publish(keyPackages: readonly Uint8Array[], { signal }: CallOptions = {}): Promise<PublishAnswer> {
    const body = { key_packages: keyPackages.map(toBase64Url) };
    const path = this.#asking("/key-packages");
    return this.#owner({ method: "POST", path, body, repeatable: true, signal });
  }

  /** Makes these packages the whole stock, or changes nothing. */
  replace(
    keyPackages: readonly Uint8Array[],
    { signal, allowEmpty = false }: CallOptions & { readonly allowEmpty?: boolean } = {},
  ): Promise<PublishAnswer> {
    const body = { key_packages: keyPackages.map(toBase64Url) };
    const path = this.#asking(`/key-packages${allowEmpty ? "?allow_empty=true" : ""}`);
    return this.#owner({ method: "PUT", path, body, repeatable: true, signal });
  }

  /** Removes packages by their references in base64url, or all of them. */
  remove(which: readonly string[] | "all", { signal }: CallOptions = {}): Promise<RemoveAnswer> {
    const body = which === "all" ? { all: true } : { refs: which };
    return this.#owner({ method: "DELETE", path: "/key-packages", body, repeatable: false, signal });
  }

  /** What is in stock, zeros included. */
  async inventory({ signal }: CallOptions = {}): Promise<Inventory> {
    return (await this.#owner<InventoryAnswer>({ method: "GET", path: "/inventory", repeatable: true, signal }))
      .inventory;
  }

  /**
   * Compares the references of the packages that this client has private keys for with what the directory would hand
   * out, and says of each that it would not why. `prune` removes there what the client lacks. Of very many references only
   * the digest is sent: then nothing is pruned, and `missing_at_server` is empty.
   */
  reconcile(
    refs: readonly string[],
    { signal, prune = false }: CallOptions & { readonly prune?: boolean } = {},
  ): Promise<Comparison> {
    const digest = refsDigest(refs);
    const body = refs.length > MAX_REFS_SENT ? { digest } : { digest, refs, prune };
    // Repeated, it removes the same: what the client lacks.
    return this.#owner({ method: "POST", path: "/reconcile", body, repeatable: true, signal });
  }

  /** A page of who claimed, oldest first; `next` goes into `after`. */
  journal({ signal, after, limit }: CallOptions & { after?: string; limit?: number } = {}): Promise<Journal> {
    const asked = Object.entries({ after, limit }).filter(([, value]) => value !== undefined);
    const query = asked.map(([name, value]) => `${name}=${encodeURIComponent(`${value}`)}`).join("&");
    const path = `/journal${query && `?${query}`}`;
    return this.#owner({ method: "GET", path, repeatable: true, signal });
  }

  /** Ends this client's registration; its packages are purged. */
  revoke({ signal }: CallOptions = {}): Promise<RevokedClient> {
    return this.#owner({ method: "DELETE", path: this.#asking(""), repeatable: false, signal });
  }

  // ---- claimers -----------------------------------------------------------------------------------

  /** A user's clients and what each has on offer. Takes nothing. */
  listClients(user: string, { signal }: CallOptions = {}): Promise<ClientList> {
    const path = `/v1/users/${encodeURIComponent(user)}/clients`;
    return this.#json({ method: "GET", path, scope: "key-packages:claim", repeatable: true, signal });
  }

  /**
   * One verified package of each client of the user. A claim whose reply was lost is sent again under the same key, also
   * by the next call after a crash.
   */
  async claim(user: string, options: ClaimOptions<Claimed> = {}): Promise<Claimed> {
    const path = `/v1/users/${encodeURIComponent(user)}/claims`;
    const request = { path, body: options.criteria ?? {} };
    return this.#underOneKey(request, options, async (idempotencyKey) => {
      const { body, replayed } = await this.#claimCall(request, idempotencyKey, options.signal);
      return this.#verified(body as ClaimAnswer, replayed, options.criteria);
    });
  }

  /**
   * The same for any number of users, in as many calls as the directory's policy asks for. A user that cannot be answered
   * now is in `retryLater`.
   */
  async claimMany(users: readonly string[], options: ClaimOptions<ClaimedMany> = {}): Promise<ClaimedMany> {
    const named = [...new Set(users)];
    if (named.length === 0) return { users: [], retryLater: [] };
    const whole = [named, options.criteria ?? {}, options.purpose ?? null];
    // In turn, as single claims are.
    return this.inTurn(this.#pending.nameOf(whole), options.signal, async () => {
      const run: BulkRun = { whole, done: new Map(), later: new Map(), begun: [] };
      await this.#claimChunks(named, options, run);
      const claimed = {
        users: named.flatMap((user) => run.done.get(user) ?? []),
        retryLater: named.flatMap((user) => run.later.get(user) ?? []),
      };
      await options.handOn?.(claimed);
      for (const name of run.begun) await this.#pending.end(name);
      return claimed;
    });
  }

  async #claimChunks(users: readonly string[], options: ClaimOptions<ClaimedMany>, run: BulkRun): Promise<void> {
    const size = users.length === 1 ? 1 : await this.#usersPerClaim(options.signal);
    const queue = chunksOf(users, size);
    for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
      const deferred = await this.#claimChunk(chunk, options, run);
      // The answer was full and nothing was taken from these. Each call answers somebody, so that this ends.
      if (deferred.length > 0 && deferred.length < chunk.length) queue.unshift([...deferred]);
      else for (const user of deferred) run.later.set(user, { user, reason: "failed", retryAfterSeconds: undefined });
    }
  }

  /** One call for up to as many users as the policy allows. Answers with those that need a call of their own. */
  async #claimChunk(
    users: readonly string[],
    options: ClaimOptions<ClaimedMany>,
    run: BulkRun,
  ): Promise<readonly string[]> {
    const request = { path: "/v1/claims", body: { users, ...options.criteria } };
    const name = this.#pending.nameOf([run.whole, users]);
    const idempotencyKey = await this.#pending.begin(name);
    run.begun.push(name);
    const answers = await this.#claimUntilAnswered(request, idempotencyKey, options.signal);
    const deferred: string[] = [];
    for (const { answer, replayed } of answers.values()) {
      const { user, status } = answer;
      if (status === "failed" && answer.code === "answer_too_large") deferred.push(user);
      else if (status === "failed" || status === "rate_limited") {
        run.later.set(user, { user, reason: status, retryAfterSeconds: soonest(answer) });
      } else run.done.set(user, await this.#verified(answer, replayed, options.criteria));
    }
    return deferred;
  }

  /** Sends the same request again while the pools of some users fail; those that answered repeat what they gave. */
  async #claimUntilAnswered(
    request: ClaimRequest,
    idempotencyKey: string,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, { answer: BulkUser; replayed: boolean }>> {
    const answers = new Map<string, { answer: BulkUser; replayed: boolean }>();
    for (let attempt = 1; ; attempt++) {
      const { body, replayed } = await this.#claimCall(request, idempotencyKey, signal);
      for (const answer of (body as BulkClaimAnswer).users) {
        const earlier = answers.get(answer.user)?.answer.status ?? "failed";
        if (earlier === "failed") answers.set(answer.user, { answer, replayed });
      }
      const failed = [...answers.values()].some(({ answer }) => isPassingFailure(answer));
      const { attempts, baseMs, maxMs } = this.#retries;
      if (!failed || attempt >= attempts) return answers;
      await this.platform.sleep(this.platform.jitter() * Math.min(maxMs, baseMs * 2 ** (attempt - 1)), signal);
    }
  }

  async #usersPerClaim(signal: AbortSignal | undefined): Promise<number> {
    try {
      return Math.max(1, (await this.policy({ signal })).limits.users_per_claim);
    } catch (error) {
      if (signal?.aborted) throw error;
      return USERS_PER_CLAIM;
    }
  }

  /** Runs the work with the key of this request, and forgets the key when its answer was handed on. */
  async #underOneKey<T>(
    request: ClaimRequest,
    { purpose, handOn, signal }: ClaimOptions<T>,
    work: (idempotencyKey: string) => Promise<T>,
  ): Promise<T> {
    const name = this.#pending.nameOf([request, purpose ?? null]);
    // In turn: two claims of the same at once are two claims, and must not share a key.
    return this.inTurn(name, signal, async () => {
      const idempotencyKey = await this.#pending.begin(name);
      let claimed: T;
      try {
        claimed = await work(idempotencyKey);
      } catch (error) {
        if (gaveNothing(error)) await this.#pending.end(name);
        throw error;
      }
      await handOn?.(claimed);
      await this.#pending.end(name);
      return claimed;
    });
  }

  #claimCall({ path, body }: ClaimRequest, idempotencyKey: string, signal: AbortSignal | undefined): Promise<Answer> {
    const scope = "key-packages:claim";
    return this.#transport.send({
      method: "POST",
      path: this.#asking(path),
      scope,
      body,
      idempotencyKey,
      repeatable: true,
      signal,
    });
  }

  async #verified(
    { user, status, clients }: ClaimAnswer | BulkUser,
    replayed: boolean,
    criteria: ClaimCriteria | undefined,
  ): Promise<Claimed> {
    const offset = this.#transport.clockOffsetMs();
    const trusted = Math.max(-MAX_TRUSTED_OFFSET_MS, Math.min(MAX_TRUSTED_OFFSET_MS, offset));
    const context = {
      crypto: this.crypto,
      profile: this.profile,
      expectations: this.#expectations,
      now: Math.floor((this.platform.now() + trusted) / 1000),
      ciphersuites: criteria?.ciphersuites,
    };
    const packages: ClaimedPackage[] = [];
    const rejected: RejectedPackage[] = [];
    const without: ClientWithout[] = [];
    for (const claim of clients) {
      if (claim.status === "claimed" || claim.status === "last_resort") {
        const verdict = await verifyClaimed(context, user, claim);
        if (verdict.ok) packages.push(verdict.value);
        else rejected.push(verdict.error);
      } else {
        without.push({ client: claim.client, status: claim.status, retryAfterSeconds: claim.retry_after_seconds });
      }
    }
    return { user, status, packages, rejected, without, replayed };
  }

  #asking(path: string): string {
    return this.#receipts ? `${path}${path.includes("?") ? "&" : "?"}receipt=true` : path;
  }

  // ---- over HTTP ----------------------------------------------------------------------------------

  #owner<T>(call: Omit<Call, "scope">): Promise<T> {
    const path = `/v1/users/${encodeURIComponent(this.user)}/clients/${encodeURIComponent(this.client)}${call.path}`;
    return this.#json({ ...call, path, scope: "key-packages:publish" });
  }

  async #json<T>(call: Call): Promise<T> {
    return (await this.#transport.send(call)).body as T;
  }
}

type BulkUser = BulkClaimAnswer["users"][number];
/** A claim of many users under way. */
type BulkRun = {
  readonly whole: unknown;
  readonly done: Map<string, Claimed>;
  readonly later: Map<string, RetryLater>;
  /** Names of the calls whose keys are stored. */
  readonly begun: string[];
};
type ClaimRequest = { readonly path: string; readonly body: unknown };

const isPassingFailure = ({ status, code }: BulkUser): boolean => status === "failed" && code !== "answer_too_large";

/** Refusals after which the key names no answer. A refusal for want of budget may hide an answer whose reply was lost. */
const gaveNothing = (error: unknown): boolean =>
  error instanceof DirectoryError && (error.status === 400 || error.status === 404 || error.status === 422);

function soonest({ clients }: BulkUser): number | undefined {
  const times = clients.flatMap(({ retry_after_seconds }) => retry_after_seconds ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
