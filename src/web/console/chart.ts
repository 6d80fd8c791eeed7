/** Bars with uPlot, and the same numbers as a table for those who do not see them. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { h } from "../dom.ts";
import type { Bar } from "./stock-totals.ts";

const HEIGHT = 190;
const PARTS = 0.72;

export function barChart(title: string, bars: readonly Bar[]): HTMLElement {
  const place = h("div", { class: "chart", "aria-hidden": "true" });
  const rows = bars.map(({ label, count }) =>
    h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, String(count))),
  );
  const table = h("div", { class: "unseen" }, h("table", {}, h("caption", {}, title), h("tbody", {}, ...rows)));
  const element = h("figure", { class: "panel" }, h("figcaption", {}, title), place, table);
  let plot: uPlot | undefined;
  // Its size is known once it is in the page, and changes with the window.
  const observer = new ResizeObserver(() => {
    const width = place.clientWidth;
    if (!place.isConnected || width === 0) return;
    if (plot === undefined) plot = draw(place, bars, width);
    else plot.setSize({ width, height: HEIGHT });
  });
  observer.observe(place);
  // The canvas does not follow the colours of the page by itself.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot?.redraw(false, true));
  new MutationObserver(() => plot?.redraw(false, true)).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });
  return element;
}

function draw(place: HTMLElement, bars: readonly Bar[], width: number): uPlot {
  const colour = (name: string) => () => getComputedStyle(document.documentElement).getPropertyValue(name);
  const axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const paths = uPlot.paths.bars?.({ size: [PARTS, 64], radius: 0.12 });
  return new uPlot(
    {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [-0.6, bars.length - 0.4] },
        y: { range: (_, __, max) => [0, Math.max(max, 1)] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          grid: { show: false },
          splits: () => bars.map((_, index) => index),
          values: (_, splits) => splits.map((split) => shortened(bars[split]?.label ?? "", bars.length)),
          // As many as there is room for, from the first on.
          filter: (self, splits) => {
            const every = Math.ceil((splits.length * 56) / Math.max(self.width, 1));
            return splits.map((split, index) => (index % every === 0 ? split : null));
          },
        },
        { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] },
      ],
      series: [
        {},
        {
          fill: colour("--accent"),
          stroke: colour("--accent"),
          width: 0,
          points: { show: false },
          ...(paths ? { paths } : {}),
        },
      ],
    },
    [bars.map((_, index) => index), bars.map(({ count }) => count)],
    place,
  );
}

/** Of "in 3 weeks", where there are many of them, the number. */
const shortened = (label: string, count: number): string =>
  count > 8 ? label.replace(/^in (\d+) weeks?$/, "+$1 w") : label;
