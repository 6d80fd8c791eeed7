/** `npm run directory`: a lost D1 is rebuilt, one database becomes three, and an erased name goes from every pool. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalWorker, startWorker } from "../../../tools/lib/local-worker.ts";
import { localRegistration } from "../../../tools/lib/registration-requests.ts";
import { newSigner } from "../../../tools/lib/sample-packages.ts";
import { type Issuer, newIssuer } from "../../../tools/lib/tokens.ts";
import { bundle, readDeployment } from "../../../tools/lib/worker-deployment.ts";

const USERS = Array.from({ length: 12 }, (_, index) => `user-${index}`);
const script = bundle("src/worker.ts");

let folder: string;
let issuer: Issuer;
let worker: LocalWorker | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kpd-commands-"));
  issuer = await newIssuer();
  writeFileSync(join(folder, "token"), `${await issuer.token("olga", "console", "directory:admin")}\n`);
});

afterAll(async () => {
  await worker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The same directory again, with these databases. */
async function restart(databases: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  await worker?.stop();
  worker = await startWorker({
    deployment: { ...readDeployment(), databases: Object.fromEntries(databases.map((name) => [name, `id-${name}`])) },
    script,
    variables: { ...issuer.settings, ...settings },
    state: join(folder, "storage"),
  });
  return worker.address;
}

async function statusOfPeeks(address: string): Promise<number[]> {
  const token = await issuer.token("bob", "laptop", "key-packages:claim");
  return Promise.all(
    USERS.map(async (user) => {
      const response = await fetch(`${address}/v1/users/${user}/clients`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await response.arrayBuffer();
      return response.status;
    }),
  );
}

async function command(name: string, address: string, more: readonly string[] = []) {
  const child = spawn(
    "node",
    [
      "tools/directory.ts",
      name,
      "--url",
      address,
      "--token-file",
      join(folder, "token"),
      ...more,
      "--storage",
      join(folder, "storage"),
      "--resume",
      join(folder, `${name}.json`),
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(child, "close");
  return { code, said, printed };
}

const all = (status: number) => USERS.map(() => status);

it("rebuilds a lost database, moves every user when one becomes three, and takes a name out of every pool", async () => {
  let address = await restart(["DB"]);
  const signer = await newSigner();
  for (const user of USERS) {
    const response = await fetch(`${address}/v1/users/${user}/clients/phone`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${await issuer.token(user, "phone", "key-packages:publish")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(await localRegistration(user, "phone", signer)),
    });
    expect(response.status).toBe(201);
  }
  expect(await statusOfPeeks(address)).toEqual(all(200));

  await worker?.stop();
  rmSync(join(folder, "storage", "v3", "d1"), { recursive: true });
  address = await restart(["DB"]);
  expect(await statusOfPeeks(address)).toEqual(all(404));
  const rebuilt = await command("rebuild", address);
  expect(rebuilt).toEqual({ code: 0, said: expect.stringContaining("12 of 12 pools"), printed: "" });
  expect(await statusOfPeeks(address)).toEqual(all(200));
  expect(existsSync(join(folder, "rebuild.json"))).toBe(false);

  const three = { DIRECTORY_BINDINGS: "DB0,DB1,DB2" };
  address = await restart(["DB", "DB0", "DB1", "DB2"], { ...three, DIRECTORY_FORMER_BINDINGS: "DB" });
  // Nobody is lost while nobody has moved.
  expect(await statusOfPeeks(address)).toEqual(all(200));
  expect(await command("move", address)).toEqual({
    code: 0,
    said: expect.stringContaining("Every user is in its database"),
    printed: "",
  });
  address = await restart(["DB0", "DB1", "DB2"], three);
  expect(await statusOfPeeks(address)).toEqual(all(200));

  // Claims that find nothing are in the journals of their targets by the claimer's name.
  for (const user of USERS.slice(0, 3)) {
    const response = await fetch(`${address}/v1/users/${user}/claims`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await issuer.token("mallory", "laptop", "key-packages:claim")}`,
        "content-type": "application/json",
      },
      body: "{}",
    });
    expect((await response.json()) as object).toMatchObject({ status: "none" });
  }
  const forgetting = async (...more: readonly string[]) => {
    const { code, printed } = await command("forget", address, ["--user", "mallory", "--user", "trudy", ...more]);
    expect(code).toBe(0);
    return JSON.parse(printed) as object;
  };
  const receipt = { users: ["mallory", "trudy"], pools: 12, finished: expect.any(String) };
  const some = { pools_with_a_name: 3, claims: 3, clients: 3 };
  expect(await forgetting("--dry-run")).toEqual({ ...receipt, dry_run: true, ...some });
  expect(await forgetting()).toEqual({ ...receipt, dry_run: false, ...some });
  const none = { pools_with_a_name: 0, claims: 0, clients: 0 };
  expect(await forgetting("--dry-run")).toEqual({ ...receipt, dry_run: true, ...none });
});

it("says what is wrong, and what to do", async () => {
  writeFileSync(join(folder, "token"), "not-a-token");
  const refused = await command("rebuild", worker?.address ?? "");
  expect(refused.code).toBe(1);
  expect(refused.said).toContain("is not accepted: token_invalid");
  expect(refused.said).toContain("Run the same command again");
  writeFileSync(join(folder, "token"), "kpd token: Unknown option\nusage: kpd token --help shows how\n");
  expect(await command("rebuild", worker?.address ?? "")).toMatchObject({
    code: 1,
    said: expect.stringContaining("holds no token"),
  });
  expect(await command("mend", "http://127.0.0.1:1")).toMatchObject({
    code: 2,
    said: expect.stringContaining("usage: "),
  });
});
