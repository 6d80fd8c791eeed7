/**
 * The pool against a model of it. A failure prints the seed and the shrunk history; VITE_MODEL_SEED repeats the run,
 * VITE_MODEL_RUNS makes it longer.
 */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { readClients } from "../../../src/directory/queries.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { START_MS } from "../support/clock.ts";
import { ED25519, freshUser, signatureKey } from "../support/pool-calls.ts";
import { randomSeed } from "../support/seed.ts";
import { histories, look, type RealPool, ring } from "./model/model-commands.ts";
import { ReferencePool } from "./model/reference-pool.ts";

const RUNS = Number(import.meta.env.VITE_MODEL_RUNS ?? 500);
const MAX_COMMANDS = 30;
const TIMEOUT_MS = 20 * 60_000;

const seed = Number(import.meta.env.VITE_MODEL_SEED ?? randomSeed());

/** The directory after the outbox has run, against the model. */
async function directoryAgrees(model: ReferencePool, real: RealPool): Promise<void> {
  await look.run(model, real);
  model.nowMs += 3600_000;
  vi.setSystemTime(model.nowMs);
  await ring.run(model, real);
  await look.run(model, real);
  const listed = (await readClients(env.DB, model.user)) ?? [];
  const offers = listed.map(({ client, offers }) => [
    client,
    offers.map(({ ciphersuite, available, lastResort, nextExpiry, needsUpload }) => ({
      ciphersuite,
      available,
      lastResort,
      nextExpiry: nextExpiry ?? undefined,
      needsUpload,
    })),
  ]);
  const expected = model.clients
    .filter(({ revoked }) => !revoked)
    .map((client) => [
      client.name,
      model.inventory(client).map(({ target: _, lowWatermark: __, ...offer }) => ({
        ...offer,
        lastResort: offer.lastResort !== undefined,
        needsUpload: offer.available < 50,
      })),
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  expect(offers).toEqual(expected);
}

describe("a pool beside its model", () => {
  it(
    "answers every history as the model does, and tells the directory the same",
    async () => {
      await fc.assert(
        fc.asyncProperty(histories(MAX_COMMANDS), async (history) => {
          const user = freshUser();
          const model = new ReferencePool(user, START_MS);
          const real = { user };
          vi.setSystemTime(START_MS);
          await fc.asyncModelRun(async () => {
            await poolFor(env, user).register({
              user,
              restoreEpoch: 0,
              client: "phone",
              signatureKeys: [{ scheme: ED25519, publicKey: signatureKey }],
            });
            model.register("phone", signatureKey);
            return { model, real };
          }, history);
          await directoryAgrees(model, real);
        }),
        { numRuns: RUNS, seed },
      );
    },
    TIMEOUT_MS,
  );
});
