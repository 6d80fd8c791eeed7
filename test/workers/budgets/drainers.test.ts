/** The drainers, with the budgets in force: what one who claims again and again gets, and a thousand who do. */
import { describe, expect, it } from "vitest";
import { PAIR_BUDGET_BURST_CLAIMS, TARGET_BUDGET_CLAIMS_PER_HOUR } from "../../../src/config/limits.ts";
import { call, claimer, type Json, registeredOwner } from "../support/http.ts";
import { forgetActivity, operatorToken, tellActivity } from "../support/told-activity.ts";

const countBy = (words: readonly string[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, group]) => [word, group.length]));

describe("abuse by claims", () => {
  it("gives a claimer who drains his burst, and then 429 with a time to wait", async () => {
    await forgetActivity();
    const victim = await registeredOwner();
    await victim.publish([...victim.forgeMany(60), victim.forge({ lastResort: true })]);
    const drainer = await claimer();
    const answers = [];
    for (let claim = 0; claim < 30; claim++) answers.push(await drainer.claim(victim.user));
    expect(countBy(answers.map(({ status }) => String(status)))).toEqual({
      200: PAIR_BUDGET_BURST_CLAIMS,
      429: 30 - PAIR_BUDGET_BURST_CLAIMS,
    });
    expect(Number(answers.at(-1)?.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await victim.inventory())[0].available).toBe(60 - PAIR_BUDGET_BURST_CLAIMS);
    // Operators see it over time: as what the client gave, and as requests that were refused.
    await tellActivity();
    const { json } = await call("GET", "/v1/admin/series", { token: await operatorToken() });
    const last = ({ rate_limited, one_time }: Json) => [rate_limited?.at(-1), one_time?.at(-1)];
    expect([...last(json.claims), ...last(json.refusals)]).toEqual([
      30 - PAIR_BUDGET_BURST_CLAIMS,
      PAIR_BUDGET_BURST_CLAIMS,
      30 - PAIR_BUDGET_BURST_CLAIMS,
      undefined,
    ]);
  });

  it("gives a thousand claimers of one victim an hour's budget and then its last resort, and the victim keeps the rest", async () => {
    const victim = await registeredOwner();
    for (let batch = 0; batch < 2; batch++) await victim.publish(victim.forgeMany(100));
    await victim.publish([victim.forge({ lastResort: true })]);
    const outcomes: string[] = [];
    for (let crowd = 0; crowd < 20; crowd++) {
      const claims = Array.from({ length: 50 }, async () => (await claimer()).claim(victim.user));
      outcomes.push(...(await Promise.all(claims)).map(({ json }) => json.clients[0].status));
    }
    // Half of the hour's budget at once, and the other half as the hour passes.
    const claimed = TARGET_BUDGET_CLAIMS_PER_HOUR / 2;
    expect(countBy(outcomes)).toEqual({ claimed, last_resort: 1000 - claimed });
    expect((await victim.inventory())[0].available).toBe(200 - claimed);
    const journal = await victim.as("GET", "/journal?limit=500");
    expect(journal.json.entries).toHaveLength(500);
  });
});
