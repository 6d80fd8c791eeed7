/** Every test file finds a directory with its tables in place, and every test a clock that does not run. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach } from "vitest";
import { putOffTimeouts, stopClock } from "./clock.ts";

putOffTimeouts();
// Also for what a test file prepares before its first test.
stopClock();
beforeEach(stopClock);

await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
