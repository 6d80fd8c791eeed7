/**
 * A directory in memory that keeps the rules of the real one for a few routes, as the `fetch` of a client. It can lose a
 * request or its reply. The main path of every test that uses it also runs against the real one (end-to-end.test.ts).
 */
import { createHash } from "node:crypto";
import type { ClientClaim, Inventory, Policy, PublishResult } from "../../../../src/client/api-types.ts";
import { KeyPackageIn, makeKeyPackageRef, nobleCrypto } from "../../../../src/mls/index.ts";

type Live = {
  readonly text: string;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  readonly notAfter: number;
};

export type FakeClient = {
  readonly keys: Record<string, string>;
  readonly live: Map<string, Live>;
  readonly gone: Map<string, "already_claimed" | "already_removed">;
};

export type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown> | undefined;
};

/** What goes wrong with a request: it never arrives, its reply never does, or this comes instead of a reply. */
export type Trouble = "request lost" | "reply lost" | Response | undefined;

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });

export const problem = (status: number, code: string, members = {}, headers: Record<string, string> = {}): Response =>
  json(status, { type: "about:blank", title: code, status, code, instance: "request-1", ...members }, headers);

export class FakeDirectory {
  /** Unix milliseconds. */
  now: number;
  readonly clients = new Map<string, FakeClient>();
  readonly seen: Seen[] = [];
  /** How often each package arrived, whatever became of it. */
  readonly arrivals = new Map<string, number>();
  readonly answers = new Map<string, { readonly body: unknown; readonly hash: string }>();
  readonly stock = { target: 6, cap: 12, low_watermark: 3 };
  readonly limits = { key_packages_per_request: 4, users_per_claim: 3 };
  ciphersuites: readonly number[] = [1];
  /** Off where thousands of packages are made and none is bad. */
  checksSignatures = true;
  trouble: (seen: Seen) => Trouble = () => undefined;

  constructor(now: number) {
    this.now = now;
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted();
    const { pathname, search } = new URL(url);
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : undefined;
    const seen = { method: init.method ?? "GET", path: pathname + search, headers: new Headers(init.headers), body };
    this.seen.push(seen);
    const trouble = this.trouble(seen);
    if (trouble === "request lost") throw new TypeError("fetch failed");
    if (trouble instanceof Response) return trouble;
    const response = await this.#answer(seen);
    if (trouble === "reply lost") throw new TypeError("fetch failed");
    response.headers.set("Date", new Date(this.now).toUTCString());
    return response;
  };

  /** Another directory in the same state. */
  clone(): FakeDirectory {
    const other = new FakeDirectory(this.now);
    Object.assign(other.stock, this.stock);
    Object.assign(other.limits, this.limits);
    other.checksSignatures = this.checksSignatures;
    for (const [name, { keys, live, gone }] of this.clients) {
      other.clients.set(name, { keys: { ...keys }, live: new Map(live), gone: new Map(gone) });
    }
    for (const [ref, count] of this.arrivals) other.arrivals.set(ref, count);
    return other;
  }

  client(user: string, client: string): FakeClient {
    const found = this.clients.get(`${user}/${client}`);
    if (!found) throw new Error(`${user}/${client} is not registered`);
    return found;
  }

  /** Takes a package as a claim of somebody else does. */
  take(user: string, client: string): { ref: string; lastResort: boolean } | undefined {
    const held = this.client(user, client);
    const entries = [...held.live].filter(([, { notAfter }]) => notAfter > this.now / 1000 + 3600);
    const entry = entries.find(([, { lastResort }]) => !lastResort) ?? entries[0];
    if (!entry) return undefined;
    const [ref, { lastResort }] = entry;
    if (!lastResort) this.#end(held, ref, "already_claimed");
    return { ref, lastResort };
  }

