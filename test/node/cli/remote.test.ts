/** The commands that call a directory, on one that was started as a user starts it. */
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADVICE } from "../../../src/cli/advice.ts";
import { tellDemo } from "../../../src/cli/demo-story.ts";
import { DirectoryClient } from "../../../src/cli/remote/directory-client.ts";
import { batches } from "../../../src/cli/remote/publication.ts";
import { SCOPE_OF } from "../../../src/config/scopes.ts";
import { PROBLEMS } from "../../../src/http/refusals/problem-codes.ts";
import { freePort, type Server, startServer } from "../support/started-directory.ts";
import { kpd } from "./support/kpd.ts";

let folder: string;
let state: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kpd-remote-"));
  state = join(folder, "state");
  server = await startServer(state, { CLAIM_CAPABILITIES: "on" });
});

afterAll(async () => {
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const remote = (args: readonly string[], stdin?: string) =>
  kpd([...args, "--state", state], stdin === undefined ? {} : { stdin });
const json = async (args: readonly string[]) => {
  const { status, out } = await remote([...args, "--json"]);
  return { status, body: JSON.parse(out) };
};

/** A client with packages in its key file and as lines, not yet registered. */
async function device(user: string, client = "phone", count = 3) {
  const keys = join(folder, `${user}-${client}.json`);
  const more = ["--count", String(count), "--last-resort"];
  const made = await kpd(["generate", "--identity", user, "--keys", keys, ...more]);
  expect(made.status).toBe(0);
  const who = ["--user", user, "--client", client];
  return { keys, lines: made.out, who, register: () => remote(["register", ...who, "--keys", keys]) };
}

describe("register, publish and inventory", () => {
  it("register a client once, publish, and show the stock", async () => {
    const { who, lines, register } = await device("anna");
    expect(await register()).toEqual({ status: 0, out: "anna/phone is registered\n", err: "" });
    expect(await register()).toEqual({ status: 0, out: "anna/phone was registered already\n", err: "" });
    const { status, out } = await remote(["publish", ...who], `${lines}\nnonsense\n`);
    expect(status).toBe(1);
    expect(out).toMatch(/^stored +4$/m);
    expect(out).toMatch(/^ +1 +3 +100 +yes +\d{4}-\d\d-\d\dT/m);
    expect(await json(["inventory", ...who])).toMatchObject({
      status: 0,
      body: {
        inventory: expect.arrayContaining([
          expect.objectContaining({ ciphersuite: 1, available: 3, last_resort: expect.objectContaining({ uses: 0 }) }),
        ]),
      },
    });
    expect((await remote(["inventory", ...who])).out).toMatch(/^CIPHERSUITE +AVAILABLE/);
  });

  it("name each package that was refused, by where it was", async () => {
    const { who, lines, register } = await device("bert");
    const other = await device("someone-else", "phone", 1);
    await register();
    const first = lines.split("\n")[0] ?? "";
    const file = join(folder, "mixed.txt");
    writeFileSync(file, `${first}\n\n${other.lines.split("\n")[0]}\n`);
    const { status, out } = await remote(["publish", ...who, file]);
    expect(status).toBe(1);
    expect(out).toMatch(/mixed\.txt, line 3 +signature_key_mismatch|mixed\.txt, line 3 +credential_identity_mismatch/);
    const replaced = await remote(["publish", ...who, "--replace", file]);
    expect(replaced.status).toBe(1);
    expect(replaced.out).toContain("nothing was changed");
    writeFileSync(file, lines);
    expect((await remote(["publish", ...who, "--replace", file])).status).toBe(0);
    expect((await remote(["publish", ...who, "--replace"], "!\n")).err).toContain("nothing was sent");
  });

  it("send more packages than one request may have", async () => {
    const { who, lines, register } = await device("many", "phone", 120);
    await register();
    const { status, out } = await kpd(["publish", ...who, "--state", state, "--json"], { stdin: lines });
    expect(status).toBe(0);
    const { results } = JSON.parse(out);
    expect(results.map((result: { index: number }) => result.index)).toEqual(Array.from({ length: 121 }, (_, i) => i));
    expect(results[120].where).toBe("standard input, line 121");
  });

  it("split by number and by bytes", () => {
    expect(batches(["a", "b", "c"], 2, 1_000)).toEqual([["a", "b"], ["c"]]);
    expect(batches(["aaaa", "bbbb", "c"], 9, 32 + 2 * 7)).toEqual([["aaaa", "bbbb"], ["c"]]);
    expect(batches(["a".repeat(99), "b"], 9, 50)).toEqual([["a".repeat(99)], ["b"]]);
    expect(batches([], 9, 50)).toEqual([]);
  });
});

describe("claim and journal", () => {
  it("give the same packages under the same key, write them, and tell their owner", async () => {
    const { who, lines, register } = await device("carol");
    await register();
    await remote(["publish", ...who], lines);
    const out = join(folder, "claimed.txt");
    const args = ["claim", "carol", "--as-user", "dan", "--as-client", "desk", "--idempotency-key", "k1"];
    const first = await json([...args, "--out", out]);
    expect(first).toMatchObject({ status: 0, body: { user: "carol", status: "ok", idempotency_key: "k1" } });
    expect(readFileSync(out, "utf8")).toBe(`${first.body.clients[0].key_package}\n`);
    expect((await kpd(["validate", out])).status).toBe(0);
    const again = await remote(args);
    expect(again.out).toContain("the same packages as before");
    expect(again.out).toContain(first.body.clients[0].key_package_ref);
    const wrapped = await json(["claim", "carol", "--mls-message"]);
    const message = Buffer.from(wrapped.body.clients[0].key_package, "base64url");
    expect(message.subarray(0, 4).toString("hex")).toBe("00010005");
    expect(Buffer.from(first.body.clients[0].key_package, "base64url").subarray(0, 2).toString("hex")).toBe("0001");
    const journal = await remote(["journal", ...who]);
    expect(journal.out).toMatch(new RegExp(`claimed +dan/desk +1 +${first.body.clients[0].key_package_ref}`));
    const { body } = await json(["journal", ...who, "--limit", "1"]);
    expect(body.entries).toHaveLength(1);
    const rest = await json(["journal", ...who, ...(body.next === null ? [] : ["--after", body.next])]);
    expect(rest.status).toBe(0);
  });

  it("end with 1 when not everybody gave, and still show those who did", async () => {
    const { who, lines, register } = await device("dora");
    await register();
    await remote(["publish", ...who], lines);
    const { status, out } = await remote(["claim", "dora", "nobody"]);
    expect(status).toBe(1);
    expect(out).toMatch(/^dora +phone +claimed +1 /m);
    expect(out).toMatch(/^nobody +- +unknown_user/m);
    expect(await json(["claim", "dora", "--ciphersuite", "2", "--no-last-resort"])).toMatchObject({
      status: 1,
      body: { status: "none", clients: [{ client: "phone", status: "incompatible" }] },
    });
    expect(await json(["claim", "dora", "--exclude-client", "phone", "--min-remaining", "60"])).toMatchObject({
      body: { clients: [{ client: "phone", status: "excluded" }] },
    });
  });
});

describe("reconcile", () => {
  it("finds what is on one side only, and removes what cannot be opened when it is told to", async () => {
    const { who, keys, lines, register } = await device("erik");
    await register();
    await remote(["publish", ...who], lines);
    expect(await remote(["reconcile", ...who, "--keys", keys])).toEqual({
      status: 0,
      out: "the same 4 packages here and at the directory\n",
      err: "",
    });
    const kept = JSON.parse(readFileSync(keys, "utf8"));
    const [lost] = kept.key_packages.splice(0, 1);
    writeFileSync(keys, JSON.stringify(kept));
    await kpd(["generate", "--identity", "erik", "--keys", keys]);
    const differs = await json(["reconcile", ...who, "--keys", keys]);
    expect(differs).toMatchObject({
      status: 1,
      body: { same: false, unknown_here: [lost.key_package_ref], pruned: 0 },
    });
    expect(differs.body.missing_at_server).toMatchObject([{ reason: "never_seen" }]);
    const shown = await remote(["reconcile", ...who, "--keys", keys]);
    expect(shown.out).toContain("only at the directory");
    expect(shown.out).toContain("only here: never sent");
    expect((await json(["reconcile", ...who, "--keys", keys, "--prune"])).body.pruned).toBe(1);
  });
});

describe("token", () => {
  it("prints one that the directory takes", async () => {
    const { who, register } = await device("tina");
    await register();
    const made = await remote(["token", ...who, "--scope", "key-packages:publish"]);
    const file = join(folder, "token");
    writeFileSync(file, made.out);
    const elsewhere = ["--url", server.address, "--state", join(folder, "absent")];
    expect((await kpd(["inventory", ...who, ...elsewhere, "--token-file", file])).status).toBe(0);
    expect((await kpd(["inventory", ...who, ...elsewhere], { env: { KPD_TOKEN: made.out.trim() } })).status).toBe(0);
    expect(
      (await kpd(["inventory", ...who], { env: { KPD_TOKEN: made.out.trim(), KPD_URL: server.address } })).status,
    ).toBe(0);
  });

  it("knows every scope that the directory knows", async () => {
    const scope = Object.values(SCOPE_OF).filter((one) => one !== undefined);
    expect(scope).toContain("clients:revoke");
    const made = await remote(["token", "--user", "u", "--client", "c", "--scope", scope.join(" ")]);
    expect(decodeJwt(made.out.trim())).toMatchObject({ scope: scope.join(" ") });
    const help = (await kpd(["token", "--help"])).out.replace(/\s+/g, " ");
    for (const one of scope) expect(help).toContain(one);
  });

  it("does not invent scopes, and needs a directory that was started", async () => {
    const who = ["--user", "u", "--client", "c", "--scope"];
    expect(await remote(["token", ...who, "everything"])).toMatchObject({ status: 2, out: "" });
    const absent = join(folder, "absent");
    expect(await kpd(["token", ...who, "directory:admin", "--state", absent])).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringContaining("run npm start"),
    });
    expect(existsSync(absent)).toBe(false);
  });
});

