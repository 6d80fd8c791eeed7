/** What an operator does in the console, in a real browser against a real directory. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { inChromium } from "./support/chromium.ts";
import { CLAIMS, openUser, operator, PACKAGES, signIn, stocked } from "./support/console.ts";
import { axeFindings, layoutShift, onPages, overflow, untilKept, type Visit, WINDOWS } from "./support/served-pages.ts";

/** How many of the colours of its legend the chart of claims has, as text: the types of a page are not those of these tests. */
const DRAWN_COLOURS = `(() => {
  const figure = [...document.querySelectorAll("figure")].find((one) => one.textContent.startsWith("Claims by"));
  const canvas = figure.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Set();
  for (let i = 0; i < data.length; i += 4) pixels.add(data.slice(i, i + 3).join(", "));
  const colours = [...figure.querySelectorAll(".key")].map((key) => getComputedStyle(key).backgroundColor);
  return colours.filter((colour) => pixels.has(colour.slice(4, -1))).length;
})()`;

/** Each panel that can be asked for anew, one after the other; what it says meanwhile is drawn before the answer comes. */
async function refreshAll(page: Page): Promise<void> {
  await page.route("**/v1/admin/**", async (route) => {
    const answer = await route.fetch();
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    await route.fulfill({ response: answer });
  });
  for (const button of await page.getByRole("button", { name: "Refresh" }).all()) {
    await button.click();
    await page.locator(".loading").first().waitFor({ state: "detached" });
  }
  await page.unrouteAll({ behavior: "wait" });
}

