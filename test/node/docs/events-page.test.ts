/** docs/events.md shows what is sent, says the bounds that the code keeps, and its recipe is the example that is run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as limits from "../../../src/config/limits.ts";
import type { StockEvent } from "../../../src/contract/event-messages.ts";
import { payloadOf } from "../../../src/pool/events/event-payload.ts";

const ROOT = join(import.meta.dirname, "../../..");
const page = readFileSync(join(ROOT, "docs/events.md"), "utf8");
const flat = page.replace(/\s+/g, " ");

type Shown = ReturnType<typeof payloadOf>;

const shown = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = ""]) => JSON.parse(text) as Shown);

/** The event that would be sent as this is. */
const eventOf = ({ type, timestamp, data }: Shown): StockEvent => ({
  id: "evt_1",
  sequence: data.sequence,
  type,
  cause: data.cause,
  client: data.client,
  ciphersuite: data.ciphersuite,
  at: Date.parse(timestamp) / 1000,
  available: data.available,
  lastResort: data.last_resort,
  nextExpiry: data.next_expiry,
  ...("expires_by" in data && data.expires_by !== undefined
    ? { expiring: { by: data.expires_by, left: data.left ?? 0 } }
    : {}),
  attempts: 0,
});

it("shows payloads as they are sent", () => {
  expect(shown).toHaveLength(2);
  for (const payload of shown) {
    const stock = { targetPackages: 100, capPackages: 200, lowWatermarkPackages: 50 };
    const sent = payloadOf(eventOf(payload), payload.data.user, stock);
    expect(sent).toEqual(payload);
    expect(Object.keys(sent.data)).toEqual(Object.keys(payload.data));
  }
});

it("says the bounds of limits.ts", () => {
  expect(limits.EVENT_TIMEOUT_MS).toBe(10_000);
  expect(flat).toContain("An attempt takes ten seconds at most.");
  expect([limits.EVENT_RETRY_MIN_MS, limits.EVENT_RETRY_MAX_MS]).toEqual([30_000, 3_600_000]);
  expect(flat).toContain("from half a minute to an hour");
  expect(flat).toContain(`After ${limits.EVENT_ATTEMPTS} attempts`);
  expect(flat).toContain(`dropped after ${limits.EVENT_REJECTED_ATTEMPTS} such answers`);
  expect(flat).toContain(`Of one user ${limits.MAX_PENDING_EVENTS} wait at most`);
  expect([limits.MAX_EVENT_SECRETS, limits.EXPIRING_WITHIN_SECONDS]).toEqual([3, 7 * 24 * 3_600]);
});

it("counts the time for all attempts right", () => {
  const pauses = Array.from({ length: limits.EVENT_ATTEMPTS - 1 }, (_, attempt) =>
    Math.min(limits.EVENT_RETRY_MAX_MS, limits.EVENT_RETRY_MIN_MS * 2 ** attempt),
  );
  const days = pauses.reduce((sum, pause) => sum + pause, 0) / (24 * 3_600_000);
  // Jitter takes up to half of each.
  expect(days / 2).toBeGreaterThan(1.5);
  expect(days).toBeLessThanOrEqual(3.05);
});

it("shows lines of the example", () => {
  const [, code = ""] = /<!-- docs\/examples\/events\/receiver\.ts -->\s+```ts\n([\s\S]*?)```/.exec(page) ?? [];
  const example = readFileSync(join(ROOT, "docs/examples/events/receiver.ts"), "utf8");
  const lines = code.trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(example).toContain(lines[0]);
  expect(example).toContain("webhook.verify(body, Object.fromEntries(request.headers))");
});
