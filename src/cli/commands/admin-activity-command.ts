/** What happens over the whole directory: who did most, and how much there was over time. */
import { z } from "zod";
import { dateOf } from "../../inspect/text.ts";
import type { Command } from "../command.ts";
import { pathOf } from "../remote/directory-client.ts";
import { OPERATOR_OPTIONS as OPTIONS, operator, show } from "../remote/operator.ts";
import { table } from "../terminal.ts";

const TOP_LIST = z.looseObject({
  total: z.number(),
  missed: z.number(),
  rows: z.array(
    z.looseObject({
      pool: z.string(),
      user: z.string().nullable(),
      count: z.number(),
      code: z.optional(z.string()),
    }),
  ),
});
const TOP = z.looseObject({
  counting: z.boolean(),
  since: z.number(),
  claimers: TOP_LIST,
  targets: TOP_LIST,
  refusals: TOP_LIST,
});
const COUNTS = z.array(z.number());
const SERIES = z.looseObject({
  counting: z.boolean(),
  since: z.number(),
  step_seconds: z.number(),
  claims: z.looseObject({ one_time: COUNTS, last_resort: COUNTS, missed: COUNTS, rate_limited: COUNTS }),
  refusals: z.looseObject({ rate_limited: COUNTS, not_allowed: COUNTS, failed: COUNTS, other: COUNTS }),
  directory_lag_seconds: COUNTS,
});

const TOP_SPANS = ["hour", "day"] as const;

const top: Command = {
  name: "admin top",
  summary: "Show who claims most, who is claimed from most and who is refused most, in the last hour or day",
  options: { span: { value: "SPAN", help: TOP_SPANS.join(", ") }, ...OPTIONS },
  examples: ["admin top", "admin top --span day --json"],
  async run(given, io) {
    const path = `${pathOf("admin", "top")}?${new URLSearchParams({ span: given.choice("span", TOP_SPANS, "hour") })}`;
    const { body } = await (await operator(given, io)).call("GET", path, TOP);
    const list = (head: string, { total, missed, rows }: z.infer<typeof TOP>["claimers"]) => {
      const cells = rows.map(({ user, pool, count, code }) => [
        user === null ? `pool ${pool}` : user,
        count,
        code ?? "",
      ]);
      const doubt = missed === 0 ? "" : `, each ${missed} too low at most`;
      return `${table(io, [head, `OF ${total}${doubt}`, ""], cells)}`;
    };
    return show(given, io, body, () =>
      [
        body.counting ? `since ${dateOf(body.since)}\n` : "ACTIVITY_COUNTS is off: nothing is counted\n",
        list("CLAIMER", body.claimers),
        list("CLAIMED FROM", body.targets),
        list("REFUSED", body.refusals),
      ].join("\n"),
    );
  },
};

const SERIES_SPANS = ["six_hours", "day", "two_days"] as const;

const series: Command = {
  name: "admin series",
  summary: "Show claims by source, refusals and how late D1 was, over the last six hours, day or two days",
  options: { span: { value: "SPAN", help: SERIES_SPANS.join(", ") }, ...OPTIONS },
  examples: ["admin series", "admin series --span two_days --json"],
  async run(given, io) {
    const span = given.choice("span", SERIES_SPANS, "day");
    const path = `${pathOf("admin", "series")}?${new URLSearchParams({ span })}`;
    const { body } = await (await operator(given, io)).call("GET", path, SERIES);
    const { claims, refusals, directory_lag_seconds: lag } = body;
    const columns = [
      ["ONE-TIME", claims.one_time],
      ["LAST RESORT", claims.last_resort],
      ["MISSED", claims.missed],
      ["NO BUDGET", claims.rate_limited],
      ["429", refusals.rate_limited],
      ["401, 403", refusals.not_allowed],
      ["5XX", refusals.failed],
      ["OTHER 4XX", refusals.other],
      ["D1 LATE, S", lag],
    ] as const;
    // Of an idle night there is nothing to read.
    const rows = lag.flatMap((_, step) => {
      const cells = columns.map(([, counts]) => counts[step] ?? 0);
      return cells.some((count) => count > 0) ? [[dateOf(body.since + step * body.step_seconds), ...cells]] : [];
    });
    return show(given, io, body, () => {
      if (!body.counting) return "ACTIVITY_COUNTS is off: nothing is counted\n";
      if (rows.length === 0) return `nothing since ${dateOf(body.since)}\n`;
      return table(io, [`${body.step_seconds / 60} MINUTES FROM`, ...columns.map(([head]) => head)], rows);
    });
  },
};

export const ADMIN_ACTIVITY: readonly Command[] = [top, series];
