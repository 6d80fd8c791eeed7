/** What came of a change in the console: told wherever the operator is by then, never lost without a word, gone with the session. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { inChromium } from "./support/chromium.ts";
import { confirm, hold, openUser, signIn, stocked } from "./support/console.ts";
import { onPages, type Visit, WINDOWS } from "./support/served-pages.ts";

const blocked = (page: Page) => page.getByRole("region", { name: "Blocked users" });

inChromium("what came of a change in the console", () => {
  const visit = onPages();
  const withoutWorker = (): Promise<Visit> => visit("/console", WINDOWS[2], { serviceWorkers: "block" });

  it("is seen on the page of the user and among all, although they were left and opened anew meanwhile", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await stocked(shown, "vera");
    await signIn(shown);
    await openUser(page, "vera");
    const block = await hold(page, "**/block");
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await confirm(page, "Block the user");
    await page.getByText("Blocking vera…").waitFor();
    await page.getByRole("button", { name: "← All clients" }).click();
    await page.getByRole("heading", { name: "Clients" }).waitFor();
    await openUser(page, "vera");
    await page.getByText("Not blocked.").waitFor();
    block();
    await page.getByText(/^vera is blocked, everywhere from /).waitFor();
    await page.getByText(/^Blocked since /).waitFor();
    await page.unrouteAll({ behavior: "wait" });
    const lift = await hold(page, "**/block");
    await page.getByRole("button", { name: "Lift a block" }).click();
    await confirm(page, "Lift the block");
    await page.getByRole("button", { name: "← All clients" }).click();
    await blocked(page).getByText("a reason").waitFor();
    lift();
    await page.getByText("The block of vera is lifted.").waitFor();
    await blocked(page).getByText("a reason").waitFor({ state: "detached" });
  });

  it("is gone when the session ends, as is every name that was seen", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    await stocked(shown, "wanda");
    await signIn(shown);
    await openUser(page, "wanda");
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await confirm(page, "Block the user");
    await page.getByText(/^wanda is blocked, everywhere from /).waitFor();
    await page.getByRole("button", { name: "← All clients" }).click();
    await blocked(page).getByRole("link", { name: "wanda" }).waitFor();
    const json = { type: "", title: "Expired", status: 401, code: "token_expired", detail: "", instance: "" };
    await page.route("**/v1/admin/**", (route) => route.fulfill({ status: 401, json }));
    await page.getByRole("button", { name: "Refresh" }).first().click();
    await page.getByLabel("A token with the scope").waitFor();
    said.take(/status of 401/);
    expect(await page.locator(".outcome").count()).toBe(0);
    expect(await page.title()).toMatch(/^Console/);
    await page.unrouteAll({ behavior: "wait" });
    await page.evaluate("history.replaceState(null, '', location.pathname)");
    await signIn(shown);
    await blocked(page).getByText("a reason").waitFor();
    expect(await blocked(page).getByRole("link").count()).toBe(0);
  });

  it("is not left without a question while a change is under way or a receipt is not saved", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    await stocked(shown, "xaver");
    await signIn(shown);
    await openUser(page, "xaver");
    const asked: string[] = [];
    page.on("dialog", async (dialog) => {
      asked.push(dialog.type());
      await dialog.dismiss();
    });
    const docs = page.getByRole("banner").getByRole("link", { name: "Docs" });
    const go = await hold(page, "**/data");
    await page.getByRole("button", { name: "Erase" }).click();
    await confirm(page, "Erase the user", "xaver");
    await page.getByText("Erasing xaver…").waitFor();
    await docs.click({ noWaitAfter: true });
    await expect.poll(() => asked).toEqual(["beforeunload"]);
    go();
    await page.getByText(/^xaver is erased, at /).waitFor();
    await docs.click({ noWaitAfter: true });
    await expect.poll(() => asked).toEqual(["beforeunload", "beforeunload"]);
    await page.getByRole("button", { name: "Sign out" }).click();
    expect(asked.slice(2)).toEqual(["confirm"]);
    expect(await page.evaluate("sessionStorage.getItem('operator-token') !== null")).toBe(true);
    await page.getByRole("button", { name: "Save the receipt" }).click();
    await docs.click();
    await page.waitForURL("**/docs");
    expect(asked.length).toBe(3);
    said.take(/status of 404/);
  });

  it("is said to be lost where the token expires before the receipt was saved", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    await stocked(shown, "yvonne");
    await signIn(shown);
    await openUser(page, "yvonne");
    await page.getByRole("button", { name: "Erase" }).click();
    await confirm(page, "Erase the user", "yvonne");
    await page.getByText(/^yvonne is erased, at /).waitFor();
    await page.getByRole("heading", { name: "In no pool" }).waitFor();
    const json = { type: "", title: "Expired", status: 401, code: "token_expired", detail: "", instance: "" };
    await page.route("**/v1/admin/**", (route) => route.fulfill({ status: 401, json }));
    await page.getByRole("button", { name: "Refresh", exact: true }).first().click();
    await page.getByText("What came of 1 change is gone with the session, unread or not saved.").waitFor();
    said.take(/status of (401|404)/);
  });

  it("is told where it cannot be read, and the same can be asked for again", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await stocked(shown, "zora");
    await signIn(shown);
    await openUser(page, "zora");
    await page.route("**/block", (route) => route.fulfill({ json: {} }));
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await confirm(page, "Block the user");
    await page.getByText(/Something is missing in the answer\. Whether the call took effect is not known\./).waitFor();
    await page.getByRole("button", { name: "Block", exact: true, disabled: false }).click();
    await page.getByRole("dialog", { name: "Block zora?" }).waitFor();
  });

  it("is in a place that is in the page from the start, so that it is announced", async () => {
    const { page } = await withoutWorker();
    const place = page.locator("#outcomes");
    expect([await place.getAttribute("role"), await place.getAttribute("aria-atomic")]).toEqual(["status", "false"]);
  });

  it("is not asked for again while it is under way, though the page be shown anew meanwhile", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await stocked(shown, "xena");
    await signIn(shown);
    await openUser(page, "xena");
    const block = await hold(page, "**/block");
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await confirm(page, "Block the user");
    await page.getByText("Blocking xena…").waitFor();
    await page.getByRole("button", { name: "Refresh" }).first().click();
    await page.locator(".loading").first().waitFor({ state: "detached" });
    const again = page.getByRole("button", { name: "Block", exact: true });
    expect(await again.getAttribute("aria-disabled")).toBe("true");
    await again.click({ force: true });
    expect(await page.getByRole("dialog").count()).toBe(0);
    block();
    await page.getByText(/^xena is blocked, everywhere from /).waitFor();
    const lift = page.getByRole("button", { name: "Lift a block" });
    await lift.waitFor();
    expect(await lift.getAttribute("aria-disabled")).toBe(null);
  });

  it("is in view, the newest first, at 360 px too, where receipts of earlier ones stay", async () => {
    const shown = await visit("/console", WINDOWS[0]);
    const { page } = shown;
    await signIn(shown);
    for (const user of ["yara", "yves", "yoko"]) {
      await openUser(page, user);
      await page.getByRole("heading", { name: "In no pool" }).waitFor();
      await page.getByRole("button", { name: "Erase", exact: true }).click();
      await confirm(page, "Erase the user", user);
      await page.getByText(`There was nothing to erase of ${user}.`).waitFor();
    }
    await openUser(page, "zara");
    await page.getByRole("heading", { name: "In no pool" }).waitFor();
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await confirm(page, "Block the user");
    const outcome = page.getByText(/^zara is blocked, everywhere from /);
    await outcome.waitFor();
    const { y = -1, height = 0 } = (await outcome.boundingBox()) ?? {};
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y + height).toBeLessThanOrEqual(WINDOWS[0].height);
    await page.getByText(/^Blocked since /).waitFor();
    shown.said.take(/status of 404/);
  });
});
