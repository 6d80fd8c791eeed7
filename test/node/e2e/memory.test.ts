/**
 * The worst requests and answers in the memory that an isolate has. V8 of the started directory is given a heap of 128 MB
 * for Worker and pools together, and ends the process beyond it: that it goes on is what these tests show. The first
 * one shows that the bound is one.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LIST_BODY_BYTES, MOST_BODY_BYTES } from "../../../src/config/limits.ts";
import { startWorker } from "../../../tools/lib/local-worker.ts";
import { NO_BUDGETS } from "../../../tools/lib/no-budgets.ts";
import { descendants } from "../../../tools/lib/process-tree.ts";
import { localRegistration } from "../../../tools/lib/registration-requests.ts";
import { newSigner, type SampleSigner } from "../../../tools/lib/sample-packages.ts";
import { forge } from "../../support/forge.ts";
import { call } from "../support/publisher-and-claimer.ts";
import { type Server, startServer } from "../support/started-directory.ts";

const HEAP_MB = 128;
const MIB = 1024 * 1024;
const SETTINGS = {
  MINIFLARE_WORKERD_V8_FLAGS: `--max-old-space-size=${HEAP_MB}`,
  // Room for the largest bodies: what a route has no use for is refused all the same.
  MAX_BODY_BYTES: String(100 * MIB),
  MAX_KEY_PACKAGE_BYTES: "65536",
  CREDENTIAL_IDENTITY: "*",
};
const AT_ONCE = 4;
const ROUNDS = 2;
/** More than fit into one answer. */
const RICH_USERS = 18;
const CLIENTS = 64;

let state: string;
let server: Server;
let processes: readonly number[];
let publish: string;
let claim: string;

const pathOf = (user: string, client: string) => `/v1/users/${user}/clients/${client}`;

async function register(user: string, client: string) {
  const token = await server.token(user, client, "key-packages:publish");
  // A key belongs to one client of a user.
  const own = await newSigner();
  const body = await localRegistration(user, client, own);
  expect((await call(server, "PUT", pathOf(user, client), token, body)).status).toBe(201);
  return { token, signer: own };
}

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), "kpd-memory-"));
  server = await startServer(state, { ...NO_BUDGETS, ...SETTINGS });
  publish = (await register("mallory", "phone")).token;
  claim = await server.token("bob", "laptop", "key-packages:claim");
  processes = descendants(server.process.pid);
});

afterAll(async () => {
  await server?.kill();
  rmSync(state, { recursive: true, force: true });
});

type Answer = { readonly status: number; readonly code: string | undefined };

/** Of the problem, or of what became of the only package. */
function codeOf(text: string): string | undefined {
  const { code, results } = JSON.parse(text) as {
    readonly code?: string;
    readonly results?: { readonly code: string }[];
  };
  return code ?? results?.[0]?.code;
}

async function send(method: string, path: string, body: BodyInit, token: string, type = "application/json") {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": type };
  const response = await fetch(server.address + path, { method, headers, body });
  return { status: response.status, code: codeOf(await response.text()) };
}

/** Announces a body of 100 MB, of which only the beginning comes. */
async function announce(path: string, token: string): Promise<Answer> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const sending = request(server.address + path, {
    method: "POST",
    headers: { ...headers, "Content-Length": String(100 * MIB) },
  });
  const answered = once(sending, "response") as Promise<[IncomingMessage]>;
  sending.write('{"key_packages":[0');
  const [response] = await answered;
  const text = await Array.fromAsync(response.setEncoding("utf8") as AsyncIterable<string>);
  // The body will never be whole.
  sending.on("error", () => undefined).destroy();
  return { status: response.statusCode ?? 0, code: codeOf(text.join("")) };
}

/** A list of one text, as long as a body of so many bytes can hold it. */
const listOf = (text: string, bytes: number) => `[${`${text},`.repeat((bytes - 200) / (text.length + 1) - 1)}${text}]`;
const phone = pathOf("mallory", "phone");

