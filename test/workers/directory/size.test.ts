/** What a device costs the directory: bytes, and rows that are written, which is what is billed. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { CapabilityLists } from "../../../src/contract/capability-lists.ts";
import { type ClientSnapshot, columnsOf, fromColumns } from "../../../src/directory/client-row.ts";
import { toBase64Url } from "../../../src/shared/base64url.ts";
import { offer, project, revoked, snapshot } from "../support/snapshots.ts";

const DEVICES = 1_000;
const EXPIRY = 1_802_728_234;
const ED25519 = 0x0807;

/** One suite, one key, a hundred packages and a last resort, and what today's clients list. */
const ordinary = (client: string, change: Partial<ClientSnapshot> = {}): ClientSnapshot => ({
  client,
  registeredAt: 1_795_467_034,
  revokedAt: undefined,
  signatureKeys: [{ scheme: ED25519, publicKey: toBase64Url(crypto.getRandomValues(new Uint8Array(32))) }],
  offers: [offer(100, { nextExpiry: EXPIRY, needsUpload: false, capabilities: [0, 1] })],
  capabilities: [
    { extensions: [10], proposals: [], credentials: [1] },
    { extensions: [], proposals: [8], credentials: [1, 2] },
  ],
  ...change,
});

const identifier = (prefix: string, index: number): string =>
  `${prefix}-${String(index).padStart(19 - prefix.length, "0")}`;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

it("an ordinary device is at most 300 bytes of the database, indexes included", async () => {
  const size = async () => (await env.DB.prepare("SELECT 1").run()).meta.size_after;
  const news = (index: number) => [ordinary(identifier("device", index))];
  expect(bytesOf(identifier("device", 7))).toBe(20);
  const before = await size();
  for (let index = 0; index < DEVICES; index += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, offset) =>
        project(identifier("user", ((index + offset) * 7_919) % 10_007), 1_795_467_034_012, news(index + offset)),
      ),
    );
  }
  const { results } = await env.DB.prepare("SELECT COUNT(*) AS n FROM clients").run<{ n: number }>();
  expect(results).toEqual([{ n: DEVICES }]);
  const perDevice = ((await size()) - before) / DEVICES;
  console.log(`bytes of the database file for a device: ${perDevice}`);
  expect(perDevice).toBeLessThanOrEqual(300);
  const { stock, signature_keys, capabilities } = columnsOf(ordinary("x"));
  const texts = bytesOf(stock + signature_keys + capabilities) + 40;
  console.log(`bytes of its texts: ${texts}`);
  expect(texts).toBeLessThan(200);
});

it("a client that supports as much as anything can is below 64 KiB, without the sets of its oldest packages", () => {
  const list = (from: number, length: number) =>
    Array.from({ length }, (_, index) => 60_000 + ((from + index) % 5_000));
  const set = (index: number): CapabilityLists => ({
    extensions: list(index, 800),
    proposals: list(index, 800),
    credentials: list(index, 800),
  });
  const capabilities = Array.from({ length: 64 }, (_, index) => set(index));
  const places = capabilities.map((_, place) => place);
  const key = toBase64Url(new Uint8Array(133));
  const largest: ClientSnapshot = {
    ...ordinary("c".repeat(256)),
    signatureKeys: Array.from({ length: 5 }, (_, scheme) => ({ scheme, publicKey: key })),
    offers: Array.from({ length: 7 }, (_, suite) =>
      offer(200, { ciphersuite: suite + 1, nextExpiry: EXPIRY, capabilities: places }),
    ),
    capabilities,
  };
  const columns = columnsOf(largest);
  const texts = columns.signature_keys + columns.stock + columns.capabilities + largest.client;
  expect(bytesOf(texts) + 256 + 64).toBeLessThanOrEqual(64 * 1024);
  const [first] = fromColumns(columns).offers;
  expect(first?.capabilitiesComplete).toBe(false);
  // The newest are first, and stay.
  expect(first?.capabilities).toEqual(capabilities.slice(0, 4));
});

it("what fits is complete, and each set is kept once", () => {
  const columns = columnsOf(ordinary("phone"));
  expect(fromColumns(columns).offers).toMatchObject([
    { available: 100, nextExpiry: EXPIRY, capabilitiesComplete: true, capabilities: ordinary("phone").capabilities },
  ]);
});

it("writes two rows for a registration, at most three for an upload, and none for what it has", async () => {
  const written: number[] = [];
  const batch: D1Database["batch"] = async <T>(statements: D1PreparedStatement[]) => {
    const results = await env.DB.batch<T>(statements);
    written.push(results.reduce((sum, { meta }) => sum + meta.rows_written, 0));
    return results;
  };
  const db = { prepare: (text: string) => env.DB.prepare(text), batch } as D1Database;
  const tell = (version: number, news: ClientSnapshot | string) => project("counted", version, [news], db);
  const stocked = (available: number, change = {}) =>
    ordinary("phone", { offers: [offer(available, { nextExpiry: EXPIRY, ...change })] });
  await tell(1, snapshot("phone", 0, { offers: [] }));
  await tell(2, stocked(100));
  await tell(3, stocked(60));
  await tell(4, stocked(49));
  await tell(5, stocked(100, { nextExpiry: EXPIRY + 1 }));
  await tell(6, stocked(99, { nextExpiry: EXPIRY + 1 }));
  await tell(6, stocked(99, { nextExpiry: EXPIRY + 1 }));
  await tell(7, revoked("phone"));
  await tell(8, "phone");
  console.log(`rows written: ${written}`);
  expect(written[0]).toBeLessThanOrEqual(2);
  expect(Math.max(...written)).toBeLessThanOrEqual(3);
  expect(written[6]).toBe(0);
});
