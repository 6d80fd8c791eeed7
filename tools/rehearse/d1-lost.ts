import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OUTBOX_RETRY_MIN_MS } from "../../src/config/limits.ts";
import { pause } from "../../src/shared/pause.ts";
import { expect, type Owner, type Stage } from "../lib/rehearse/rehearsal-stage.ts";

const USERS = ["alice", "carol", "dave"];

/** D1 does not answer for a while, and then its files are gone: claims go on, peeks do not, and a rebuild brings everybody back. */
export async function d1Lost(stage: Stage): Promise<void> {
  await stage.start();
  const [alice] = await Promise.all(USERS.map((user) => published(stage, user)));
  const epoch = await declareEpoch(stage);
  expect("alice's upload after the epoch is stored", (await alice?.publish(5))?.status === 200);
  await doesNotAnswer(stage);
  await isLost(stage, epoch);
}

/** Another process holds the lock for writing, so that SQLite refuses whatever D1 asks of it. */
async function doesNotAnswer(stage: Stage): Promise<void> {
  const database = new DatabaseSync(databaseOf(stage));
  database.exec("BEGIN IMMEDIATE");
  await isUnavailable(stage, "the database did not answer", "erin");
  database.exec("ROLLBACK");
  database.close();
  // Nobody calls erin's pool meanwhile: it is its alarm that tells D1.
  await until(2 * OUTBOX_RETRY_MIN_MS, async () => (await peek(stage, "erin")).status === 200);
  await until(10_000, async () => (await stage.command("check")).includes('"status":"ready"'));
}

async function isLost(stage: Stage, epoch: number): Promise<void> {
  await stage.stop();
  rmSync(join(stage.storage, "v3", "d1"), { recursive: true });
  await stage.start({}, { isMigrated: false });
  await isUnavailable(stage, "was not applied", "frank");
  await stage.stop();

  await stage.start();
  expect(
    "nobody is found in the directory",
    (await peeks(stage)).every((status) => status === 404),
  );
  expect("claims go on", (await stage.claim("alice")).json.status === "ok");
  expect("it is ready again", (await stage.command("check")).includes('"status":"ready"'));
  await stage.command("rebuild");
  expect(
    "everybody is found again",
    (await peeks(stage)).every((status) => status === 200),
  );
  const { restore_epoch } = JSON.parse(await stage.command("epoch"));
  expect("the epoch is what it was", restore_epoch === epoch, restore_epoch);
  expect("what it voided is not given", (await stage.claim("dave")).json.status === "none");
  await stage.stop();
  const database = new DatabaseSync(databaseOf(stage), { readOnly: true });
  const kept = database.prepare("SELECT epoch FROM restore_epoch").all();
  database.close();
  expect("and it was written back", kept[0]?.epoch === epoch, kept);
}

/** What the page says of it: the parts that need D1 say so, and nothing else notices. */
async function isUnavailable(stage: Stage, why: string, newcomer: string): Promise<void> {
  const ready = await stage.command("check");
  expect("it is not ready, and says why", ready.includes('"code":"not_ready"') && ready.includes(why), ready);
  const { status, json } = await peek(stage, "alice");
  expect("peeks are refused", status === 503 && json.code === "directory_unavailable", json);
  const list = await stage.call("GET", "/v1/admin/users", await operator(stage));
  expect("and operators' lists", list.status === 503 && list.json.code === "directory_unavailable", list.json);
  const claim = await stage.claim("alice");
  expect("claims go on", claim.json.status === "ok", claim.json);
  const voided = await stage.claim("dave");
  expect("and give nothing from before the epoch", voided.json.status === "none", voided.json);
  const owner = await stage.owner(newcomer);
  const registered = await owner.register();
  const uploaded = await owner.publish(1);
  expect("so do registrations", registered.status === 201, registered);
  expect("and uploads", uploaded.status === 200, uploaded);
}

async function published(stage: Stage, user: string): Promise<Owner> {
  const owner = await stage.owner(user);
  await owner.register();
  await owner.publish(3);
  return owner;
}

/** Everything that is in stock now is void. Returns when packages can be made that are not. */
async function declareEpoch(stage: Stage): Promise<number> {
  const { status, json } = await stage.call("POST", "/v1/admin/restore-epoch", await operator(stage), {});
  expect("the epoch is declared", status === 200 && json.restore_epoch > 0, json);
  await pause(Math.max(0, json.restore_epoch * 1000 - Date.now()));
  return json.restore_epoch;
}

const operator = (stage: Stage) => stage.token("operator", "console", "directory:admin");

async function peek(stage: Stage, user: string) {
  return stage.call("GET", `/v1/users/${user}/clients`, await stage.token("bob", "laptop", "key-packages:claim"));
}

async function peeks(stage: Stage): Promise<number[]> {
  const answers: number[] = [];
  for (const user of USERS) answers.push((await peek(stage, user)).status);
  return answers;
}

/** The one file of D1 that is a database of the directory. */
function databaseOf(stage: Stage): string {
  const folder = join(stage.storage, "v3", "d1");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".sqlite"));
  const [file, ...others] = files.filter((name) => !name.endsWith("metadata.sqlite"));
  if (file === undefined || others.length > 0) throw new Error(`expected one database, got ${files.join(", ")}`);
  return join(folder, file);
}

async function until(limitMs: number, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${holds}`);
    await pause(500);
  }
}