describe("a refusal", () => {
  it("is shown with its code, its detail and what to do", async () => {
    const { who } = await device("fred");
    const { status, out, err } = await remote(["inventory", ...who]);
    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toMatch(/^client_not_registered \(404\): The client is not registered$/m);
    expect(err).toMatch(/^what to do: Register the client first: kpd register\.$/m);
    expect(err).toMatch(/^request: .+$/m);
    expect(await json(["inventory", ...who])).toMatchObject({
      status: 1,
      body: { error: { code: "client_not_registered", status: 404, advice: expect.stringContaining("kpd register") } },
    });
  });

  it("of another key says so", async () => {
    const { register, who } = await device("gina");
    await register();
    const other = join(folder, "other.json");
    await kpd(["generate", "--identity", "gina", "--keys", other]);
    expect(await remote(["register", ...who, "--keys", other])).toMatchObject({
      status: 1,
      err: expect.stringContaining("signature_key_conflict (409)"),
    });
  });

  it("of a token names the reason and never the token", async () => {
    const file = join(folder, "wrong-token");
    writeFileSync(file, "not.a.token\n");
    const { status, err } = await remote(["inventory", "--user", "u", "--client", "c", "--token-file", file]);
    expect(status).toBe(1);
    expect(err).toContain("token_invalid (401)");
    expect(err).not.toContain("not.a.token");
  });

  it("has advice, whatever its code", () => {
    expect(Object.keys(ADVICE).sort()).toEqual(Object.keys(PROBLEMS).sort());
  });
});

