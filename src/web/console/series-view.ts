/** Claims by source, refusals and the lag of D1 over the last hours or days. */
import { h } from "../dom.ts";
import type { Api } from "./api.ts";
import type { Series } from "./operator-api-types.ts";
import { chartsOf, LATE_SECONDS } from "./over-time.ts";
import { empty, failure, loading, panelHead, when } from "./pieces.ts";

const SPANS = {
  six_hours: "Last six hours",
  day: "Last day",
  two_days: "Last two days",
} as const satisfies Record<Series["span"], string>;

export function seriesView(api: Api): HTMLElement {
  const place = h("div", { class: "stack" });
  const span = h(
    "select",
    { id: "series-span", "aria-label": "Over which time" },
    ...Object.entries(SPANS).map(([value, name]) => h("option", { value, selected: value === "day" }, name)),
  );
  /** Counts the loads: an answer that comes after another span was chosen is dropped. */
  let turn = 0;
  const load = async () => {
    turn += 1;
    const own = turn;
    place.replaceChildren(loading("what was counted"));
    const [found, chart] = await Promise.all([
      api.call<Series>("GET", `/v1/admin/series?${new URLSearchParams({ span: span.value })}`),
      import("./chart.ts").catch(() => undefined),
    ]);
    if (own !== turn) return;
    if (!found.ok) place.replaceChildren(failure(found.refusal, () => void load()));
    else if (!found.value.counting)
      place.replaceChildren(empty("The setting ACTIVITY_COUNTS has switched the counts off."));
    else if (chart === undefined) place.replaceChildren(empty("The charts could not be loaded. Is there a network?"));
    else place.replaceChildren(...shown(found.value, chart.timeChart));
  };
  span.addEventListener("change", () => void load());
  void load();
  return h(
    "section",
    { class: "stack", "aria-labelledby": "series-title" },
    panelHead(
      "series-title",
      "Over time",
      span,
      h("button", { type: "button", onclick: () => void load() }, "Refresh"),
    ),
    place,
  );
}

function shown(series: Series, timeChart: typeof import("./chart.ts").timeChart): HTMLElement[] {
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
