/** Every test file finds a directory with its tables in place, and every test a clock that does not run. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach } from "vitest";
import { allShards, directoryOf } from "../../../src/directory/shards.ts";
import { putOffTimeouts, stopClock } from "./clock.ts";

putOffTimeouts();
// Also for what a test file prepares before its first test.
stopClock();
beforeEach(stopClock);

for (const { db } of allShards(directoryOf(env))) await applyD1Migrations(db, env.TEST_MIGRATIONS);