  async #answer({ method, path, headers, body }: Seen): Promise<Response> {
    const [route = ""] = path.split("?");
    const parts = route.split("/").slice(1).map(decodeURIComponent);
    if (route === "/v1/policy") return json(200, this.#policy());
    if (!headers.get("Authorization")?.startsWith("Bearer good")) return problem(401, "token_invalid");
    const key = headers.get("Idempotency-Key") ?? undefined;
    if (route === "/v1/claims") return this.#claimMany(body ?? {}, key);
    const [, , user = "", kind, client = "", rest] = parts;
    if (kind === "claims") return this.#claim(user, body ?? {}, key);
    const name = `${user}/${client}`;
    const known = this.clients.get(name);
    if (method === "PUT" && rest === undefined) return this.#register(name, body ?? {});
    if (!known) return problem(404, "client_not_registered");
    if (method === "DELETE" && rest === undefined) {
      this.clients.delete(name);
      return json(200, { user, client, purged: known.live.size });
    }
    if (rest === undefined) return json(200, this.#view(user, client, known));
    if (rest === "inventory") return json(200, { inventory: this.#inventory(known) });
    if (rest === "journal") return json(200, { entries: [], next: null });
    if (rest === "reconcile") return this.#reconcile(known, body ?? {});
    if (method === "POST") return this.#publish(known, body?.key_packages as string[]);
    const refs = body?.all === true ? [...known.live.keys()] : (body?.refs as string[]);
    const removed = refs.filter((ref) => known.live.has(ref));
    for (const ref of removed) this.#end(known, ref, "already_removed");
    return json(200, { removed: removed.length, inventory: this.#inventory(known) });
  }

  #register(name: string, body: Record<string, unknown>): Response {
    const keys = body.signature_keys as Record<string, string>;
    const [user = "", client = ""] = name.split("/");
    const known = this.clients.get(name);
    if (known) {
      for (const [scheme, value] of Object.entries(keys)) {
        if ((known.keys[scheme] ?? value) !== value) return problem(409, "signature_key_conflict");
        known.keys[scheme] = value;
      }
      return json(200, this.#view(user, client, known));
    }
    const created = { keys: { ...keys }, live: new Map(), gone: new Map() };
    this.clients.set(name, created);
    return json(201, this.#view(user, client, created));
  }

  async #publish(client: FakeClient, items: readonly string[]): Promise<Response> {
    if (items.length > this.limits.key_packages_per_request) return problem(422, "too_many_key_packages");
    const results: PublishResult[] = [];
    for (const [index, text] of items.entries()) {
      const code = await this.#store(client, text);
      results.push({ index, ok: code === "stored" || code === "duplicate", code });
    }
    return json(200, { results, inventory: this.#inventory(client) });
  }

  async #store(client: FakeClient, text: string): Promise<PublishResult["code"]> {
    const now = this.now / 1000;
    const decoded = KeyPackageIn.fromBytes(new Uint8Array(Buffer.from(text, "base64url")));
    if (!decoded.ok) return "malformed";
    const crypto = this.checksSignatures ? nobleCrypto : { ...nobleCrypto, verify: async () => true };
    const valid = await decoded.value.validate(crypto, 1, { now });
    if (!valid.ok) {
      if (valid.error.code !== "LifetimeError") return "invalid_signature";
      return valid.error.lifetime.code === "Expired" ? "lifetime_expired" : "lifetime_not_yet_valid";
    }
    const keyPackage = valid.value;
    const bare = Buffer.from(keyPackage.tlsSerialize());
    const ciphersuite = keyPackage.ciphersuite();
    const ref = Buffer.from((await makeKeyPackageRef(nobleCrypto, keyPackage.suite(), bare)).asSlice()).toString(
      "base64url",
    );
    this.arrivals.set(ref, (this.arrivals.get(ref) ?? 0) + 1);
    const signatureKey = Buffer.from(keyPackage.leafNode().signatureKey().asSlice()).toString("base64url");
    if (!Object.values(client.keys).includes(signatureKey)) return "signature_key_mismatch";
    if (client.live.has(ref)) return "duplicate";
    const gone = client.gone.get(ref);
    if (gone) return gone;
    const lastResort = keyPackage.lastResort();
    const same = [...client.live].filter(
      ([, live]) => live.ciphersuite === ciphersuite && live.lastResort === lastResort,
    );
    if (!lastResort && same.length >= this.stock.cap) return "stock_full";
    if (lastResort) for (const [other] of same) this.#end(client, other, "already_removed");
    const notAfter = Number(keyPackage.lifeTime().notAfter);
    client.live.set(ref, { text: bare.toString("base64url"), ciphersuite, lastResort, notAfter });
    return "stored";
  }

  #reconcile(client: FakeClient, body: Record<string, unknown>): Response {
    const refs = body.refs as string[];
    const digest = createHash("sha256");
    for (const ref of refs.map((text) => Buffer.from(text, "base64url")).sort(Buffer.compare)) digest.update(ref);
    if (digest.digest("base64url") !== body.digest) return problem(400, "invalid_request");
    const extra = [...client.live.keys()].filter((ref) => !refs.includes(ref));
    const missing = refs.filter((ref) => !client.live.has(ref));
    const pruned = body.prune === true ? extra : [];
    for (const ref of pruned) this.#end(client, ref, "already_removed");
    const comparison = {
      server_refs: [...client.live.keys()],
      missing_at_server: missing.map((ref) => ({
        key_package_ref: ref,
        reason: REASONS[client.gone.get(ref) ?? "unknown"],
      })),
      pruned: pruned.length,
      inventory: this.#inventory(client),
    };
    return json(200, { same: extra.length === pruned.length && missing.length === 0, ...comparison });
  }

  #claim(user: string, body: Record<string, unknown>, key: string | undefined): Response {
    const hash = JSON.stringify([[user], body]);
    const answered = key === undefined ? undefined : this.answers.get(`${key}/${user}`);
    if (answered && answered.hash !== hash) return problem(422, "idempotency_key_reused");
    if (answered) return json(200, answered.body, { "Idempotent-Replayed": "true" });
    const given = this.#give(user);
    if (!given) return problem(404, "unknown_user");
    if (key !== undefined) this.answers.set(`${key}/${user}`, { body: given, hash });
    return json(200, given);
  }

  #claimMany(body: Record<string, unknown>, key: string | undefined): Response {
    const users = body.users as string[];
    if (users.length > this.limits.users_per_claim) return problem(422, "too_many_users");
    const hash = JSON.stringify([users, body]);
    const answers = users.map((user) => {
      const answered = key === undefined ? undefined : this.answers.get(`${key}/${user}`);
      if (answered && answered.hash !== hash) return { user, status: "idempotency_key_reused", clients: [] };
      const given = answered?.body ?? this.#give(user) ?? { user, status: "unknown_user", clients: [] };
      if (key !== undefined) this.answers.set(`${key}/${user}`, { body: given, hash });
      return given;
    });
    return json(200, { users: answers });
  }

  #give(user: string): { user: string; status: string; clients: ClientClaim[] } | undefined {
    const names = [...this.clients.keys()].filter((name) => name.startsWith(`${user}/`));
    if (names.length === 0) return undefined;
    const clients = names.map((name): ClientClaim => {
      const client = name.slice(user.length + 1);
      const before = new Map(this.client(user, client).live);
      const taken = this.take(user, client);
      const live = taken && before.get(taken.ref);
      if (!taken || !live) return { client, status: "exhausted" };
      return {
        client,
        status: taken.lastResort ? "last_resort" : "claimed",
        key_package: live.text,
        key_package_ref: taken.ref,
        ciphersuite: live.ciphersuite,
        not_after: live.notAfter,
      };
    });
    return { user, status: clients.every(({ key_package }) => key_package) ? "ok" : "none", clients };
  }

  #end(client: FakeClient, ref: string, how: "already_claimed" | "already_removed"): void {
    client.live.delete(ref);
    client.gone.set(ref, how);
  }

  #view(user: string, client: string, { keys }: FakeClient): unknown {
    const inventory = this.#inventory(this.client(user, client));
    return { user, client, registered_at: 1, signature_keys: keys, inventory };
  }

