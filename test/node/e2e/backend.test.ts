/** A backend as docs/backends.md has it: its own issuer, and a claim in Python. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { directoryToken, type Issuer } from "../../../docs/examples/backend/token.ts";
import { localRegistration } from "../../../tools/lib/registration-requests.ts";
import { newSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { type Server, startServer } from "../support/started-directory.ts";

const run = promisify(execFile);
const PYTHON = ["/usr/bin/python3", "/usr/local/bin/python3"].find((path) => existsSync(path));
/** A slash, a space and a letter beyond ASCII: whoever escapes only some of it asks for another user. */
const USER = "team a/ålice";

describe("a backend of one's own", () => {
  let folder: string;
  let issuer: Issuer;
  let directory: Server;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kpd-backend-"));
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "1", alg: "ES256", use: "sig" };
    issuer = { issuer: "https://auth.example.com", audience: "mls-key-directory", key: privateKey, kid: "1" };
    directory = await startServer(folder, {
      AUTH_ISSUER: issuer.issuer,
      AUTH_AUDIENCE: issuer.audience,
      AUTH_JWKS: JSON.stringify({ keys: [jwk] }),
      AUTH_TOKEN_TYP: "at+jwt",
    });
  });
  afterAll(async () => {
    await directory?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = async (method: string, path: string, body: unknown) => {
    const token = await directoryToken(issuer, USER, "phone", "key-packages:publish");
    return fetch(`${directory.address}/v1/users/${encodeURIComponent(USER)}/clients/phone${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  };

  it("signs tokens by which a device registers and publishes", async () => {
    const signer = await newSigner();
    expect((await call("PUT", "", await localRegistration(USER, "phone", signer))).status).toBe(201);
    const key_packages = await sampleKeyPackages({ identity: USER, signer, count: 2 });
    expect((await call("POST", "/key-packages", { key_packages })).status).toBe(200);
  });

  it.skipIf(PYTHON === undefined)("claims in Python, and says why it may not", async () => {
    const claim = async (token: string) =>
      run(PYTHON ?? "", ["docs/examples/backend/claim.py", directory.address, USER], {
        env: { ...process.env, DIRECTORY_TOKEN: token },
      });
    const { stdout } = await claim(await directoryToken(issuer, "bob", "server", "key-packages:claim"));
    expect(stdout).toMatch(/^phone claimed [\w-]{200,}\n$/);
    const refused = claim(await directoryToken(issuer, "bob", "server", "key-packages:publish"));
    await expect(refused).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("insufficient_scope: ") });
  });

  it("is shown in the docs as it is", () => {
    const page = readFileSync("docs/backends.md", "utf8");
    const [, code = ""] = /<!-- docs\/examples\/backend\/token\.ts -->\s+```ts\n([\s\S]*?)```/.exec(page) ?? [];
    expect(code).not.toBe("");
    expect(readFileSync("docs/examples/backend/token.ts", "utf8")).toContain(code);
  });
});
