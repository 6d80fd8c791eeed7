/** The real wrangler, against a stand-in for the platform's API: a database without an id in wrangler.toml is found by name. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { runWrangler } from "../../../tools/lib/deploy/wrangler.ts";

const NAME = "mls-key-directory-staging";
const UUID = "11111111-1111-1111-1111-111111111111";
const DATABASES = "/accounts/account/d1/database";

let home: string;
let server: Server;
const asked: string[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "kpd-home-"));
  server = createServer((request, response) => {
    void answer(request).then((body) => response.setHeader("content-type", "application/json").end(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_CONFIG_HOME", home);
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "token");
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "account");
});

afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
  rmSync(home, { recursive: true, force: true });
});

/** An account without a database until one is made, in which each query succeeds and finds nothing. */
async function answer(request: IncomingMessage): Promise<string> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  const sent = await text(request);
  asked.push([request.method, path, ...(sent.match(/CREATE TABLE (?:IF NOT EXISTS )?\S+/) ?? [])].join(" "));
  const of = (result: unknown) => JSON.stringify({ success: true, errors: [], messages: [], result });
  if (path.endsWith("/query")) return of([{ results: [], success: true, meta: {} }]);
  if (request.method === "GET" && path === DATABASES) return of([]);
  return of({ uuid: UUID, name: NAME });
}

it("is made, found and migrated by its name, and leaves wrangler.toml as it is", async () => {
  const before = readFileSync("wrangler.toml", "utf8");
  const list = await runWrangler(["d1", "list", "--json"]);
  expect([list.code, JSON.parse(list.stdout)]).toEqual([0, []]);
  expect(await runWrangler(["d1", "create", NAME, "--update-config=false"])).toMatchObject({ code: 0 });
  const applied = await runWrangler(["d1", "migrations", "apply", "DB", "--remote", "--env", "staging"]);
  expect(applied).toMatchObject({ code: 0 });
  expect(applied.stdout).toContain("0001_initial.sql");
  expect(asked).toContain(`POST ${DATABASES}`);
  expect(asked).toContain(`GET ${DATABASES}/${NAME}`);
  const queries = asked.filter((line) => line.startsWith(`POST ${DATABASES}/${UUID}/query`));
  expect(queries.some((line) => line.includes("CREATE TABLE clients"))).toBe(true);
  expect(readFileSync("wrangler.toml", "utf8")).toBe(before);
});
