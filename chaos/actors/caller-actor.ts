/** What every actor shares: its orders, calls that are repeated until they are answered, and its part of the history. */
import { createHash } from "node:crypto";
import { openSync, writeSync } from "node:fs";
import { seededRandom } from "../../tools/lib/random.ts";
import type { Operation } from "../history.ts";

/** A client and how its publisher behaves: a cooperative one ends packages one by one only, a destructive one also all at once. */
export type Owner = {
  readonly user: string;
  readonly client: string;
  readonly cooperative: boolean;
  /** Another client of the user, to which it now and then offers its packages as if they were that one's. */
  readonly sibling: string | undefined;
};

/** What an owner hands to claimers. The secret is in base64url. */
export type HandedCapability = { readonly user: string; readonly name: string; readonly secret: string };

/** In base64url. */
export type SharedSigner = { readonly signKey: string; readonly publicKey: string };

export type ActorOrders = {
  readonly name: string;
  readonly address: string;
  /** File that takes one line of JSON for each operation. */
  readonly history: string;
  /** File of all actors with a line of JSON for each claim capability that was made: owners write, claimers read. */
  readonly capabilities: string;
  /** Seeds the choices of the actor; what the machine makes of them is not repeatable. */
  readonly seed: number;
  /** Tokens by `user/client`. */
  readonly tokens: Readonly<Record<string, string>>;
  /** All users whom claimers and the operator may ask for. */
  readonly users: readonly string[];
  /** By `user/client`: a key belongs to one client. */
  readonly signers: Readonly<Record<string, SharedSigner>>;
  /** Whom a publisher acts for. */
  readonly owners: readonly Owner[];
  /** For so long after its start the operator may do what later would void or heal what the rules judge. */
  readonly earlyMs: number;
  /** Claimers claim in this many loops at once, each as a caller of its own. */
  readonly loops: number;
  /** Pause between two operations of one loop, in milliseconds: bounds the rate. */
  readonly pauseMs: number;
};

export type Reply = { readonly status: number; readonly body: unknown };

/** The end of a call: what came, if anything, and when. */
export type Called = {
  readonly sentMs: number;
  readonly endedMs: number;
  readonly tries: number;
  readonly reply: Reply | undefined;
};

const TRY_TIMEOUT_MS = 20_000;
const RETRY_PAUSE_MS = 50;
const MAX_RETRY_PAUSE_MS = 500;
const GIVE_UP_MS = 120_000;

export const orders = JSON.parse(process.argv[2] ?? "{}") as ActorOrders;

let stopping = false;
process.on("SIGTERM", () => {
  stopping = true;
});
export const isStopping = (): boolean => stopping;

const file = openSync(orders.history, "a");
let serial = 0;

/** Distributes over the members of the union, so that each kind keeps its own fields. */
type Unnumbered = Operation extends infer Kind ? (Kind extends Operation ? Omit<Kind, "id"> : never) : never;

/** Appends an operation to the history: what is written survives the end of this process. */
export function note(operation: Unnumbered): void {
  serial += 1;
  writeSync(file, `${JSON.stringify({ id: `${orders.name}#${serial}`, ...operation })}\n`);
}

/** The span of an operation as the history wants it. */
export const spanOf = ({ sentMs, endedMs, tries, reply }: Called) => ({
  sentMs,
  endedMs,
  tries,
  status: reply?.status,
});

type CallOptions = {
  readonly idempotencyKey?: string | undefined;
  /** In place of the token of `as`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
};

/**
 * Makes a call. `repeat`: until an answer comes that is not 503; otherwise once, and a broken connection is an end
 * of which nothing is known.
 */
export async function call(
  as: string,
  method: string,
  path: string,
  body: unknown,
  options: CallOptions & { readonly repeat: boolean },
): Promise<Called> {
  const sentMs = Date.now();
  for (let tries = 1; ; tries++) {
    const reply = await once(as, method, path, body, options);
    const endedMs = Date.now();
    const final = reply !== undefined && reply.status !== 503;
    if (final || !options.repeat || endedMs - sentMs > GIVE_UP_MS) return { sentMs, endedMs, tries, reply };
    await pause(Math.min(MAX_RETRY_PAUSE_MS, RETRY_PAUSE_MS * 2 ** Math.min(tries, 5)) * (0.5 + random() / 2));
  }
}

async function once(
  as: string,
  method: string,
  path: string,
  body: unknown,
  { idempotencyKey, headers }: CallOptions,
): Promise<Reply | undefined> {
  try {
    const response = await fetch(orders.address + path, {
      method,
      headers: {
        ...(headers ?? { authorization: `Bearer ${orders.tokens[as]}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotencyKey ? { "idempotency-key": idempotencyKey } : {}),
        ...(path.startsWith("/v1/admin/") ? { "operator-reason": "chaos" } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TRY_TIMEOUT_MS),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    // Refused, reset or cut short: the server is being killed or started.
    return undefined;
  }
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export const { fraction: random, pick } = seededRandom(orders.seed);

/** KeyPackageRef of suites 1 and 3, whose hash is SHA-256 (RFC 9420 §5.2) in base64url, computed apart from the project's own code. */
export function refOfPackage(keyPackage: Uint8Array): string {
  const label = Buffer.from("MLS 1.0 KeyPackage Reference");
  return createHash("sha256")
    .update(Buffer.concat([vectorLength(label.length), label, vectorLength(keyPackage.length), keyPackage]))
    .digest("base64url");
}

/** Length of a variable-size vector, RFC 9420 §2.1.2. */
function vectorLength(length: number): Uint8Array {
  if (length < 64) return Uint8Array.of(length);
  if (length < 16_384) return Uint8Array.of(0x40 | (length >> 8), length & 0xff);
  throw new Error(`no package of the histories has ${length} bytes`);
}
