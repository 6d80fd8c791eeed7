/**
 * Claimers: they claim from one user or several, mostly under a key, repeat lost calls, and ask again what they know. Some
 * want bundles, some come with a claim capability in place of a token, and some ask later whose the packages are.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { type ClaimedBy, type Criteria, callerOf, type GivenPackage, type UserAnswer } from "../history.ts";
import {
  call,
  type HandedCapability,
  isStopping,
  note,
  orders,
  pause,
  pick,
  random,
  refOfPackage,
  spanOf,
} from "./caller-actor.ts";

const KEYED_SHARE = 0.9;
const REPEATED_SHARE = 0.12;
const BULK_SHARE = 0.15;
const REMEMBERED = 50;
const ROUTES_SHARE = 0.3;
const ROUTES_ASKED = 40;

const CIPHERSUITES = [[1], [3], [3, 1]] as const;
/** Both of the same groups, so that every claim of such a caller is written down as a pair. */
const BUNDLES = [
  [[1], [3]],
  [[3], [1]],
] as const;
const REQUIRED_EXTENSION = 0xf001;
const REQUIRING_SHARE = 0.15;
const NO_LAST_RESORT_SHARE = 0.15;
const EXCLUDING_SHARE = 0.1;

/** Capabilities that were made last, of all users: older ones are over, as a rule. */
const NEWEST_CAPABILITIES = 40;

/** Each loop has one of them, in turn. */
const HABITS = ["ordinary", "bundles", "capabilities", "routes", "ordinary", "ordinary"] as const;
type Habit = (typeof HABITS)[number];

type Package = {
  key_package?: string;
  key_package_ref?: string;
  ciphersuite?: number;
  not_after?: number;
  receipt?: string;
};
type Client = Package & { client: string; status: string; packages?: Package[] };
type User = { user: string; status: string; clients: Client[] };
type Wanted = {
  readonly users: readonly string[];
  readonly key: string | undefined;
  readonly criteria: Criteria;
  readonly routed: boolean;
  readonly capability: HandedCapability | undefined;
};

async function claim(device: string, habit: Habit): Promise<void> {
  const earlier: Wanted[] = [];
  const routed: string[] = [];
  while (!isStopping()) {
    await pause(orders.pauseMs * (0.5 + random()));
    const old = random() < REPEATED_SHARE ? earlier[Math.floor(random() * earlier.length)] : undefined;
    const wanted = old ?? fresh(habit);
    if (!wanted) continue;
    const { users, key, criteria, capability } = wanted;
    const [first = ""] = users;
    const bulk = users.length > 1;
    const called = await call(
      device,
      "POST",
      bulk ? "/v1/claims" : `/v1/users/${first}/claims`,
      { ...bodyOf(wanted), ...(bulk ? { users } : {}) },
      { repeat: key !== undefined, idempotencyKey: key, headers: capability && presenting(capability) },
    );
    const answered = called.reply?.status === 200 ? usersOf(called.reply.body, bulk) : [];
    note({
      kind: "claim",
      caller: capability ? callerOf(capability.user, capability.name) : device,
      capability: capability?.name,
      routed: wanted.routed,
      idempotencyKey: key,
      criteria,
      asked: users,
      users: answered,
      ...spanOf(called),
    });
    if (key && !old) earlier.push(wanted);
    if (earlier.length > REMEMBERED) earlier.shift();
    if (habit !== "routes") continue;
    routed.push(
      ...answered.flatMap(({ clients }) => clients.flatMap(({ packages }) => packages.map(({ ref }) => ref))),
    );
    if (routed.length > 0 && random() < ROUTES_SHARE) await findRoutes(routed);
  }
}

/** Of the newest, and of some that may be over by now. */
async function findRoutes(routed: readonly string[]): Promise<void> {
  const refs = [...new Set([...routed.slice(-ROUTES_ASKED / 2), ...routed.slice(0, ROUTES_ASKED / 2)])];
  const called = await call("delivery/service", "POST", "/v1/routes", { key_package_refs: refs }, { repeat: true });
  const { routes = [] } = (called.reply?.body ?? {}) as {
    routes?: { key_package_ref: string; user: string; client: string; not_after: number }[];
  };
  const found = routes.map(({ key_package_ref: ref, user, client, not_after: notAfter }) => {
    return { ref, user, client, notAfter };
  });
  note({ kind: "find_routes", refs, found, ...spanOf(called) });
}

