/**
 * `npm run pages`: builds the web pages into build/web, from where the Worker's deployment takes them as its assets. With
 * `--timed N` it then says how soon the inspector can be used on a slow phone, as N loads in Chromium show it.
 */
import { parseArgs } from "node:util";
import samples from "../test/vectors/samples.json" with { type: "json" };
import { natural, readOptions } from "./lib/args.ts";
import { buildPages, PAGES_FOLDER } from "./lib/pages/build.ts";
import { SLOW, timedLoads } from "./lib/pages/timed-loads.ts";

const loads = readOptions("npm run pages -- [--timed LOADS]", () => {
  const { values } = parseArgs({ options: { timed: { type: "string" } } });
  return natural("--timed", values.timed ?? "0");
});
const started = performance.now();
await buildPages();
console.log(`${PAGES_FOLDER}: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
if (loads > 0) {
  const [sample] = samples.samples;
  if (sample === undefined) throw new Error("expected a sample of a KeyPackage");
  const timed = await timedLoads(PAGES_FOLDER, sample.hex, loads);
  console.log(
    `inspector over ${SLOW.downloadBitsPerSecond / 1e6} Mbit/s with ${SLOW.latencyMs} ms for each request, a processor ${SLOW.timesSlower} times slower, ${loads} loads, in seconds:`,
  );
  console.log(`  usable                    ${spread(timed.map(({ usable }) => usable))}`);
  console.log(`  verdict of the address    ${spread(timed.map(({ verdict }) => verdict))}`);
}

/** Times in milliseconds. */
function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => ((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(2);
  return `median ${at(0.5)}, ${at(0)} to ${at(1)}`;
}