describe("a directory that does not answer as one", () => {
  const inventory = (url: string, ...more: string[]) =>
    kpd(["inventory", "--user", "u", "--client", "c", "--url", url, ...more], { env: { KPD_TOKEN: "t" } });

  it("ends with 3 where nothing listens", async () => {
    const { status, out, err } = await inventory(`http://127.0.0.1:${await freePort()}`);
    expect({ status, out }).toEqual({ status: 3, out: "" });
    expect(err).toContain("cannot reach http://127.0.0.1:");
    expect(err).toContain("what to do: ");
  });

  it.each<[string, RequestListener, string]>([
    ["another site", (_, response) => response.end("<html>"), "answered 200 with what is not an answer"],
    [
      "JSON of another kind",
      (_, response) => response.end('{"inventory":7}'),
      "answered 200 with what is not an answer",
    ],
    ["a gateway", (_, response) => response.writeHead(502).end("bad"), "answered 502 with what is not an answer"],
    [
      "a redirect, even to a directory",
      ({ url }, response) =>
        url === "/elsewhere"
          ? response.end('{"inventory":[]}')
          : response.writeHead(302, { location: "/elsewhere" }).end(),
      "cannot reach",
    ],
    [
      "a cut answer",
      (_, response) => response.writeHead(200, { "content-length": "9" }).destroy(),
      "broke off|cannot reach",
    ],
    [
      "a failure of the directory",
      (_, response) =>
        response
          .writeHead(503, { "retry-after": "2" })
          .end('{"code":"pool_unavailable","title":"The pool\\u001b[2J","detail":"d"}'),
      "pool_unavailable \\(503\\): The pool\\\\u\\{1b\\}\\[2J\nd\nretry after: 2 seconds\nwhat to do: ",
    ],
  ])("ends with 3: %s", async (_, listener, message) => {
    const site = createServer(listener).listen(0, "127.0.0.1");
    await once(site, "listening");
    try {
      const address = site.address();
      if (address === null || typeof address === "string") throw new Error("expected a port");
      const { status, err } = await inventory(`http://127.0.0.1:${address.port}`);
      expect(err).toMatch(new RegExp(message));
      expect(status).toBe(3);
    } finally {
      site.close();
      site.closeAllConnections();
    }
  });
});