/** Undefined while there is no capability to claim with. */
function fresh(habit: Habit): Wanted | undefined {
  const capability = habit === "capabilities" ? pickCapability() : undefined;
  if (habit === "capabilities" && !capability) return undefined;
  const isBulk = !capability && random() < BULK_SHARE;
  const users = isBulk
    ? [...new Set([pick(orders.users), pick(orders.users)])]
    : [capability?.user ?? pick(orders.users)];
  const criteria: Criteria = {
    groups: habit === "bundles" ? pick(BUNDLES) : [pick(CIPHERSUITES)],
    extensions: random() < REQUIRING_SHARE ? [REQUIRED_EXTENSION] : [],
    allowLastResort: random() >= NO_LAST_RESORT_SHARE,
    excludeClients: random() < EXCLUDING_SHARE ? ["tablet"] : [],
  };
  const routed = habit === "routes";
  // A route is kept only under a key.
  return { users, key: routed || random() < KEYED_SHARE ? randomUUID() : undefined, criteria, routed, capability };
}

function pickCapability(): HandedCapability | undefined {
  if (!existsSync(orders.capabilities)) return undefined;
  const lines = readFileSync(orders.capabilities, "utf8").split("\n");
  // The last one may be in the middle of being written.
  const newest = lines.slice(0, -1).slice(-NEWEST_CAPABILITIES);
  return newest.length > 0 ? (JSON.parse(pick(newest)) as HandedCapability) : undefined;
}

/** From an address of its own: refusals are counted by the address, and many of these claims are refused. */
const presenting = ({ secret }: HandedCapability): Readonly<Record<string, string>> => ({
  authorization: `Capability ${secret}`,
  "cf-connecting-ip": `10.${[1, 2, 3].map(() => Math.floor(random() * 256)).join(".")}`,
});

/** Says only what differs from what is meant without it. */
function bodyOf({ criteria: { groups, extensions, allowLastResort, excludeClients }, routed }: Wanted) {
  return {
    ...(groups.length > 1 ? { bundle: groups } : { ciphersuites: groups[0] }),
    ...(extensions.length > 0 ? { required_capabilities: { extensions } } : {}),
    ...(allowLastResort ? {} : { allow_last_resort: false }),
    ...(excludeClients.length > 0 ? { exclude_clients: excludeClients } : {}),
    ...(routed ? { route: true } : {}),
  };
}

function usersOf(body: unknown, bulk: boolean): UserAnswer[] {
  const users = bulk ? (body as { users: User[] }).users : [body as User];
  return users.map(({ user, status, clients }) => ({
    user,
    status,
    clients: clients.map(
      (client): ClaimedBy => ({
        client: client.client,
        status: client.status,
        packages: (client.packages ?? [client]).flatMap(packageOf),
      }),
    ),
  }));
}

/** None of a client that gave none. */
function packageOf({
  key_package,
  key_package_ref: ref,
  ciphersuite = 0,
  not_after = 0,
  receipt,
}: Package): GivenPackage[] {
  if (ref === undefined) return [];
  return [
    {
      ref,
      bytesRef: refOfPackage(Buffer.from(key_package ?? "", "base64url")),
      ciphersuite,
      notAfter: not_after,
      receipt: receipt === undefined ? undefined : receiptOf(receipt),
    },
  ];
}

/** The text as its digest: a history would be twice as long with it. */
function receiptOf(text: string): GivenPackage["receipt"] {
  const [, payload = ""] = text.split(".");
  const { key_package_ref: ref } = JSON.parse(Buffer.from(payload, "base64url").toString()) as {
    key_package_ref: string;
  };
  return { text: createHash("sha256").update(text).digest("base64url"), ref };
}

await Promise.all(
  Array.from({ length: orders.loops }, (_, index) =>
    claim(`claimer-${orders.name}/device-${index}`, HABITS[index % HABITS.length] ?? "ordinary"),
  ),
);
