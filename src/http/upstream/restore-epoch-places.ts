/**
 * Where the restore epoch is kept: each database of the directory, an object of its own, and each pool that was told of
 * it. A restore may set any of them back, so the newest wins and is written back to the others. `RESTORE_EPOCH` is a floor
 * for the case that all of them are lost together.
 */
import { type RestoreEpoch, readShardEpoch, writeShardEpoch } from "../../directory/restore-epoch.ts";
import type { Directory } from "../../directory/shards.ts";
import { type KeeperPlacement, keeperOf } from "../../pool/address.ts";

export type EpochPlace = {
  readonly read: () => Promise<RestoreEpoch>;
  /** Keeps the newer of the two and returns it. `setAt` in unix seconds. */
  readonly raise: (epoch: number, setAt: number) => Promise<RestoreEpoch>;
};

/** Every place that can be asked: pools tell what they know with their answers. */
export function epochPlaces(env: KeeperPlacement, { shards }: Directory): readonly EpochPlace[] {
  const databases = shards.map(
    ({ db }): EpochPlace => ({
      read: () => readShardEpoch(db),
      raise: (epoch, setAt) => writeShardEpoch(db, epoch, setAt),
    }),
  );
  // A stub for each call: one that has failed once stays broken.
  const keeper: EpochPlace = {
    read: async () => fromKept(await keeperOf(env).read()),
    raise: async (epoch, setAt) => fromKept(await keeperOf(env).raise({ epoch, setAt })),
  };
  return [...databases, keeper];
}

const fromKept = ({ epoch, setAt }: { readonly epoch: number; readonly setAt: number }): RestoreEpoch => ({
  epoch,
  setAt: epoch > 0 ? setAt : undefined,
});

/** The newest of all places and of `atLeast`, after it was written to all of them. Throws if one of them fails. */
export async function raiseEverywhere(
  places: readonly EpochPlace[],
  atLeast: number,
  now: number,
): Promise<RestoreEpoch> {
  const kept = await Promise.all(places.map((place) => place.read()));
  const newest = kept.reduce((a, b) => (b.epoch > a.epoch ? b : a), { epoch: atLeast, setAt: now });
  if (newest.epoch === 0) return { epoch: 0, setAt: undefined };
  const behind = places.filter((_, index) => (kept[index]?.epoch ?? 0) < newest.epoch);
  await Promise.all(behind.map((place) => place.raise(newest.epoch, newest.setAt ?? now)));
  return newest;
}
