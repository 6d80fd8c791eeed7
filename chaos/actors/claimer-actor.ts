/** Claimers: they claim from one user or several, mostly under a key, repeat lost calls, and ask again what they know. */
import { randomUUID } from "node:crypto";
import type { ClaimedBy, Criteria, UserAnswer } from "../history.ts";
import { call, isStopping, note, orders, pause, pick, random, refOfPackage, spanOf } from "./caller-actor.ts";

const KEYED_SHARE = 0.9;
const REPEATED_SHARE = 0.12;
const BULK_SHARE = 0.15;
const REMEMBERED = 50;

const CIPHERSUITES = [[1], [3], [3, 1]] as const;
const REQUIRED_EXTENSION = 0xf001;
const REQUIRING_SHARE = 0.15;
const NO_LAST_RESORT_SHARE = 0.15;
const EXCLUDING_SHARE = 0.1;

type Client = {
  client: string;
  status: string;
  key_package?: string;
  key_package_ref?: string;
  ciphersuite?: number;
  not_after?: number;
};
type User = { user: string; status: string; clients: Client[] };
type Wanted = {
  readonly users: readonly string[];
  readonly key: string | undefined;
  readonly criteria: Criteria;
};

async function claim(caller: string): Promise<void> {
  const earlier: Wanted[] = [];
  while (!isStopping()) {
    await pause(orders.pauseMs * (0.5 + random()));
    const old = random() < REPEATED_SHARE ? earlier[Math.floor(random() * earlier.length)] : undefined;
    const wanted = old ?? fresh();
    const [first = ""] = wanted.users;
    const bulk = wanted.users.length > 1;
    const called = await call(
      caller,
      "POST",
      bulk ? "/v1/claims" : `/v1/users/${first}/claims`,
      { ...bodyOf(wanted.criteria), ...(bulk ? { users: wanted.users } : {}) },
      { repeat: wanted.key !== undefined, idempotencyKey: wanted.key },
    );
    note({
      kind: "claim",
      caller,
      idempotencyKey: wanted.key,
      criteria: wanted.criteria,
      asked: wanted.users,
      users: called.reply?.status === 200 ? usersOf(called.reply.body, bulk) : [],
      ...spanOf(called),
    });
    if (wanted.key && !old) earlier.push(wanted);
    if (earlier.length > REMEMBERED) earlier.shift();
  }
}

function fresh(): Wanted {
  const users = random() < BULK_SHARE ? [...new Set([pick(orders.users), pick(orders.users)])] : [pick(orders.users)];
  const criteria: Criteria = {
    ciphersuites: pick(CIPHERSUITES),
    extensions: random() < REQUIRING_SHARE ? [REQUIRED_EXTENSION] : [],
    allowLastResort: random() >= NO_LAST_RESORT_SHARE,
    excludeClients: random() < EXCLUDING_SHARE ? ["tablet"] : [],
  };
  return { users, key: random() < KEYED_SHARE ? randomUUID() : undefined, criteria };
}

/** Says only what differs from what is meant without it. */
function bodyOf({ ciphersuites, extensions, allowLastResort, excludeClients }: Criteria) {
  return {
    ciphersuites,
    ...(extensions.length > 0 ? { required_capabilities: { extensions } } : {}),
    ...(allowLastResort ? {} : { allow_last_resort: false }),
    ...(excludeClients.length > 0 ? { exclude_clients: excludeClients } : {}),
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
        ...(client.key_package_ref ? { ref: client.key_package_ref } : {}),
        ...(client.ciphersuite === undefined ? {} : { ciphersuite: client.ciphersuite }),
        ...(client.not_after === undefined ? {} : { notAfter: client.not_after }),
        ...(client.key_package ? { bytesRef: refOfPackage(Buffer.from(client.key_package, "base64url")) } : {}),
      }),
    ),
  }));
}

await Promise.all(Array.from({ length: orders.loops }, (_, index) => claim(`claimer-${orders.name}/device-${index}`)));