describe("wrong usage", () => {
  const who = ["--user", "u", "--client", "c"];
  it.each<[string, string[], string]>([
    ["no user", ["inventory", "--client", "c"], "--user is needed"],
    ["an empty user", ["inventory", "--user", "", "--client", "c"], "--user is needed"],
    ["a user that is none", ["inventory", "--user", "a\u0000", "--client", "c"], "without control characters"],
    ["no token", ["inventory", ...who, "--url", "https://directory.invalid"], "key-packages:publish is needed"],
    ["a token in the clear", ["inventory", ...who, "--url", "http://directory.invalid"], "use https"],
    ["a URL of another kind", ["inventory", ...who, "--url", "ftp://directory.invalid"], "expected a URL"],
    ["no URL at all", ["inventory", ...who, "--url", "directory"], "expected a URL"],
    ["a password in the URL", ["inventory", ...who, "--url", "https://a:b@directory.invalid"], "must not hold"],
    ["a token file that is not there", ["inventory", ...who, "--token-file", "absent"], "cannot read absent"],
    ["nobody to claim of", ["claim"], "expected the users"],
    ["a key with a space", ["claim", "u", "--idempotency-key", "a b"], "visible ASCII"],
    ["no key file", ["register", ...who], "--keys is needed"],
    ["a key file that is not there", ["register", ...who, "--keys", "absent"], "cannot read absent"],
    ["nothing to publish", ["publish", ...who], "no package"],
    ["a number that is none", ["journal", ...who, "--limit", "x"], "expected a whole number"],
    ["an option that is not there", ["journal", ...who, "--nothing"], "--nothing"],
  ])("ends with 2: %s", async (_, args, message) => {
    const { status, out, err } = await remote(args);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(message);
  });
});

