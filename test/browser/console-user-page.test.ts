/** The page of one user in the console: any name, whatever is in it and whether or not it has clients here. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { inChromium } from "./support/chromium.ts";
import { confirm, hold, openUser, signIn, stocked } from "./support/console.ts";
import { axeFindings, onPages, overflow, WINDOWS } from "./support/served-pages.ts";

const focused = (page: Page) => page.evaluate("document.activeElement.textContent");

/** What was said of the last change, as soon as it is over. */
const outcome = (page: Page) => page.locator("#outcomes .outcome").last();

inChromium("the page of a user in the console", () => {
  const visit = onPages();

  it("of somebody who is in no pool says so, and blocks, lifts the block, exports and shows the record", async () => {
    const shown = await visit("/console");
    const { page, said } = shown;
    await stocked(shown, "victim");
    await signIn(shown);
    await openUser(page, "victim");
    // From whom was claimed leads to who did.
    await page.getByRole("region", { name: "Claimers of the last day" }).getByRole("link", { name: "bob" }).click();
    await page.getByRole("heading", { name: "In no pool" }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(await page.getByRole("button", { name: "Lift a block" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Revoke all clients" }).count()).toBe(0);
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await confirm(page, "Block the user");
    await page.getByText(/^bob is blocked, everywhere from /).waitFor();
    await page.getByText(/^Blocked since .*, until it is lifted: a reason$/).waitFor();
    const pool = await page.locator("code.whole").textContent();
    expect(pool).toMatch(/^[0-9a-f]{64}$/);
    await page.getByRole("button", { name: "Show the record" }).click();
    await page.getByRole("cell", { name: "blockUser" }).waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export as JSON" }).click();
    const [first] = JSON.parse(readFileSync(await (await download).path(), "utf8"));
    expect(first.blocked).toMatchObject({ why: "a reason" });
    // The list of blocked users leads back, since the page has seen whose pool it is.
    await page.getByRole("button", { name: "← All clients" }).click();
    await page.getByRole("region", { name: "Blocked users" }).getByRole("link", { name: "bob" }).click();
    await page.getByRole("button", { name: "Lift a block" }).click();
    await confirm(page, "Lift the block");
    await page.getByText("The block of bob is lifted.").waitFor();
    await page.getByRole("button", { name: "Block", exact: true }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    said.take(/status of 404/);
  });

  it("says what is under way and what came of it where the operator is, and keeps the focus and what is open", async () => {
    const shown = await visit("/console", WINDOWS[0], { serviceWorkers: "block" });
    const { page } = shown;
    await stocked(shown, "nina");
    await signIn(shown);
    await openUser(page, "nina");
    await page.getByRole("button", { name: "Show the journal" }).click();
    await page.getByRole("cell", { name: "bob / laptop" }).first().waitFor();
    await page.getByRole("button", { name: "Show the record" }).click();
    await page.getByText("No operator has changed anything yet.").waitFor();
    const go = await hold(page, "**/block");
    const block = page.getByRole("button", { name: "Block", exact: true });
    await block.click();
    await confirm(page, "Block the user");
    await page.getByText("Blocking nina…").waitFor();
    expect(await block.getAttribute("aria-disabled")).toBe("true");
    expect(await focused(page)).toBe("Block");
    // Nothing asks for the same once more.
    await page.keyboard.press("Enter");
    expect(await page.getByRole("dialog").count()).toBe(0);
    go();
    await page.getByText(/^nina is blocked, everywhere from /).waitFor();
    const box = await outcome(page).boundingBox();
    expect(box && [box.y >= 0, box.y + box.height <= WINDOWS[0].height]).toEqual([true, true]);
    // What was shown on demand is still shown, and the record has the change.
    await page.getByRole("cell", { name: "blockUser" }).waitFor();
    await page.getByRole("cell", { name: "bob / laptop" }).first().waitFor();
    await page.getByRole("button", { name: "Lift a block" }).waitFor();
    expect(await focused(page)).toBe("Lift a block");
    expect([await axeFindings(page), await overflow(page)]).toEqual([[], 0]);
    await outcome(page).getByRole("button", { name: "Close" }).click();
    expect(await page.locator(".outcome").count()).toBe(0);
    expect(await focused(page)).toBe("nina");
  });

  it("takes its question along when it is left, and tells elsewhere whom an outcome is about", async () => {
    const shown = await visit("/console", WINDOWS[2], { serviceWorkers: "block" });
    const { page } = shown;
    await stocked(shown, "otto");
    await stocked(shown, "paul");
    await signIn(shown);
    await openUser(page, "otto");
    await openUser(page, "paul");
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await page.getByRole("dialog").waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "otto", exact: true }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const go = await hold(page, "**/block");
    await page.getByRole("button", { name: "Block", exact: true }).click();
    await confirm(page, "Block the user");
    await page.getByText("Blocking otto…").waitFor();
    await openUser(page, "paul");
    go();
    await page.getByText(/^otto is blocked, everywhere from /).waitFor();
  });

  it("shows the characters of a name that turn the writing, everywhere, and takes them as shown", async () => {
    const shown = await visit("/console");
    const { page } = shown;
    const [name, client] = ["abc\u202Egpj.exe", "ph\u200Bone"];
    const [seen, seenClient] = ["abc\\u{202e}gpj.exe", "ph\\u{200b}one"];
    await stocked(shown, name, { client });
    await signIn(shown);
    const list = page.getByRole("region", { name: "Stock levels" });
    await list.getByRole("link", { name: seen }).waitFor();
    await list.getByRole("cell", { name: seenClient, exact: true }).waitFor();
    // The search box suggests what it opens.
    const box = page.getByLabel("User", { exact: true });
    await box.pressSequentially("abc");
    await page.locator("#users option").waitFor({ state: "attached" });
    expect(await page.locator("#users option").getAttribute("value")).toBe(seen);
    await box.fill(seen);
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.getByRole("heading", { name: seen, exact: true }).waitFor();
    await page.getByRole("heading", { name: seenClient, exact: true }).waitFor();
    expect(await page.title()).toMatch(/^abc\\u\{202e\}gpj\.exe – /);
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await page.getByRole("dialog", { name: `Revoke ${seenClient}?` }).waitFor();
    await confirm(page, "Revoke the client", seenClient);
    await page.getByText(`${seenClient} of ${seen} is revoked, and 2 packages removed.`).waitFor();
    expect(
      await page.evaluate(
        "document.body.textContent.includes('\\u202e') || document.body.textContent.includes('\\u200b')",
      ),
    ).toBe(false);
  });

  it("is opened for a name that begins and ends with a blank, whose word can be typed", async () => {
    const shown = await visit("/console");
    const { page, said } = shown;
    const name = " two  spaces ";
    await stocked(shown, name);
    await signIn(shown);
    await page.getByLabel("User", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.getByRole("region", { name: "Stock of phone" }).waitFor();
    expect(await page.locator("#user-title").textContent()).toBe(name);
    expect(await page.locator("#user-title .blank").count()).toBe(3);
    await page.getByRole("button", { name: "Revoke all clients" }).click();
    await confirm(page, "Revoke all clients", "two spaces");
    await page.getByText("Revoked: 1 client of two spaces , and 2 packages removed.").waitFor();
    // A blank that was pasted along is no other user that nobody would notice.
    await page.getByLabel("User", { exact: true }).fill("nobody ");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.getByRole("link", { name: "nobody", exact: true }).click();
    await page.getByRole("heading", { name: "In no pool" }).waitFor();
    expect(await page.locator("#user-title").textContent()).toBe("nobody");
    said.take(/status of 404/);
  });

  it.each([WINDOWS[0], WINDOWS[2]])("fits with the longest names and reasons, at $width px", async (window) => {
    const shown = await visit("/console", window);
    const { page } = shown;
    const name = `${"u".repeat(250)}${window.width}`;
    const client = "c".repeat(256);
    await stocked(shown, name, { client });
    await signIn(shown);
    const list = page.getByRole("region", { name: "Stock levels" });
    await list.getByRole("link", { name }).waitFor();
    // Beside a name of any length, the numbers are in sight where there is room for both.
    const packages = await list.getByRole("row").filter({ hasText: name }).getByRole("cell").nth(3).boundingBox();
    expect(packages && packages.x + packages.width).toBeLessThan(Math.max(window.width, 560));
    expect(await overflow(page)).toBe(0);
    await openUser(page, name);
    await page.getByRole("region", { name: `Stock of ${client}` }).waitFor();
    expect(await overflow(page)).toBe(0);
    await page.getByRole("button", { name: "Block", exact: true }).click();
    const dialog = page.getByRole("dialog");
    expect(
      await page.evaluate(
        "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('dialog'))",
      ),
    ).toBe(0);
    await dialog.getByLabel("Reason").fill("w".repeat(500));
    await dialog.getByRole("button", { name: "Block the user" }).click();
    await page.getByText(/ is blocked, everywhere from /).waitFor();
    await page.getByText(/^Blocked since /).waitFor();
    await page.getByRole("button", { name: "Show the record" }).click();
    await page.getByRole("cell", { name: "blockUser" }).waitFor();
    const status = await page.getByRole("cell", { name: "200" }).boundingBox();
    expect(status && status.x + status.width).toBeLessThan(Math.max(window.width, 900));
    expect([await axeFindings(page), await overflow(page)]).toEqual([[], 0]);
  });

  it("says what an erasure leaves, leads to the rest, and gives the receipt as a file", async () => {
    const shown = await visit("/console");
    const { page, said } = shown;
    await stocked(shown, "rosa/1");
    await signIn(shown);
    await openUser(page, "rosa/1");
    await page.getByRole("button", { name: "Erase" }).click();
    const dialog = page.getByRole("dialog", { name: "Erase rosa/1?" });
    expect(await dialog.textContent()).toContain("the name stays in the journals and budgets of those");
    expect(await dialog.getByRole("link").getAttribute("href")).toBe("/docs/operate/erasure");
    await confirm(page, "Erase the user", "rosa/1");
    await page.getByText(/^rosa\/1 is erased, at /).waitFor();
    expect(await outcome(page).getByRole("link").getAttribute("href")).toBe("/docs/operate/erasure");
    // It stays while something else is done.
    await page.getByRole("button", { name: "Export as JSON" }).click();
    await page.getByText(/^The export of rosa\/1 is saved: export-rosa_1-\d{8}T\d{6}Z\.json$/).waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save the receipt" }).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toMatch(/^erasure-rosa_1-\d{8}T\d{6}Z\.json$/);
    expect(JSON.parse(readFileSync(await saved.path(), "utf8"))).toMatchObject({ user: "rosa/1", existed: true });
    said.take(/status of 404/);
  });
});

inChromium("the budgets of a user in the console", () => {
  const visit = onPages(() => ({
    PAIR_BUDGET_BURST: "10",
    TARGET_BUDGET_PER_HOUR: "60",
    USER_UPLOAD_BUDGET_PER_DAY: "1000",
  }));

  it("says what each budget bounds, and resets those of one claimer", async () => {
    const shown = await visit("/console");
    const { page } = shown;
    await stocked(shown, "sara");
    await signIn(shown);
    await openUser(page, "sara");
    const budgets = page.getByRole("region", { name: "Budgets that are spent from" });
    const pair = budgets.getByRole("row").filter({ hasText: "packages claimed from this client by bob" });
    await pair.waitFor();
    await budgets.getByText("one-time packages that left this client", { exact: true }).waitFor();
    await budgets.getByText("packages that all clients of the user stored").waitFor();
    expect(await budgets.getByText(/pair:|target/).count()).toBe(0);
    await pair.getByRole("button", { name: "Reset" }).click();
    await page.getByRole("dialog", { name: "Reset what bob has spent at phone?" }).waitFor();
    await confirm(page, "Reset the budgets");
    await page.getByText("Reset: 1 budget of bob at phone of sara.").waitFor();
    await pair.waitFor({ state: "detached" });
    await budgets.getByText("one-time packages that left this client", { exact: true }).waitFor();
    // Once as many is no raise.
    await page.getByLabel("Times").fill("1");
    await page.getByRole("button", { name: "Raise", exact: true }).click();
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.getByRole("button", { name: "Show the journal" }).click();
    await page.getByRole("cell", { name: "bob / laptop" }).first().waitFor();
    expect(await page.getByRole("cell", { name: "bob / laptop" }).getByRole("link").first().getAttribute("href")).toBe(
      "#user=bob",
    );
  });
});
