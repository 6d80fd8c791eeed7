/** What was given, which of it is shown, and what is changed in it. The page loads it once it can be used. */
import { type Item, itemsOf } from "../../inspect/items.ts";
import { printable } from "../../inspect/text.ts";
import { byId } from "../dom.ts";
import { type Chooser, chooser } from "./chooser.ts";
import { readPlace, writePlace } from "./link.ts";
import type { PolicyName } from "./policy-names.ts";
import { type Resulting, resultView } from "./result-view.ts";

const problem = byId("input-problem");
const result = byId("result");

/** As they were given, and with what was changed in them. */
let given: readonly Item[] = [];
let items: Item[] = [];
let index = 0;
let at: number | undefined;
let policy: PolicyName = "directory";
let profile: string | undefined;
let view: Resulting | undefined;
/** Of several items, for as long as they are the ones that were given. */
let several: Chooser | undefined;

/** Shows what was typed or pasted. Where nothing was, what is shown stays: it came from a file or from the address. */
export function lookAtText(text: string): void {
  if (text.trim() === "" && view !== undefined) return;
  show(itemsOf(new TextEncoder().encode(text), "input"));
}

/** Shows what is in the files, or that one cannot be read, unless something else was given meanwhile. Resolves to whether it shows them. */
export async function lookAtFiles(files: readonly File[], isLast: () => boolean): Promise<boolean> {
  const read = files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }));
  const all = await Promise.all(read).catch(() => undefined);
  if (!isLast()) return false;
  if (all === undefined) problem.textContent = "The file could not be read.";
  else show(all.flatMap(({ name, bytes }) => itemsOf(bytes, printable(name))));
  return all !== undefined;
}

/** Shows the sample at the time that it is from, unless something else was given meanwhile. Resolves to what it shows, in hex. */
export async function lookAtSample(name: string, isLast: () => boolean): Promise<string | undefined> {
  const now = Math.floor(Date.now() / 1000);
  // Also for what a sample loads itself: that of ML-DSA has code of its own.
  const taken = await import("./samples.ts").then(({ sample }) => sample(name, now)).catch(() => undefined);
  if (!isLast()) return undefined;
  if (taken === undefined) problem.textContent = "The samples could not be loaded. Is there a network?";
  else show(itemsOf(new TextEncoder().encode(taken.hex), "input"), taken.at);
  return taken?.hex;
}

/** Shows what is in the address, if anything is, or says that it cannot be read. */
export function lookAtAddress(): void {
  const place = readPlace(location.hash);
  if (place.bytes === undefined) {
    if (place.damage === undefined) return;
    // The address stays as it is: whoever was given it sees what is wrong with it.
    given = [];
    items = [];
    view = undefined;
    result.hidden = true;
    result.replaceChildren();
    problem.textContent = `The package in the address cannot be read: ${place.damage}.`;
    return;
  }
  ({ at, policy, profile } = place);
  given = [{ where: "the address", ok: true, bytes: place.bytes }];
  items = [...given];
  several = undefined;
  index = 0;
  problem.textContent = "";
  showCurrent(place.field);
  view?.reveal();
}

/** What else would be loaded with the first package and the first sample, of any suite, so that all work without a network. */
export async function loadAll(): Promise<void> {
  await Promise.all([import("./judging.ts"), import("./samples.ts")]);
  // Last, as few packages are signed with ML-DSA.
  await import("../../mls/post-quantum/index.ts");
}

/** What is new is judged now unless it is a sample, and read as is likely; the policy stays the one that was chosen. */
function show(found: readonly Item[], time?: number): void {
  at = time;
  profile = undefined;
  given = found;
  items = [...found];
  index = Math.max(
    0,
    found.findIndex(({ ok }) => ok),
  );
  several = found.length > 1 ? chooser(found, index, choose) : undefined;
  problem.textContent = problemOf(found);
  showCurrent();
}

function problemOf(found: readonly Item[]): string {
  if (found.length === 0) return "There is nothing to inspect yet.";
  const bad = found.filter((item) => !item.ok);
  if (bad.length === 0) return "";
  const [first] = bad;
  const shown = first?.ok === false ? `${first.where}: ${first.problem}` : "";
  return bad.length === 1 ? `${shown}.` : `${shown}, and ${bad.length - 1} more that cannot be read.`;
}

function showCurrent(field?: string): void {
  const item = items[index];
  const original = given[index];
  result.hidden = !item?.ok;
  // What is said while it is made is not about the one before.
  view = undefined;
  if (!item?.ok || !original?.ok) {
    result.replaceChildren();
    history.replaceState(null, "", location.pathname);
    return;
  }
  const shown = { bytes: item.bytes, original: original.bytes, at, policy, profile, field };
  view = resultView(shown, { changed: remember });
  result.replaceChildren(...(several === undefined ? [] : [several.element]), view.element);
  remember();
}

function choose(chosen: number): void {
  index = chosen;
  showCurrent();
  byId("chosen").focus();
}

/** The address is that of what is shown, so that it can be given to others. */
function remember(): void {
  if (view === undefined) return;
  const place = view.place();
  ({ at, policy, profile } = place);
  const item = items[index];
  if (item?.ok && place.bytes !== undefined) {
    items[index] = { ...item, bytes: place.bytes };
    several?.judge(place, index, place.bytes);
  }
  history.replaceState(null, "", `${location.pathname}${writePlace(place)}`);
}
