import { availableParallelism } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { NEW_SECRET, OLD_SECRET } from "./test/support/webhook-secrets.ts";
import { NO_BUDGETS } from "./tools/lib/no-budgets.ts";
import { newSigningKey } from "./tools/lib/tokens.ts";

/** A directory of three databases; before that it was one, and not all users have moved. */
const THREE_DATABASES = { DIRECTORY_BINDINGS: "DB0,DB1,DB2", DIRECTORY_FORMER_BINDINGS: "DB" };

type WorkerOptions = {
  d1Databases?: readonly string[];
  hasReceiver?: boolean;
  main?: string;
  compatibilityFlags?: string[];
};

/** A Worker as deployed, but for its own token key, whose private half the tests hold. */
const worker = (
  variables: Record<string, string>,
  { d1Databases = [], hasReceiver = false, ...other }: WorkerOptions = {},
) =>
  cloudflareTest(async ({ inject }) => {
    const { privateJwk, jwks } = await newSigningKey("test");
    return {
      ...(other.main === undefined ? {} : { main: other.main }),
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        ...(other.compatibilityFlags === undefined ? {} : { compatibilityFlags: other.compatibilityFlags }),
        // It counts by the clock of the machine, and one user of a test makes more requests than any person.
        ratelimits: {},
        ...(d1Databases.length > 0 ? { d1Databases: Object.fromEntries(d1Databases.map((name) => [name, name])) } : {}),
        bindings: {
          TEST_MIGRATIONS: await readD1Migrations("./migrations"),
          TEST_PRIVATE_JWK: JSON.stringify(privateJwk),
          AUTH_JWKS: jwks,
          AUTH_ISSUER: "https://auth.test",
          AUTH_AUDIENCE: "mls-key-directory-test",
          ...variables,
          ...(hasReceiver ? { EVENTS_WEBHOOK_URL: `${inject("receiver")}/hook` } : {}),
        },
      },
    };
  });

/** A deployment whose backend is told of low stock, while its secret is being exchanged. */
const EVENTS = { EVENTS_WEBHOOK_SECRETS: `${NEW_SECRET},${OLD_SECRET}` };

/** No test is about time: this only ends one that hangs, on the slowest and busiest machine. */
const TIMEOUTS = { testTimeout: 10 * 60_000, hookTimeout: 10 * 60_000 };

export default defineConfig({
  test: {
    // By default one core is left free, which on two cores means one file after the other, most of them waiting.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      { test: { name: "node", include: ["test/node/**/*.test.ts"], ...TIMEOUTS } },
      // In Node too: they drive a Chromium of the machine.
      { test: { name: "browser", include: ["test/browser/**/*.test.ts"], ...TIMEOUTS } },
      {
        // Tests of claims as such are not about budgets; those that are have a project with the defaults in force.
        plugins: [worker(NO_BUDGETS)],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          exclude: ["budgets", "events", "full", "shards"].map((folder) => `test/workers/${folder}/**`),
          setupFiles: ["test/workers/support/worker-setup.ts"],
          ...TIMEOUTS,
        },
      },
      {
        plugins: [worker({ ...NO_BUDGETS, ...THREE_DATABASES }, { d1Databases: ["DB", "DB0", "DB1", "DB2"] })],
        test: {
          name: "shards",
          include: ["test/workers/shards/**/*.test.ts"],
          setupFiles: ["test/workers/support/worker-setup.ts"],
          ...TIMEOUTS,
        },
      },
      {
        // The other entry, with all that the plain one lacks, on a runtime that has ML-DSA of its own.
        plugins: [
          worker(
            { ...NO_BUDGETS, CIPHERSUITE_PROFILE: "openmls-0.9" },
            { main: "./src/worker-full.ts", compatibilityFlags: ["webcrypto_modern_algorithms"] },
          ),
        ],
        test: {
          name: "full",
          include: ["test/workers/full/**/*.test.ts"],
          setupFiles: ["test/workers/support/worker-setup.ts"],
          ...TIMEOUTS,
        },
      },
      {
        plugins: [worker({ ...NO_BUDGETS, ...EVENTS }, { hasReceiver: true })],
        test: {
          name: "events",
          include: ["test/workers/events/**/*.test.ts"],
          globalSetup: ["test/support/event-receiver.ts"],
          setupFiles: ["test/workers/support/worker-setup.ts"],
          ...TIMEOUTS,
        },
      },
      {
        plugins: [worker({})],
        test: {
          name: "budgets",
          include: ["test/workers/budgets/**/*.test.ts"],
          setupFiles: ["test/workers/support/worker-setup.ts"],
          ...TIMEOUTS,
        },
      },
    ],
  },
});
