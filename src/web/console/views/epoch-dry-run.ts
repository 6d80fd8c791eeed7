/** What a restore epoch of now would void, added up over all users. Nothing is changed by it. */
import type { Answer, Api } from "../api.ts";
import type { RestoreEpochPreview } from "../operator-api-types.ts";

export type WouldVoid = {
  /** Unix seconds. */
  readonly at: number;
  readonly users: number;
  readonly usersAffected: number;
  readonly oneTime: number;
  readonly lastResorts: number;
  /** False where it was stopped before the last user. */
  readonly isWhole: boolean;
};

/** `goOn` is told after each page how far it is, and may end it. */
export async function dryRun(api: Api, goOn: (soFar: WouldVoid) => boolean): Promise<Answer<WouldVoid>> {
  let sum: WouldVoid = { at: 0, users: 0, usersAffected: 0, oneTime: 0, lastResorts: 0, isWhole: false };
  let after: string | null = null;
  do {
    const query = new URLSearchParams({
      // The first page's time is that of all: packages that arrive meanwhile are none of this.
      ...(sum.at === 0 ? {} : { restore_epoch: String(sum.at) }),
      ...(after === null ? {} : { after }),
    });
    const page: Answer<RestoreEpochPreview> = await api.call("GET", `/v1/admin/restore-epoch/preview?${query}`);
    if (!page.ok) return page;
    const { restore_epoch: at, users, users_affected, one_time, last_resorts, next } = page.value;
    after = next;
    sum = {
      at,
      users: sum.users + users,
      usersAffected: sum.usersAffected + users_affected,
      oneTime: sum.oneTime + one_time,
      lastResorts: sum.lastResorts + last_resorts,
      isWhole: next === null,
    };
  } while (after !== null && goOn(sum));
  return { ok: true, value: sum };
}
