/** Adders: they claim from one user or several, mostly under a key, repeat lost calls, and ask again what they know. */
import { randomUUID } from "node:crypto";
import type { ClaimedBy, UserAnswer } from "../history.ts";
import { call, isStopping, note, orders, pause, pick, random, refOfPackage, spanOf } from "./caller.ts";

const KEYED_SHARE = 0.9;
const REPEATED_SHARE = 0.12;
const BULK_SHARE = 0.15;
const REMEMBERED = 50;

type Client = { client: string; status: string; key_package?: string; key_package_ref?: string };
type User = { user: string; status: string; clients: Client[] };
type Wanted = { readonly users: readonly string[]; readonly key: string | undefined };

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
      { ciphersuites: [1], ...(bulk ? { users: wanted.users } : {}) },
      { repeat: wanted.key !== undefined, idempotencyKey: wanted.key },
    );
    note({
      kind: "claim",
      caller,
      idempotencyKey: wanted.key,
      users: called.reply?.status === 200 ? usersOf(called.reply.body, bulk) : [],
      ...spanOf(called),
    });
    if (wanted.key && !old) earlier.push(wanted);
    if (earlier.length > REMEMBERED) earlier.shift();
  }
}

function fresh(): Wanted {
  const users = random() < BULK_SHARE ? [...new Set([pick(orders.users), pick(orders.users)])] : [pick(orders.users)];
  return { users, key: random() < KEYED_SHARE ? randomUUID() : undefined };
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
        ...(client.key_package ? { bytesRef: refOfPackage(Buffer.from(client.key_package, "base64url")) } : {}),
      }),
    ),
  }));
}

await Promise.all(Array.from({ length: orders.loops }, (_, index) => claim(`adder-${orders.name}/device-${index}`)));