/** Messages of as few bytes as one can have, as many as a body can hold. */
function leastMessages() {
  const least = Uint8Array.from([0, 1, 0, 5, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
  const all = new Uint8Array(least.length * Math.floor(MIB / least.length));
  for (let at = 0; at < all.length; at += least.length) all.set(least, at);
  return all;
}

type Body = readonly [what: string, code: RegExp, ask: () => Promise<Answer>];

/** Whatever is counted first. */
const TOO_MANY = /^too_many_(values|key_packages|refs|users)$/;

const LISTS = [
  ["POST", `${phone}/key-packages`, "key_packages", MIB, () => publish],
  ["PUT", `${phone}/key-packages`, "key_packages", MIB, () => publish],
  ["DELETE", `${phone}/key-packages`, "refs", LIST_BODY_BYTES, () => publish],
  ["POST", `${phone}/reconcile`, "refs", LIST_BODY_BYTES, () => publish],
  ["POST", "/v1/claims", "users", LIST_BODY_BYTES, () => claim],
  ["POST", "/v1/users/alice/claims", "exclude_clients", LIST_BODY_BYTES, () => claim],
  ["POST", "/v1/users/alice/claims", "ciphersuites", LIST_BODY_BYTES, () => claim],
] as const;

const BODIES: readonly Body[] = [
  ...["0", '""', "[]", "{}", "null", '"AAAA"'].flatMap((text) =>
    LISTS.map(
      ([method, path, member, bytes, token]): Body => [
        `${method} ${path} with a list of ${text} in ${member}`,
        TOO_MANY,
        () => send(method, path, `{"${member}":${listOf(text, bytes)}}`, token()),
      ],
    ),
  ),
  [
    "nesting",
    /^invalid_json$|^invalid_request$|^too_many_values$/,
    () => send("POST", "/v1/claims", "[".repeat(LIST_BODY_BYTES), claim),
  ],
  [
    "many members",
    TOO_MANY,
    () => send("POST", "/v1/claims", `{${'"a":0,'.repeat(LIST_BODY_BYTES / 6 - 2)}"a":0}`, claim),
  ],
  [
    "a long name",
    /^invalid_request$/,
    () => send("POST", "/v1/claims", `{"${"a".repeat(LIST_BODY_BYTES - 100)}":0}`, claim),
  ],
  [
    "a long text that is not base64",
    /^invalid_base64$/,
    () => send("POST", `${phone}/key-packages`, `{"key_packages":["${"+".repeat(MIB - 100)}"]}`, publish),
  ],
  [
    "a text of letters as long as a body may be",
    /^too_large$/,
    () => send("POST", `${phone}/key-packages`, `{"key_packages":["${"A".repeat(MOST_BODY_BYTES - 100)}"]}`, publish),
  ],
  [
    "a long text in another script",
    /^invalid_base64$/,
    () => send("POST", `${phone}/key-packages`, `{"key_packages":["${"\u0416".repeat(MIB / 2 - 100)}"]}`, publish),
  ],
  ["space", /^invalid_json$/, () => send("POST", "/v1/claims", " ".repeat(LIST_BODY_BYTES), claim)],
  [
    "a list of two thousand wrong elements, which is parsed",
    /^invalid_request$/,
    () => send("POST", `${phone}/reconcile`, `{"digest":"","refs":[${"{},".repeat(2_000)}{}]}`, publish),
  ],
  [
    "messages of no more than their structure",
    /^too_many_key_packages$/,
    () => send("POST", `${phone}/key-packages`, leastMessages(), publish, "message/mls"),
  ],
  ["an announced body of 100 MB", /^body_too_large$/, () => announce(`${phone}/key-packages`, publish)],
];

/** A Worker that keeps as many MB as it is asked for, in small objects. */
const KEEPER = `export default { fetch(request) {
  const objects = Number(new URL(request.url).pathname.slice(1)) * 2 ** 20 / 64;
  const kept = [];
  for (let index = 0; index < objects; index++) kept.push({ index, half: index / 2, next: [index] });
  return new Response(String(kept.length));
} }`;

/** The process that the heap belongs to is the one that was started: one that V8 ended would have been replaced. */
const expectAlive = () => expect(descendants(server.process.pid)).toEqual(processes);

describe("in a heap of 128 MB", () => {
  it("a Worker that keeps more is ended", async () => {
    vi.stubEnv("MINIFLARE_WORKERD_V8_FLAGS", SETTINGS.MINIFLARE_WORKERD_V8_FLAGS);
    const deployment = {
      name: "keeper",
      compatibilityDate: "2025-01-01",
      compatibilityFlags: [],
      objects: {},
      databases: {},
      workerFirst: [],
      notFound: "none" as const,
      migrations: [],
    };
    const keeper = await startWorker({ deployment, script: KEEPER, variables: {} });
    vi.unstubAllEnvs();
    try {
      expect((await fetch(`${keeper.address}/32`)).status).toBe(200);
      await expect(fetch(`${keeper.address}/512`).then((response) => response.text())).rejects.toThrow();
    } finally {
      await keeper.kill();
    }
  });

  it.each(BODIES)("%s is answered with %s, several at once, again and again", async (_, code, ask) => {
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, ask));
      for (const answer of answers) {
        expect(answer.code).toMatch(code);
        expect(answer.status).toBeLessThan(500);
      }
    }
    expectAlive();
  });

  it("the largest packages of as many clients as a user may have are uploaded, looked at and claimed", async () => {
    const users = Array.from({ length: RICH_USERS }, (_, index) => `rich-${index}`);
    const clients = Array.from({ length: CLIENTS }, (_, index) => `client-${index}`);
    const now = BigInt(Math.floor(Date.now() / 1000));
    const life = { notBefore: now - 60n, notAfter: now + 86_400n };
    const largest = ({ publicKey, signKey }: SampleSigner) =>
      forge({
        signer: { publicKey: new Uint8Array(publicKey), secretKey: new Uint8Array(signKey) },
        ...life,
        credential: new Uint8Array(15_900),
        lastResort: true,
      });
    for (const user of users) {
      await Promise.all(
        clients.map(async (client) => {
          const { token, signer } = await register(user, client);
          const body = JSON.stringify({ key_packages: [Buffer.from(largest(signer)).toString("base64url")] });
          const { status } = await send("POST", `${pathOf(user, client)}/key-packages`, body, token);
          expect(status).toBe(200);
        }),
      );
    }
    type Bulk = { users: { status: string; code?: string; clients: { key_package: string }[] }[] };
    for (let round = 0; round < ROUNDS; round++) {
      const key = { "Idempotency-Key": "again" };
      const { status, body } = await call<Bulk>(server, "POST", "/v1/claims", claim, { users }, key);
      expect(status).toBe(200);
      const given = body.users.filter((user) => user.status === "ok");
      expect(given.length).toBeGreaterThan(8);
      expect(given.every((user) => user.clients.length === CLIENTS)).toBe(true);
      const deferred = body.users.flatMap(({ code }) => code ?? []);
      expect(deferred.length).toBeGreaterThan(0);
      expect(deferred).toEqual(Array(RICH_USERS - given.length).fill("answer_too_large"));
      const looks = await Promise.all(
        users.map((user) => call<{ clients: object[] }>(server, "GET", `/v1/users/${user}/clients`, claim)),
      );
      expect(looks.map((look) => look.body.clients.length)).toEqual(users.map(() => CLIENTS));
    }
    expectAlive();
  });
});
