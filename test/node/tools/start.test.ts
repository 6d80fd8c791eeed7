/** `npm start`: what the environment sets is in force, and what is in force is what it says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSettings } from "../../../src/config/settings.ts";
import { budgetsInForce, issuerOf, settingsOf } from "../../../tools/lib/local-settings.ts";
import { NO_BUDGETS } from "../../../tools/lib/no-budgets.ts";
import { freePort } from "../../../tools/lib/ports.ts";
import { newSigningKey } from "../../../tools/lib/tokens.ts";

it("says which budgets are in force", () => {
  expect(budgetsInForce(readSettings({}).budgets)).toBe(
    "Budgets in force: claims of a user on a client 10, then 2 per hour; claims on a client 60 per hour; claims in vain 20 per hour; claims for unknown users 200 per hour; refused packages 200 per minute; uploads of a client 2000 per day; uploads of a user 10000 per day; registrations 30 per hour.",
  );
  expect(budgetsInForce(readSettings({ ...NO_BUDGETS, TARGET_BUDGET_PER_HOUR: "9" }).budgets)).toMatch(
    /^Budgets in force: claims on a client 9 per hour; refused packages 200 per minute\. Off: claims of a user on a client, /,
  );
});

it("passes settings on, and those of an issuer as a whole", () => {
  const environment = { STOCK_TARGET: "5", CORS_ORIGINS: "https://a.test", HOME: "/x", AUTH_ISSUER: "https://i.test" };
  expect(settingsOf(environment)).toEqual({ STOCK_TARGET: "5", CORS_ORIGINS: "https://a.test" });
  expect(issuerOf(environment)).toEqual({ AUTH_ISSUER: "https://i.test" });
  expect(issuerOf({ HOME: "/x" })).toBeUndefined();
});

it("runs with an issuer of one's own, and shows a line for each request if asked to", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kpd-start-"));
  const { jwks } = await newSigningKey("theirs");
  const env = {
    ...process.env,
    STATE_DIR: folder,
    PORT: String(await freePort()),
    AUTH_ISSUER: "https://issuer.test",
    AUTH_AUDIENCE: "theirs",
    AUTH_JWKS: jwks,
  };
  const child = spawn("node", ["tools/start.ts", "--log"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  try {
    const said = await until(child.stdout, /Budgets in force: .*\n/);
    expect(said).toContain("Tokens come from https://issuer.test, not from here");
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? "";
    const logged = until(child.stderr, /"route":"\/readyz"/);
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
    expect(await logged).toContain('"status":200');
  } finally {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What was written until it matches. */
async function until(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      said += text;
      if (pattern.test(said)) resolve(said);
    });
    stream.on("end", () => reject(new Error(`ended after: ${said}`)));
  });
}
