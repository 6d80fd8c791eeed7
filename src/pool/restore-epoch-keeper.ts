/**
 * The restore epoch in a Durable Object of its own, one for the whole directory: D1 may be lost or set back, and pools that
 * nobody calls are not told. The newest of all places wins, and is written back to the others (http/upstream).
 */
import { DurableObject } from "cloudflare:workers";

/** Unix seconds; `epoch` is 0 if there never was a restore. */
export type KeptEpoch = { readonly epoch: number; readonly setAt: number };

const KEY = "restore_epoch";
const NONE: KeptEpoch = { epoch: 0, setAt: 0 };

export class RestoreEpochKeeper extends DurableObject<object> {
  read(): KeptEpoch {
    return this.ctx.storage.kv.get<KeptEpoch>(KEY) ?? NONE;
  }

  /** Keeps the newer one, and returns it. */
  raise(next: KeptEpoch): KeptEpoch {
    const kept = this.read();
    if (next.epoch <= kept.epoch) return kept;
    this.ctx.storage.kv.put(KEY, next);
    return next;
  }
}
