/** Charts with uPlot, and the same numbers as a table. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Child, h } from "../dom.ts";
import { heights, type Part, readout, shownSteps, type TimeSeries, tickLabel, ticks } from "./over-time.ts";
import { table } from "./pieces.ts";
import type { Bar } from "./stock-totals.ts";

const HEIGHT = 190;
const BAR_WIDTH = 0.72;
/** A label of an axis and the room beside it. */
const LABEL_PX = 56;
/** Whole numbers, in order. */
const INCREMENTS = Array.from({ length: 9 }, (_, zeros) => [1, 2, 5].map((digit) => digit * 10 ** zeros)).flat();

/** How many there are of each. */
export function barChart(title: string, bars: readonly Bar[]): HTMLElement {
  const rows = bars.map(({ label, count }) =>
    h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, String(count))),
  );
  const numbers = h("div", { class: "unseen" }, h("table", {}, h("caption", {}, title), h("tbody", {}, ...rows)));
  const place = placeOfChart();
  keepDrawn(place, (width) => {
    const { options, axis, paths } = frame(width, bars.length);
    return new uPlot(
      {
        ...options,
        cursor: { show: false },
        axes: [
          {
            ...axis,
            size: 28,
            grid: { show: false },
            splits: () => bars.map((_, index) => index),
            values: (_, splits) => splits.map((split) => shortened(bars[split]?.label ?? "", bars.length)),
            // As many as there is room for, from the first on.
            filter: (self, splits) => {
              const every = Math.ceil((splits.length * LABEL_PX) / Math.max(self.width, 1));
              return splits.map((split, index) => (index % every === 0 ? split : null));
            },
          },
          { ...axis, size: 44, incrs: INCREMENTS },
        ],
        series: [{}, { ...paths, fill: colourOf("--accent"), stroke: colourOf("--accent") }],
      },
      [bars.map((_, index) => index), bars.map(({ count }) => count)],
      place,
    );
  });
  return h("figure", { class: "panel" }, h("figcaption", {}, title), place, numbers);
}

/** How many there were in each step of time, the parts of a step on top of each other. `none` is said where there were none. */
export function timeChart(title: string, series: TimeSeries, none: string): HTMLElement {
  const { parts } = series;
  const caption = h("figcaption", {}, title);
  const shown = shownSteps(series);
  if (shown.length === 0) return h("figure", { class: "panel" }, caption, h("p", { class: "empty" }, none));
  const keys = parts.map(({ kind }) => h("span", { class: `key ${kind}`, "aria-hidden": "true" }));
  const legend = h(
    "ul",
    { class: "legend" },
    ...parts.map((part, index) => h("li", {}, keys[index], part.name, " ", h("strong", {}, part.total))),
  );
  const pointed = h("p", { class: "note pointed", "aria-hidden": "true" });
  const place = placeOfChart();
  keepDrawn(place, (width) => {
    const steps = series.steps.length;
    const { options, axis, paths } = frame(width, steps);
    return new uPlot(
      {
        ...options,
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        hooks: {
          setCursor: [
            (self) => {
              pointed.textContent = readout(series, self.cursor.idx ?? undefined);
            },
          ],
        },
        axes: [
          {
            ...axis,
            size: 28,
            grid: { show: false },
            splits: (self) => ticks(series, Math.max(1, Math.floor(self.width / LABEL_PX))),
            values: (_, splits) => splits.map((split) => tickLabel(series, split)),
          },
          { ...axis, size: 44, incrs: INCREMENTS },
        ],
        // The highest first, so that each part is seen below the one that was drawn before it.
        series: [
          {},
          ...parts.map((_, index) => {
            const colour = () => keyColour(keys[index]);
            return { ...paths, fill: colour, stroke: colour };
          }),
        ],
      },
      [series.steps.map((_, index) => index), ...heights(parts)],
      place,
    );
  });
  return h(
    "figure",
    { class: "panel" },
    caption,
    legend,
    place,
    pointed,
    h("details", {}, h("summary", {}, "As a table"), tableOf(title, series, shown, parts)),
  );
}

const tableOf = (title: string, series: TimeSeries, shown: readonly number[], parts: readonly Part[]): HTMLElement =>
  table(
    title,
    ["From (UTC)", ...parts.map(({ name }) => `#${name}`)],
    shown.map((step): Child[] => [
      series.steps[step],
      ...parts.map(({ counts }) => (counts[step] ?? 0).toLocaleString("en")),
    ]),
  );

const placeOfChart = (): HTMLElement => h("div", { class: "chart", "aria-hidden": "true" });

/** Draws once the place has a size, which it has when it is in the page, and again when that or the light changes. */
function keepDrawn(place: HTMLElement, draw: (width: number) => uPlot): void {
  let plot: uPlot | undefined;
  new ResizeObserver(() => {
    const width = place.clientWidth;
    if (!place.isConnected || width === 0) return;
    if (plot === undefined) plot = draw(width);
    else plot.setSize({ width, height: HEIGHT });
  }).observe(place);
  // The canvas does not follow the colours of the page by itself.
  const redraw = () => plot?.redraw(false, true);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

/** What all charts have. */
function frame(width: number, bars: number) {
  const paths = uPlot.paths.bars?.({ size: [BAR_WIDTH, 64], radius: bars > 16 ? 0 : 0.12 });
  return {
    options: {
      width,
      height: HEIGHT,
      legend: { show: false },
      scales: {
        x: { time: false, range: [-0.6, bars - 0.4] as [number, number] },
        y: { range: (_: uPlot, __: number, max: number): [number, number] => [0, Math.max(max, 1)] },
      },
    },
    axis: {
      stroke: colourOf("--soft"),
      grid: { stroke: colourOf("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui, sans-serif",
    },
    paths: { width: 0, points: { show: false }, ...(paths ? { paths } : {}) },
  };
}

const colourOf = (name: string) => () => getComputedStyle(document.documentElement).getPropertyValue(name);

const keyColour = (key: HTMLElement | undefined): string =>
  key === undefined ? "" : getComputedStyle(key).backgroundColor;

/** Of "in 3 weeks", where there are many of them, the number. */
const shortened = (label: string, count: number): string =>
  count > 8 ? label.replace(/^in (\d+) weeks?$/, "+$1 w") : label;
