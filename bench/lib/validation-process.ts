/** Judges batches in a Node process of its own, over messages. */
import type { Batch } from "./packages.ts";
import { type Judge, judgeOf, VALIDATORS } from "./validators.ts";

export type ValidationOrder = { readonly load: Batch; readonly as: string } | { readonly judge: string };
export type ValidationReply =
  | { readonly loaded: true }
  | { readonly good: number; readonly ms: number }
  | { readonly failure: string };

const judges = new Map<string, Judge>();

process.on("message", (order: ValidationOrder) => {
  obey(order).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ failure: String(error) } satisfies ValidationReply),
  );
});

async function obey(order: ValidationOrder): Promise<ValidationReply> {
  if ("load" in order) {
    for (const name of VALIDATORS) judges.set(`${order.as}/${name}`, await judgeOf(name, order.load));
    return { loaded: true };
  }
  const judge = judges.get(order.judge);
  if (!judge) return { failure: `nothing loaded for ${order.judge}` };
  const startMs = performance.now();
  const good = await judge();
  return { good, ms: performance.now() - startMs };
}
