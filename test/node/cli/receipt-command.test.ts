/** `kpd receipt`, without a directory: receipts and keys are in files. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompactSign, exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { kpd } from "./support/kpd.ts";

const NOW = Math.floor(Date.now() / 1000);
const folder = mkdtempSync(join(tmpdir(), "kpd-receipts-"));
const keys = join(folder, "jwks.json");
let sign: (body: object) => Promise<string>;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA");
  writeFileSync(keys, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k" }] }));
  sign = (body) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(body)))
      .setProtectedHeader({ alg: "EdDSA", kid: "k", typ: "kpd-claim+jwt" })
      .sign(privateKey);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HASH = "A".repeat(43);
const claimOf = (claim: number, aud: string, change: object = {}) => ({
  iss: "https://directory.example",
  iat: NOW,
  sub: "alice",
  client: "phone",
  claim,
  aud,
  claimer_client: "laptop",
  key_package_ref: HASH,
  ciphersuite: 1,
  use: "one_time",
  signature_scheme: "ed25519",
  signature_key_sha256: HASH,
  not_after: NOW + 1000,
  ...change,
});

it("verifies each line, and says of each what it states or why it is refused", async () => {
  const good = await sign(claimOf(1, "bob"));
  const [header, payload] = good.split(".");
  const [, , another] = (await sign(claimOf(2, "carol"))).split(".");
  const stdin = `${good}\n\n${header}.${payload}.${another}\n`;
  const shown = await kpd(["receipt", "verify", "--keys", keys, "-"], { stdin });
  expect(shown.status).toBe(1);
  expect(shown.out).toMatch(new RegExp(`alice +phone +one_time package ${HASH} given to bob/laptop`));
  expect(shown.out).toMatch(/-:3 .*bad_signature/);
  const verify = (...more: string[]) => kpd(["receipt", "verify", "--keys", keys, ...more], { stdin: good });
  expect((await verify()).status).toBe(0);
  expect((await verify("--issuer", "https://other.example")).out).toContain("wrong_issuer");
  const [line = ""] = (await verify("--json")).out.split("\n");
  expect(JSON.parse(line)).toMatchObject({ ok: true, kind: "claim", body: { sub: "alice", claim: 1 } });
});

it("compares receipts, and exits with 1 for those that contradict each other or are none", async () => {
  const mine = join(folder, "mine.txt");
  const theirs = join(folder, "theirs.txt");
  writeFileSync(mine, `${await sign(claimOf(1, "bob"))}\n`);
  writeFileSync(theirs, `${await sign(claimOf(2, "carol"))}\n`);
  const compare = (...more: string[]) => kpd(["receipt", "compare", "--keys", keys, ...more]);
  expect(await compare(mine)).toEqual({ status: 0, out: "1 receipts compared, 0 contradictions\n", err: "" });
  const found = await compare(mine, theirs);
  expect(found.status).toBe(1);
  expect(found.out).toContain(`given_twice: ${mine}:1 and ${theirs}:1`);
  writeFileSync(theirs, "no receipt\n");
  const refused = await compare("--json", mine, theirs);
  expect(refused.status).toBe(1);
  expect(JSON.parse(refused.out)).toMatchObject({ compared: 1, contradictions: [], refused: [{ code: "malformed" }] });
});

it("is wrong usage without receipts, and with a file that holds no keys", async () => {
  expect((await kpd(["receipt", "verify", "--keys", keys], { stdin: "\n" })).status).toBe(2);
  const none = join(folder, "none.json");
  writeFileSync(none, "[]");
  expect((await kpd(["receipt", "compare", "--keys", none], { stdin: "x" })).err).toContain("holds no JWK Set");
});
