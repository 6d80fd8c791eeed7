/** What isolates count for operators, told when a test wants it. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { ACTIVITY_SEND_MS } from "../../../src/config/limits.ts";
import { ADMIN, token } from "./auth.ts";
import { START_MS } from "./clock.ts";
import { call } from "./http.ts";

/** Longer than anything is shown, and than a test goes on by itself. */
const DAYS_MS = 96 * 3_600_000;

export const operatorToken = () => token({ user: "olga", client: undefined, scope: ADMIN });

/** Has the isolate tell what it has counted: with the first request after its span. */
export async function tellActivity(): Promise<void> {
  vi.setSystemTime(Date.now() + ACTIVITY_SEND_MS);
  const told = vi.spyOn(env.OPERATOR_RECORDS, "getByName");
  await call("GET", "/v1/admin/users?prefix=x", { token: await operatorToken() });
  await Promise.all(told.mock.results.map(({ value }) => value));
  told.mockRestore();
}

/** When the tests of this file have come to: each begins with the clock at its start again. */
let reachedMs = START_MS;

/** What earlier tests have caused is told, and older than anything that is shown. */
export async function forgetActivity(): Promise<void> {
  for (const then of [tellActivity, async () => undefined]) {
    reachedMs += DAYS_MS;
    vi.setSystemTime(reachedMs);
    await then();
  }
}