  #inventory(client: FakeClient): Inventory {
    return this.ciphersuites.map((ciphersuite) => {
      const live = [...client.live.values()].filter((one) => one.ciphersuite === ciphersuite);
      const usable = live.filter(({ notAfter, lastResort }) => !lastResort && notAfter > this.now / 1000);
      return {
        ciphersuite,
        available: usable.length,
        last_resort: live.some(({ lastResort }) => lastResort)
          ? { stored_at: 1, first_used_at: null, uses: 0, needs_rotation: false }
          : null,
        next_expiry: usable.length === 0 ? null : Math.min(...usable.map(({ notAfter }) => notAfter)),
        target: this.stock.target,
        low_watermark: this.stock.low_watermark,
        needs_upload: usable.length < this.stock.low_watermark,
      };
    });
  }

  #policy(): Policy {
    const never = { pair: null, target_per_hour: null, misses_per_hour: null, unknown_users_per_hour: null };
    const uploads = { refusals_per_minute: null, uploads_per_day: null, user_uploads_per_day: null };
    return {
      protocol_versions: ["mls10"],
      ciphersuite_profile: "rfc9420",
      ciphersuites: [...this.ciphersuites],
      ciphersuite_algorithms: [],
      ciphersuites_left_out: [],
      credential_types: [1],
      credential_identity: "{user}",
      limits: {
        ...this.limits,
        key_package_bytes: 16_384,
        body_bytes: 1_000_000,
        refs_per_request: 1_000,
        identifier_bytes: 256,
        clients_per_user: 16,
      },
      lifetime: {
        max_total_seconds: 90 * 86_400,
        upload_clock_skew_seconds: 300,
        min_remaining_at_claim_seconds: 3_600,
      },
      stock: this.stock,
      budgets: { ...never, ...uploads, registrations_per_hour: null },
      retention: { replay_seconds: 86_400, journal_seconds: 86_400 },
    };
  }
}

/** Why a package is missing, by what an upload of it would be answered. */
const REASONS = { already_claimed: "claimed", already_removed: "removed", unknown: "never_seen" } as const;
