/** Claims by source, refusals and the lag of D1 over the last hours or days. */
import { h } from "../../dom.ts";
import type { Api } from "../api.ts";
import type { Series } from "../operator-api-types.ts";
import { chartsOf, LATE_SECONDS } from "../over-time.ts";
import { empty, failure, notCounting, type Panel, when } from "../pieces.ts";
import { spanPanel } from "../span-panel.ts";

const SPANS = {
  six_hours: "Last six hours",
  day: "Last day",
  two_days: "Last two days",
} as const satisfies Record<Series["span"], string>;

export const seriesView = (api: Api): Panel =>
  spanPanel(
    {
      id: "series-title",
      title: "Over time",
      classes: "stack",
      choice: { id: "series-span", name: "Time span of the charts" },
      spans: SPANS,
      first: "day",
      what: "what was counted",
    },
    async (span, again) => {
      const [found, chart] = await Promise.all([
        api.call<Series>("GET", `/v1/admin/series?${new URLSearchParams({ span })}`),
        import("../chart.ts").catch(() => undefined),
      ]);
      if (!found.ok) return [failure(found.refusal, again)];
      if (!found.value.counting) return [notCounting()];
      if (chart === undefined) return [empty("The charts could not be loaded. Is there a network?")];
      return shown(found.value, chart.timeChart);
    },
  );

function shown(series: Series, timeChart: typeof import("../chart.ts").timeChart): HTMLElement[] {
  const { claims, refusals, lag } = chartsOf(series);
  const minutes = series.step_seconds / 60;
  return [
    h(
      "p",
      { class: "note" },
      `Since ${when(series.since)}, in steps of ${minutes === 60 ? "an hour" : `${minutes} minutes`}, UTC. What happened in the last minute may be missing. Over longer times: `,
      h("a", { href: "/docs/operate/metrics" }, "queries and a dashboard"),
      ".",
    ),
    h(
      "div",
      { class: "charts" },
      timeChart("Claims by what clients gave", claims, "No claims in this time."),
      timeChart("Requests refused", refusals, "No request was refused in this time."),
      timeChart(
        "How late D1 heard of a change, in seconds",
        lag,
        `No change reached D1 more than ${LATE_SECONDS} seconds late in this time.`,
      ),
    ),
  ];
}