describe("demo", () => {
  it("plays on a running directory, again and again", async () => {
    for (const _ of ["first", "second"]) {
      const { status, out, err } = await remote(["demo"]);
      expect({ status, err }).toEqual({ status: 0, err: "" });
      expect(out.match(/^\d\. /gm)).toHaveLength(8);
      expect(out).toContain("byte for byte the same: yes");
    }
  });

  it("says so when the directory does not do what it tells", async () => {
    let err = "";
    const status = await tellDemo({
      connect: async ({ user, client }, scope) =>
        new DirectoryClient(server.address, await server.token(user, client, scope)),
      suffix: "-surprised",
      // Every claim is a repetition of the first, so the stock never ends.
      newKey: () => "always-the-same",
      io: {
        out: () => undefined,
        err: (text) => {
          err += text;
        },
        stdin: async function* () {},
        colour: false,
        progress: () => undefined,
        now: () => Math.floor(Date.now() / 1000),
        env: {},
      },
    });
    expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining("no last resort after the others") });
  });

  it("needs a directory that was started", async () => {
    expect(await kpd(["demo", "--state", join(folder, "absent")])).toMatchObject({ status: 2, out: "" });
  });
});

describe("revoke and admin", () => {
  it("revoke a client only when it is confirmed", async () => {
    const { who, lines, register } = await device("hugo");
    await register();
    await remote(["publish", ...who], lines);
    expect(await remote(["revoke", ...who])).toMatchObject({ status: 2, err: expect.stringContaining("--yes") });
    expect((await json(["inventory", ...who])).status).toBe(0);
    expect(await remote(["revoke", ...who, "--yes"])).toMatchObject({
      status: 0,
      out: "hugo/phone is revoked, 4 packages purged\n",
    });
    expect((await remote(["inventory", ...who])).err).toContain("client_not_registered");
  });

  it("show an operator the stock and the users, page by page", async () => {
    const { who, lines, register } = await device("ines");
    await register();
    await remote(["publish", ...who], lines);
    await expect.poll(async () => (await json(["admin", "users"])).body.users).toContain("ines");
    const users = await remote(["admin", "users", "--limit", "1"]);
    const after = /^more: --after '(.+)'$/m.exec(users.out)?.[1] ?? "";
    const next = await json(["admin", "users", "--after", after]);
    expect(next.body.users).not.toContain(users.out.split("\n")[0]);
    expect((await remote(["admin", "stock", "--filter", "low"])).out).toMatch(/^USER +CLIENT +SUITE +AVAILABLE/);
    const soon = await json(["admin", "stock", "--filter", "expiring", "--expiring-within", "60"]);
    expect(soon).toMatchObject({ status: 0, body: { rows: [] } });
    const user = await remote(["admin", "user", "ines"]);
    expect(user.out).toMatch(/^CLIENT +LAST UPLOAD +LAST CLAIMED/m);
    expect((await json(["admin", "users", "--prefix", "ine"])).body.users).toEqual(["ines"]);
    expect(user.out).toMatch(/^phone +since \d{4}-.* +1 +3 +100 +yes/m);
  });

  it("resync and revoke a user", async () => {
    const { register } = await device("jana");
    await register();
    expect(await remote(["admin", "resync", "jana"])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^(delivered|queued)\n$/),
    });
    expect(await remote(["admin", "resync-pool", "f".repeat(64)])).toMatchObject({
      status: 1,
      err: expect.stringContaining("unknown_pool"),
    });
    expect((await remote(["admin", "resync-pool", "abc"])).status).toBe(2);
    expect((await remote(["admin", "revoke-user", "jana"])).status).toBe(2);
    expect(await remote(["admin", "revoke-user", "jana", "--yes"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("--reason is needed"),
    });
    expect((await remote(["admin", "revoke-user", "jana", "--yes", "--reason", "schöner Grund"])).out).toBe(
      "1 clients revoked, 0 packages purged\n",
    );
    expect((await remote(["admin", "user", "nobody"])).err).toContain("unknown_user (404)");
  });

  it("show who claims, is claimed from and is refused most", async () => {
    const { status, out } = await remote(["admin", "top", "--span", "day"]);
    expect(status).toBe(0);
    expect(out).toMatch(/^since \d{4}-.+\n\nCLAIMER +OF \d+/);
    expect(out).toMatch(/^CLAIMED FROM +OF \d+/m);
    expect(out).toMatch(/^REFUSED +OF \d+/m);
    expect((await json(["admin", "top"])).body).toMatchObject({ counting: true, span: "hour" });
    expect((await remote(["admin", "top", "--span", "week"])).status).toBe(2);
  });

  it("show claims, refusals and the lag of D1 over time, in steps in which there was any", async () => {
    const { body } = await json(["admin", "series", "--span", "six_hours"]);
    expect(body).toMatchObject({ counting: true, span: "six_hours", step_seconds: 600 });
    expect(body.directory_lag_seconds).toHaveLength(36);
    const { status, out } = await remote(["admin", "series"]);
    expect([status, out]).toEqual([
      0,
      expect.stringMatching(/^(?:30 MINUTES FROM +ONE-TIME +LAST RESORT|nothing since)/),
    ]);
    expect((await remote(["admin", "series", "--span", "week"])).status).toBe(2);
  });

  it("show the issuers' keys and have them fetched", async () => {
    const keys = await remote(["admin", "issuer-keys"]);
    expect(keys).toMatchObject({ status: 0, out: expect.stringMatching(/^ISSUER +FETCHED +LAST FETCH +KEYS\nurn:/) });
    // The local directory has its key in a setting.
    const refreshed = await remote(["admin", "issuer-keys", "--refresh", "--reason", "ticket 4711"]);
    expect(refreshed).toMatchObject({ status: 0, out: expect.stringContaining(" of_a_setting ") });
    const limit = await remote(["admin", "users", "--limit", "0"]);
    expect(limit.err.match(/expected at least 1, got 0/g)).toHaveLength(1);
    expect((await remote(["admin", "issuer-keys", "--refresh"])).err).toContain("--reason is needed");
    expect((await remote(["admin", "issuer-keys", "--issuer", "x"])).err).toContain("--issuer goes with --refresh");
    const why = ["--reason", "ticket 4711"];
    expect(
      await remote(["admin", "issuer-keys", "--refresh", "--issuer", "https://elsewhere.test", ...why]),
    ).toMatchObject({ status: 1, err: expect.stringContaining("invalid_request (400)") });
  });

  it("ask for nobody else where a name is a step of an address: `.` and `..`", async () => {
    const { register } = await device("data");
    await register();
    const why = ["--reason", "ticket", "--yes"];
    for (const name of [".", ".."]) {
      const { status, err } = await remote(["admin", "erase", name, ...why]);
      expect([status, err]).toEqual([
        2,
        expect.stringContaining("expected 1 to 256 bytes of UTF-8 without control characters, and not . or .."),
      ]);
    }
    expect((await json(["admin", "user", "data"])).body.clients[0].revoked).toBe(false);
  });

  it("look closer at a user, end and block it, and leave a trail", async () => {
    const { who, lines, register } = await device("kurt");
    await register();
    await remote(["publish", ...who], lines);
    const why = ["--reason", "ticket 4711: geprüft"];
    expect((await remote(["admin", "restore-epoch", "--dry-run"])).out).toMatch(/^it would void [1-9]\d* one-time/);
    expect((await remote(["admin", "restore-epoch", "--dry-run", "--declare"])).status).toBe(2);
    expect((await remote(["admin", "journal", "kurt"])).out).toMatch(/^AT +CLIENT +EVENT +CLAIMER/);
    expect((await remote(["admin", "reset-budgets", "kurt", ...why])).out).toMatch(/^\d+ budgets emptied\n$/);
    const until = String(Math.floor(Date.now() / 1000) + 600);
    expect((await remote(["admin", "raise-budgets", "kurt", "--factor", "2", "--until", until, ...why])).out).toBe(
      "raised\n",
    );
    expect((await remote(["admin", "purge", "kurt", "phone", "--yes", ...why])).out).toBe("4 packages purged\n");
    expect((await remote(["admin", "block", "kurt", ...why])).out).toMatch(/^blocked; holds everywhere at /);
    expect((await remote(["inventory", ...who])).err).toContain("caller_blocked (403)");
    expect((await remote(["admin", "blocked"])).out).toContain("geprüft");
    expect((await remote(["admin", "unblock", "kurt", ...why])).out).toBe("lifted\n");
    expect((await remote(["admin", "end-client", "kurt", "phone", "--yes", ...why])).out).toBe("0 packages purged\n");
    const pages = (await remote(["admin", "export", "kurt"])).out.trim().split("\n");
    expect(JSON.parse(pages[0] ?? "").registrations).toMatchObject([{ client: "phone" }]);
    expect((await remote(["admin", "erase", "kurt", ...why])).status).toBe(2);
    expect((await remote(["admin", "erase", "kurt", "--yes", ...why])).out).toMatch(/^erased; journals of others/);
    const trail = await json(["admin", "audit", "--user", "kurt"]);
    expect(trail.body.records.map((record: { operation: string }) => record.operation)).toEqual([
      "eraseUser",
      "endClient",
      "unblockUser",
      "blockUser",
      "purgeClient",
      "raiseBudgets",
      "resetBudgets",
    ]);
  });

  it("declare a restore epoch only when it is confirmed", async () => {
    expect((await remote(["admin", "restore-epoch"])).out).toContain("none was declared");
    expect((await remote(["admin", "restore-epoch", "--declare"])).status).toBe(2);
    expect((await remote(["admin", "restore-epoch", "--at", "5"])).status).toBe(2);
    expect((await json(["admin", "restore-epoch"])).body.restore_epoch).toBe(0);
    const declared = await remote([
      "admin",
      "restore-epoch",
      "--declare",
      "--at",
      "1000000000",
      "--yes",
      "--reason",
      "drill",
    ]);
    expect(declared.out).toContain("restore epoch: 1000000000 2001-09-09T01:46:40Z");
    expect((await json(["admin", "restore-epoch"])).body.restore_epoch).toBe(1_000_000_000);
  });
});

describe("a claim capability", () => {
  it("is made, claims in place of a token, is in the list and the journal by its name, and is revoked", async () => {
    const { who, lines, register } = await device("vera");
    await register();
    await remote(["publish", ...who], lines);
    const made = await remote(["capability", "create", "front door", ...who, "--max-claims", "2"]);
    expect([made.status, made.out]).toEqual([0, expect.stringMatching(/^[A-Za-z0-9_-]{43}\n$/)]);
    const secret = join(folder, "secret.txt");
    writeFileSync(secret, made.out);
    const claim = () => json(["claim", "vera", "--capability", secret]);
    expect(await claim()).toMatchObject({ status: 0, body: { clients: [{ status: "claimed" }] } });
    expect((await remote(["capability", "list", ...who])).out).toMatch(/front door +phone .+ 1 of 2/);
    expect((await remote(["journal", ...who])).out).toContain("capability front door");
    expect((await remote(["capability", "revoke", "front door", ...who])).out).toBe("front door is revoked\n");
    expect(await claim()).toMatchObject({ status: 1, body: { error: { code: "capability_refused" } } });
    expect((await remote(["claim", "vera", "carol", "--capability", secret])).status).toBe(2);
  });
});
