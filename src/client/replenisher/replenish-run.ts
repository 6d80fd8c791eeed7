/** One run of the Replenisher, from the registration to the last upload. */
import type { Inventory } from "../api-types.ts";
import { orFail } from "../directory-error.ts";
import { compare } from "./comparison.ts";
import { deleteExpired } from "./expiry.ts";
import { make } from "./making.ts";
import { ensureRegistered } from "./own-registration.ts";
import { planRun } from "./plan.ts";
import type { Counts, Device, RunContext } from "./run-context.ts";
import { countThatFits, upload } from "./uploading.ts";

export type RunReport = {
  readonly made: number;
  readonly uploaded: number;
  readonly refused: number;
  readonly pruned: number;
  readonly deleted: number;
  readonly inventory: Inventory;
};

/** A reading of the directory's clock that is off by less than this is not worth an event. */
const CLOCK_OFF_SECONDS = 60;

/** The name of the note that a run has not filled up what it found low. */
const UNFINISHED = "unfinished";

export async function run(device: Device & Pick<RunContext, "sliceSize" | "takeOver" | "signal">): Promise<RunReport> {
  const { directory, maker, held, settings, tell, signal, sliceSize } = device;
  const { store } = directory;
  const policy = await directory.policy({ signal });
  const seconds = directory.now() - Math.floor(directory.platform.now() / 1000);
  if (Math.abs(seconds) >= CLOCK_OFF_SECONDS) tell({ kind: "clock_off", seconds });
  const keys = await orFail("maker_failed", "the maker gave no signature keys", () => maker.signatureKeys());
  const counts: Counts = { made: 0, uploaded: 0, refused: 0, pruned: 0, deleted: 0 };
  const context = { ...device, policy, keys, counts };
  await ensureRegistered(context);
  await deleteExpired(context);
  let inventory = await compare(context);
  const isUnfinished = (await store.get(UNFINISHED)) !== undefined;
  const { ciphersuites } = maker;
  const [now, all] = [directory.now(), await held.list()];
  const plan = planRun({ now, ciphersuites, policy, inventory, held: all, settings, isUnfinished });
  for (const ciphersuite of plan.refusedSuites) tell({ kind: "suite_not_accepted", ciphersuite });
  for (const rotation of plan.rotations) tell({ kind: "last_resort_due", ...rotation });

  // Noted, because what is stored when a run is cut short may be above the low watermark.
  if (plan.make.length > 0 && !isUnfinished) await store.write([[UNFINISHED, true]]);
  const { limits } = policy;
  const waiting = [...plan.upload];
  const orders = [...plan.make];
  while (waiting.length > 0 || orders.length > 0) {
    while (orders.length > 0 && waiting.length < limits.key_packages_per_request) {
      const room = limits.key_packages_per_request - waiting.length;
      waiting.push(...(await make(context, orders.splice(0, Math.min(room, sliceSize)), plan.make.length)));
    }
    const answer = await upload(context, waiting.splice(0, countThatFits(waiting, limits)));
    inventory = answer.inventory;
    // What is refused now is refused again: making more would only cost battery.
    if (answer.allRefused) break;
  }
  if (plan.make.length > 0 || isUnfinished) await store.write([[UNFINISHED, undefined]]);
  return { ...counts, inventory };
}
