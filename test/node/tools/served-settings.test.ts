/** What of the environment reaches a self-hosted directory. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DEPLOYED_SETTINGS, SECRET_SETTINGS } from "../../../tools/lib/deploy/target.ts";
import { CONSOLE_SETTINGS } from "../../../tools/lib/pages/console-sign-in.ts";
import { servedSettings } from "../../../tools/lib/self-hosted/served-settings.ts";

const ISSUER = {
  AUTH_ISSUER: "https://auth.test",
  AUTH_AUDIENCE: "directory",
  AUTH_JWKS_URL: "https://auth.test/jwks.json",
};

/** Of the table in README.md: the first column has the names. */
const documented = (/### Settings\n([\s\S]*?)\n## /.exec(readFileSync("README.md", "utf8"))?.[1] ?? "")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => [...(line.split(" | ")[0] ?? "").matchAll(/`([A-Z0-9_]+)`/g)].map(([, name = ""]) => name));

it("every setting of the README is one of a deployment or of its pages, and every one of those is in the README", () => {
  expect(documented.length).toBeGreaterThan(40);
  const known = [...DEPLOYED_SETTINGS, ...SECRET_SETTINGS, ...CONSOLE_SETTINGS];
  expect(documented.filter((name) => !known.includes(name))).toEqual([]);
  const internal = ["DIRECTORY_BINDINGS", "DIRECTORY_FORMER_BINDINGS"];
  expect(known.filter((name) => !documented.includes(name)).toSorted()).toEqual(internal);
});

it("passes on each that is set, secrets too, and nothing else", () => {
  const key = { kty: "OKP", crv: "Ed25519", kid: "1", x: "A".repeat(43), d: "A".repeat(43) };
  const environment = {
    ...ISSUER,
    RECEIPT_KEYS: JSON.stringify({ keys: [key] }),
    RECEIPT_ISSUER: "https://keys.test",
    EVENTS_WEBHOOK_URL: "https://backend.test/events",
    EVENTS_WEBHOOK_SECRETS: `whsec_${"A".repeat(32)}`,
    STOCK_TARGET: "50",
  };
  expect(servedSettings({ ...environment, PATH: "/bin", STATE_DIR: "data", PORT: "1" }, 0)).toEqual(environment);
});

it("takes what only the full build has: it is the one that runs", () => {
  expect(servedSettings({ ...ISSUER, CLAIM_CAPABILITIES: "on" }, 0)).toMatchObject({ CLAIM_CAPABILITIES: "on" });
});

it("has a restore epoch that is before neither the setting nor the last restore", () => {
  expect(servedSettings({ ...ISSUER, RESTORE_EPOCH: "5" }, 7)).toMatchObject({ RESTORE_EPOCH: "7" });
  expect(servedSettings({ ...ISSUER, RESTORE_EPOCH: "7" }, 5)).toMatchObject({ RESTORE_EPOCH: "7" });
  expect(servedSettings(ISSUER, 0)).toEqual(ISSUER);
});