inChromium("the console", () => {
  const visit = onPages();

  /** Where answers are made up: those that go past a service worker cannot be. */
  const withoutWorker = (): Promise<Visit> => visit("/console", WINDOWS[2], { serviceWorkers: "block" });

  it.each(WINDOWS)("has nothing that axe finds and fits, at $width px, $scheme, in each state", async (window) => {
    const shown = await visit("/console", window);
    const { page } = shown;
    const user = `axe-${window.width}-${window.scheme}`;
    const fine = async (state: string) =>
      expect([state, await axeFindings(page), await overflow(page)]).toEqual([state, [], 0]);
    await fine("sign-in");
    await stocked(shown, user);
    await signIn(shown);
    await page.locator(".chart canvas").nth(1).waitFor();
    await page.getByRole("region", { name: "Over time" }).locator("figure").nth(2).waitFor();
    await fine("stock");
    await page.getByLabel("Find a user or client").fill("nobody of that name");
    await page.getByText("No client has “nobody of that name” in its name.").waitFor();
    await fine("nothing found");
    await openUser(page, user);
    await page.getByRole("button", { name: "Show the journal" }).click();
    await page.getByRole("cell", { name: "bob / laptop" }).first().waitFor();
    await fine("user");
    await page.getByRole("button", { name: "Erase" }).click();
    await fine("question");
  });

  it.each([WINDOWS[0], WINDOWS[2]])(
    "does not move what is on it while it loads, at $width px, of all and of one user",
    async (window) => {
      const shown = await visit("/console", window, { serviceWorkers: "block" });
      const { page } = shown;
      const user = `still-${window.width}`;
      await stocked(shown, user);
      await signIn(shown);
      await page.reload();
      await page.getByRole("heading", { name: "What operators did" }).waitFor();
      await page.locator(".chart canvas").nth(1).waitFor();
      expect(await layoutShift(page)).toBe(0);
      await refreshAll(page);
      expect(await layoutShift(page)).toBe(0);
      await openUser(page, user);
      await page.reload();
      await page.getByRole("heading", { name: "What operators did" }).waitFor();
      expect(await layoutShift(page)).toBe(0);
      await refreshAll(page);
      expect(await layoutShift(page)).toBe(0);
    },
  );

  it("says why a token is not taken, and keeps none that was refused", async () => {
    const { page, said, directory } = await visit("/console");
    await page.getByLabel("A token with the scope").fill(await directory.token("eve", "phone", "key-packages:claim"));
    await page.getByRole("button", { name: "Open the console" }).click();
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toContain("insufficient_scope");
    expect(await alert.getByRole("link").getAttribute("href")).toBe("/docs#insufficient_scope");
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    said.take(/status of 403/);
  });

  it("shows a user's stock and who claimed, and revokes a client only when its name was typed", async () => {
    const shown = await visit("/console");
    const { page } = shown;
    await stocked(shown, "dora");
    await signIn(shown);
    await openUser(page, "dora");
    await page.getByText("No events are waiting.").waitFor();
    await page.getByRole("region", { name: "Stock of phone" }).waitFor();
    const stock = page.getByRole("region", { name: "Stock of phone" });
    expect(await stock.getByRole("cell").nth(1).textContent()).toBe(String(PACKAGES - CLAIMS));
    await page.getByRole("button", { name: "Show the journal" }).click();
    await page.getByRole("cell", { name: "bob / laptop" }).first().waitFor();
    expect(await page.getByRole("cell", { name: "bob / laptop" }).count()).toBe(CLAIMS);
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Revoke phone?" });
    const go = dialog.getByRole("button", { name: "Revoke the client" });
    await dialog.getByLabel("Type phone to go on").fill("phone");
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel("Reason").fill("stolen");
    await dialog.getByLabel("Type phone to go on").fill("phon");
    expect(await go.isDisabled()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.getByText("registered", { exact: true }).count()).toBe(1);
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await dialog.getByLabel("Reason").fill("stolen: “Dora’s” phone, 100 %");
    await dialog.getByLabel("Type phone to go on").fill("phone");
    await go.click();
    await page.getByText(`phone of dora is revoked, and ${PACKAGES - CLAIMS} packages removed.`).waitFor();
    // It is on record, with the reason as it was typed.
    await page.getByRole("button", { name: "Show the record" }).click();
    const record = page.getByRole("region", { name: "What operators did" }).getByRole("row").nth(1);
    await record.waitFor();
    expect(await record.textContent()).toMatch(/operator.*endClient.*stolen: “Dora’s” phone, 100 %.*200/);
  });

  it("gives out all that is kept of a user, erases it, and says that there is no such user then", async () => {
    const shown = await visit("/console");
    const { page, said } = shown;
    await stocked(shown, "fred");
    await signIn(shown);
    await openUser(page, "fred");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export as JSON" }).click();
    expect((await download).suggestedFilename()).toMatch(/^export-fred-\d{8}T\d{6}Z\.json$/);
    await page.getByRole("button", { name: "Erase" }).click();
    const dialog = page.getByRole("dialog", { name: "Erase fred?" });
    await dialog.getByLabel("Reason").fill("asked for it");
    await dialog.getByLabel("Type fred to go on").fill("fred");
    await dialog.getByRole("button", { name: "Erase the user" }).click();
    await page.getByText(/^fred is erased, at /).waitFor();
    await page.getByRole("heading", { name: "In no pool" }).waitFor();
    said.take(/status of 404/);
  });

  it("blocks a user, shows who is blocked and why, and lifts the block", async () => {
    const shown = await visit("/console");
    const { page } = shown;
    await stocked(shown, "hugo");
    await signIn(shown);
    await page.getByText("Nobody is blocked.").waitFor();
    await openUser(page, "hugo");
    const change = async (name: string, action: string) => {
      await page.getByRole("button", { name, exact: true }).click();
      await page.getByRole("dialog").getByLabel("Reason").fill("claims too much");
      await page.getByRole("dialog").getByRole("button", { name: action }).click();
    };
    await change("Block", "Block the user");
    await page.getByText(/^hugo is blocked, everywhere from /).waitFor();
    await page.getByRole("button", { name: "← All clients" }).click();
    await page.getByRole("region", { name: "Who is blocked" }).waitFor();
    expect(await page.getByRole("region", { name: "Who is blocked" }).textContent()).toContain("claims too much");
    await openUser(page, "hugo");
    await change("Lift a block", "Lift the block");
    await page.getByText("The block of hugo is lifted.").waitFor();
  });

  it("raises the budgets of a user for a while, lowers and resets them", async () => {
    const shown = await visit("/console");
    const { page } = shown;
    await stocked(shown, "ivan");
    await signIn(shown);
    await openUser(page, "ivan");
    const answer = async (action: string) => {
      await page.getByRole("dialog").getByLabel("Reason").fill("moves to a new phone");
      await page.getByRole("dialog").getByRole("button", { name: action }).click();
    };
    await page.getByLabel("Times").fill("20");
    await page.getByLabel("Hours").fill("2");
    await page.getByRole("button", { name: "Raise", exact: true }).click();
    await answer("Raise the budgets");
    await page.getByText(/^The budgets of ivan are raised: 20 times, until /).waitFor();
    const budgets = page.getByRole("region", { name: "Budgets", exact: true });
    await budgets.getByText(/^Raised 20 times until /).waitFor();
    await page.getByRole("button", { name: "Lower again" }).click();
    await answer("Lower the budgets");
    await page.getByText("The budgets of ivan are as they were.").waitFor();
    await page.getByRole("button", { name: "Reset all" }).click();
    await answer("Reset the budgets");
    await page.getByText(/^Reset: \d+ budgets? of ivan\.$/).waitFor();
    await budgets.getByText("Nothing was spent lately: every budget is whole.").waitFor();
    await budgets.getByText(/^Raised/).waitFor({ state: "detached" });
    // No factor that the directory would refuse.
    await page.getByLabel("Times").fill("101");
    await page.getByRole("button", { name: "Raise", exact: true }).click();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("says what a restore epoch would void, and declares one only after the words were typed", async () => {
    const shown = await visit("/console");
    const { page } = shown;
    await stocked(shown, "jane");
    await signIn(shown);
    await page.getByText("Storage was never restored.").waitFor();
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByText(/^Dry run of .*: it would void [1-9]\d* one-time packages and 0 last resorts/).waitFor();
    await page.getByText("Storage was never restored.").waitFor();
    await page.getByRole("button", { name: "Declare a restore epoch" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.textContent()).toMatch(/Dry run of .*: it would void [1-9]/);
    await dialog.getByLabel("Reason").fill("restored from yesterday");
    await dialog.getByLabel("Type void all packages to go on").fill("void all packages");
    await dialog.getByRole("button", { name: "Declare a restore epoch" }).click();
    await page.getByText(/^In force: \d{4}-/).waitFor();
  });

  it("is as quick with 10,000 rows: it shows a page of them, and finds one by its name", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    let served = 0;
    await page.route("**/v1/admin/stock?*", (route) => {
      const rows = Array.from({ length: 500 }, (_, i) => ({
        user: `user-${String(served + i).padStart(5, "0")}`,
        client: "phone",
        ciphersuite: 1,
        available: (served + i) % 200,
        last_resort: true,
        next_expiry: 1_900_000_000,
        needs_upload: (served + i) % 200 < 50,
      }));
      served += 500;
      return route.fulfill({ json: { rows, next: "more" } });
    });
    await signIn(shown);
    await page.getByText("Page 1 of 200 · 10,000 rows of the first 10,000").waitFor();
    expect(await page.getByRole("region", { name: "Stock levels" }).locator("tbody tr").count()).toBe(50);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2 of 200").waitFor();
    await page.getByLabel("Find a user or client").fill("user-09999");
    await page.getByText("Page 1 of 1 · 1 row of the first 10,000").waitFor();
  });

  it("names ciphersuites as the policy of the directory does", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await stocked(shown, "nora");
    await page.route("**/v1/policy", async (route) => {
      const policy = await (await route.fetch()).json();
      const suite = { ciphersuite: 1, name: "SUITE_1_OF_THIS_PROFILE", kem: "", aead: "", hash: "", signature: "" };
      await route.fulfill({ json: { ...policy, ciphersuite_algorithms: [suite] } });
    });
    await signIn(shown);
    const stock = page.getByRole("region", { name: "Stock by ciphersuite" });
    await stock.getByRole("cell", { name: "1 · SUITE_1_OF_THIS_PROFILE" }).waitFor();
    await openUser(page, "nora");
    const own = page.getByRole("region", { name: "Stock of phone" });
    await own.getByRole("cell", { name: "1 · SUITE_1_OF_THIS_PROFILE" }).waitFor();
  });

  it("says when the directory does not answer, and tries again when asked to", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    await stocked(shown, "gina");
    let isDown = true;
    await page.route("**/v1/admin/stock?*", (route) => (isDown ? route.abort() : route.continue()));
    await signIn(shown);
    await page.getByText("The directory did not answer").waitFor();
    isDown = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("region", { name: "Stock levels" }).getByRole("link", { name: "gina" }).waitFor();
    said.take(/Failed to load resource/);
  });

  it("shows who did most, of the time that was chosen, and leads to the user", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await stocked(shown, "lena");
    const [pool, other] = ["cd".repeat(32), "ab".repeat(32)];
    let counting = true;
    await page.route("**/v1/admin/top?*", (route) => {
      const span = new URL(route.request().url()).searchParams.get("span");
      const none = { total: 0, missed: 0, rows: [] };
      const claimers = {
        total: 1_234,
        missed: 3,
        rows: [
          { pool, user: "lena", count: 1_200 },
          { pool: other, user: null, count: 34 },
        ],
      };
      const refusals = { total: 7, missed: 0, rows: [{ pool: other, user: null, code: "rate_limited", count: 7 }] };
      const json =
        span === "day"
          ? { counting, span, since: 1_800_000_000, claimers: none, targets: none, refusals: none }
          : { counting, span, since: 1_800_000_000, claimers, targets: none, refusals };
      return route.fulfill({ json });
    });
    await signIn(shown);
    const most = page.getByRole("region", { name: "Claim most" });
    await most.waitFor();
    expect(await most.getByRole("row").allTextContents()).toEqual(["UserClaims", "lena1,200", "abababababab…34"]);
    await page.getByText("1,234 in all; a count may be 3 too low.").waitFor();
    const refused = page.getByRole("region", { name: "Are refused most" });
    expect(await refused.getByRole("link").getAttribute("href")).toBe("/docs#rate_limited");
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel("Time span", { exact: true }).selectOption("Last day");
    await most.waitFor({ state: "detached" });
    // What was there goes before the answer comes.
    await page.getByText("None.", { exact: true }).first().waitFor();
    expect(await page.getByText("None.", { exact: true }).count()).toBe(3);
    counting = false;
    await page.getByLabel("Time span", { exact: true }).selectOption("Last hour");
    await page.getByText("The setting ACTIVITY_COUNTS has switched the counts off.").waitFor();
    counting = true;
    await page.getByLabel("Time span", { exact: true }).selectOption("Last day");
    await page.getByText("None.", { exact: true }).first().waitFor();
    await page.getByLabel("Time span", { exact: true }).selectOption("Last hour");
    await most.getByRole("link", { name: "lena" }).click();
    await page.getByRole("heading", { name: "lena", exact: true }).waitFor();
  });

  it("shows claims, refusals and the lag of D1 over the time that was chosen, drawn and as tables", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    let answers: "error" | "off" | "nothing" | "some" = "some";
    await page.route("**/v1/admin/series?*", (route) => {
      if (answers === "error") return route.abort();
      const none = Array.from({ length: 48 }, () => 0);
      const counts = answers === "some" ? none.map((_, step) => (step % 7) * 100) : none;
      const json = {
        counting: answers !== "off",
        span: new URL(route.request().url()).searchParams.get("span"),
        since: 1_799_971_200,
        step_seconds: 1_800,
        claims: { one_time: counts, last_resort: counts, missed: none, rate_limited: counts },
        refusals: { rate_limited: counts, not_allowed: none, failed: none, other: none },
        directory_lag_seconds: none.map((_, step) => (answers === "some" && step === 40 ? 75 : 0)),
      };
      return route.fulfill({ json });
    });
    await signIn(shown);
    const claims = page.getByRole("figure", { name: "Claims by what clients gave" });
    await claims.locator("canvas").waitFor();
    expect(await claims.getByRole("listitem").allTextContents()).toEqual([
      "One-time 14,100",
      "Last resort 14,100",
      "Nothing to give 0",
      "Budget used up 14,100",
    ]);
    // Something is drawn, in the colour of each part that there is.
    const drawn = await page.evaluate(DRAWN_COLOURS);
    expect(drawn).toBe(3);
    await claims.locator(".u-over").hover();
    await claims.getByText(/^2027-01-15 \d\d:\d\d: One-time [\d,]+ · Last resort/).waitFor();
    await page.getByRole("figure", { name: "How late D1" }).getByText("As a table").click();
    expect(await page.getByRole("figure", { name: "How late D1" }).getByRole("row").allTextContents()).toEqual([
      "From (UTC)Longest",
      "2027-01-15 20:0075",
    ]);
    expect(await axeFindings(page)).toEqual([]);
    const choose = (span: string) => page.getByLabel("Time span of the charts").selectOption(span);
    answers = "nothing";
    await choose("Last six hours");
    await page.getByText("No claims in this time.").waitFor();
    await page.getByText("No request was refused in this time.").waitFor();
    await page.getByText("No change reached D1 more than 10 seconds late in this time.").waitFor();
    answers = "off";
    await choose("Last two days");
    const panel = page.getByRole("region", { name: "Over time" });
    await panel.getByText("The setting ACTIVITY_COUNTS has switched the counts off.").waitFor();
    answers = "error";
    await choose("Last day");
    await panel.getByText("The directory did not answer").waitFor();
    answers = "some";
    await panel.getByRole("button", { name: "Try again" }).click();
    await claims.locator("canvas").waitFor();
    said.take(/Failed to load resource/);
  });

  it("shows the keys of the issuer, and has them fetched with a reason", async () => {
    const shown = await visit("/console");
    const { page } = shown;
    await signIn(shown);
    const keys = page.getByRole("region", { name: "Issuers and their keys" });
    await keys.getByRole("cell", { name: "a setting" }).waitFor();
    await keys.getByRole("button", { name: "Fetch now" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("a key was withdrawn");
    await page.getByRole("dialog").getByRole("button", { name: "Fetch the keys" }).click();
    await page
      .getByRole("status")
      .getByText(/its keys are a setting\.$/)
      .waitFor();
  });

  it("is still signed in after a reload of its tab", async () => {
    const shown = await visit("/console");
    await signIn(shown);
    await shown.page.reload();
    await shown.page.getByRole("heading", { name: "Clients" }).waitFor();
  });

  it("opens without a network once it was loaded, and says that the directory does not answer", async () => {
    const shown = await visit("/console");
    const { page, context, said } = shown;
    await signIn(shown);
    await untilKept(page, "/console", "chart-");
    await context.setOffline(true);
    await page.reload();
    await page.getByText("The directory did not answer").first().waitFor();
    await said.rest();
  });

  it("works by the keyboard alone", async () => {
    const shown = await visit("/console");
    const { page } = shown;
    await stocked(shown, "kate");
    await page.keyboard.insertText(await operator(shown.directory));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Clients" }).waitFor();
    await page.getByLabel("User", { exact: true }).focus();
    await page.keyboard.insertText("kate");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "kate", exact: true }).waitFor();
    await page.getByRole("button", { name: "Block", exact: true }).focus();
    await page.keyboard.press("Enter");
    // The reason has the focus; what cannot be done yet is skipped.
    await page.getByRole("dialog", { name: "Block kate?" }).waitFor();
    await page.keyboard.type("noise");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Block the user");
    await page.keyboard.press("Enter");
    await page.getByText(/^kate is blocked, everywhere from /).waitFor();
  });
});

inChromium("the console where a backend that is told of stock does not answer", () => {
  const visit = onPages(() => ({
    // Nothing listens at the discard port.
    EVENTS_WEBHOOK_URL: "http://127.0.0.1:9/",
    EVENTS_WEBHOOK_SECRETS: `whsec_${Buffer.alloc(24).toString("base64")}`,
  }));

  it.each(WINDOWS)("shows which events of a user wait, at $width px, $scheme", async (window) => {
    const shown = await visit("/console", window);
    const { page } = shown;
    const user = `mona-${window.width}-${window.scheme}`;
    await stocked(shown, user, { claims: PACKAGES });
    await signIn(shown);
    await openUser(page, user);
    const waiting = page.getByRole("region", { name: "Waiting events" });
    await waiting.waitFor();
    const [, ...rows] = await waiting.getByRole("row").all();
    const cells = await Promise.all(rows.map((row) => row.getByRole("cell").allTextContents()));
    expect(cells.map(([, ...cells]) => cells.slice(0, 3))).toEqual([["phone", "key_packages.exhausted", "claim"]]);
    expect([await axeFindings(page), await overflow(page)]).toEqual([[], 0]);
  });
});
