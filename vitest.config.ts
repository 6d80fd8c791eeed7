import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { exportJWK, generateKeyPair } from "jose";
import { defineConfig } from "vitest/config";

/** Tests of claims as such are not about budgets; those that are stand in a project with the defaults in force. */
const NO_BUDGETS = { PAIR_BUDGET_BURST: "off", TARGET_BUDGET_PER_HOUR: "off" };

/** A Worker as deployed, but for its own token key, whose private half the tests hold. */
const worker = (variables: Record<string, string>) =>
  cloudflareTest(async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const publicJwk = { ...(await exportJWK(publicKey)), kid: "test", alg: "ES256", use: "sig" };
    const privateJwk = { ...(await exportJWK(privateKey)), kid: "test", alg: "ES256" };
    return {
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          TEST_MIGRATIONS: await readD1Migrations("./migrations"),
          TEST_PRIVATE_JWK: JSON.stringify(privateJwk),
          AUTH_JWKS: JSON.stringify({ keys: [publicJwk] }),
          AUTH_ISSUER: "https://auth.test",
          AUTH_AUDIENCE: "mls-key-directory-test",
          ...variables,
        },
      },
    };
  });

/** No test is about time: this only ends one that hangs, on the slowest and busiest machine. */
const TIMEOUTS = { testTimeout: 10 * 60_000, hookTimeout: 10 * 60_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "node", include: ["test/node/**/*.test.ts"], ...TIMEOUTS } },
      {
        plugins: [worker(NO_BUDGETS)],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          exclude: ["test/workers/budgets/**"],
          setupFiles: ["test/workers/support/setup.ts"],
          ...TIMEOUTS,
        },
      },
      {
        plugins: [worker({})],
        test: {
          name: "budgets",
          include: ["test/workers/budgets/**/*.test.ts"],
          setupFiles: ["test/workers/support/setup.ts"],
          ...TIMEOUTS,
        },
      },
    ],
  },
});
