/** The messenger of test/node/client/end-to-end.test.ts in a page, with a real IndexedDB and from another origin. */
import { expect, it } from "vitest";
import { DIRECTORY_SETTINGS, EXPECTED } from "../support/two-people.ts";
import type { app } from "./apps/two-people-page.ts";
import { callApp } from "./support/call-app.ts";
import { inChromium } from "./support/chromium.ts";
import { onStage } from "./support/stage.ts";

inChromium("two people with ts-mls in a page", () => {
  const stage = onStage("two-people-page.ts", DIRECTORY_SETTINGS);

  it("fill, claim, join, talk, drain to the last resort, replenish, rotate, reinstall and revoke", async () => {
    const { context, directory, open, pages } = stage();
    await context.exposeFunction("tokenFor", (user: string, scope: string) => directory.token(user, "phone", scope));
    const call = callApp<typeof app>(await open());
    expect(await call("talk", directory.address)).toEqual(EXPECTED);
    // A new key, an installation that was replaced, a client that was revoked, a user that does not exist.
    pages.take(/Failed to load resource.*40[49]/);
  });
});
