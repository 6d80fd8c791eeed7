/** The dry run of a restore epoch: its sum over all pages, at one time, until somebody stops it. */
import { describe, expect, it } from "vitest";
import type { Answer, Api } from "../../../src/web/console/api.ts";
import type { RestoreEpochPreview } from "../../../src/web/console/operator-api-types.ts";
import { dryRun } from "../../../src/web/console/views/epoch-dry-run.ts";

const AT = 1_800_000_000;

/** So many pages of 100 users; the page of that number is refused. */
function directory(pages: number, refusedPage = 0): Api & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    call: async <T>(method: string, path: string): Promise<Answer<T>> => {
      asked.push(`${method} ${path}`);
      if (asked.length === refusedPage) {
        const refusal = { code: "overloaded", title: "", detail: "", status: 503, requestId: undefined };
        return { ok: false, refusal };
      }
      const next = asked.length < pages ? `page-${asked.length}` : null;
      const page: RestoreEpochPreview = {
        restore_epoch: AT,
        users: 100,
        users_affected: 90,
        one_time: 5_000,
        last_resorts: 80,
        next,
      };
      return { ok: true, value: page as T };
    },
  };
}

describe("the dry run of a restore epoch", () => {
  it("adds up all pages, and tries the same time on each", async () => {
    const api = directory(3);
    expect(await dryRun(api, () => true)).toEqual({
      ok: true,
      value: { at: AT, users: 300, usersAffected: 270, oneTime: 15_000, lastResorts: 240, isWhole: true },
    });
    expect(api.asked).toEqual([
      "GET /v1/admin/restore-epoch/preview?",
      `GET /v1/admin/restore-epoch/preview?restore_epoch=${AT}&after=page-1`,
      `GET /v1/admin/restore-epoch/preview?restore_epoch=${AT}&after=page-2`,
    ]);
  });

  it("says that it is not the whole where it was stopped", async () => {
    const stopped = await dryRun(directory(9), ({ users }) => users < 200);
    expect(stopped).toMatchObject({ ok: true, value: { users: 200, isWhole: false } });
  });

  it("is the refusal of a page that was refused, and no sum of a part", async () => {
    expect(await dryRun(directory(3, 2), () => true)).toMatchObject({ ok: false, refusal: { code: "overloaded" } });
  });
});
