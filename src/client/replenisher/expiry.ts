/** Private keys that are deleted because no Welcome can need them. */
import { refsOf } from "./held-packages.ts";
import { mayDeleteAt } from "./plan.ts";
import type { Device, RunContext } from "./run-context.ts";

export async function deleteExpired(context: RunContext): Promise<void> {
  const now = context.directory.now();
  const expired = (await context.held.list()).filter((held) => mayDeleteAt(held, context.settings) <= now);
  context.counts.deleted += expired.length;
  await deleteKeys(context, refsOf(expired), "expired");
}

export async function deleteKeys(
  { held, directory, tell }: Device,
  refs: readonly string[],
  reason: "used" | "expired",
): Promise<void> {
  if (refs.length === 0) return;
  await held.settle(new Map(), refs, directory.now());
  tell({ kind: "deleted", refs, reason });
}
