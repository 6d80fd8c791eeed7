/** Signing in, going from the list to users and back: what has the focus, what is asked for, and what is kept. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { inChromium } from "./support/chromium.ts";
import { openUser, operator, signIn, stocked } from "./support/console.ts";
import { onPages, type Visit, WINDOWS } from "./support/served-pages.ts";

const focused = (page: Page) => page.evaluate("document.activeElement.textContent");

/** So many users, as the list of stock has them. */
const rowsOf = (count: number, change: object = {}) =>
  Array.from({ length: count }, (_, i) => ({
    user: `user-${String(i).padStart(5, "0")}`,
    client: "phone",
    ciphersuite: 1,
    available: 20,
    last_resort: true,
    next_expiry: 1_900_000_000,
    needs_upload: false,
    ...change,
  }));

/** Of the list: who did most is listed below it. */
const inList = (page: Page, user: string) =>
  page.getByRole("region", { name: "Stock levels" }).getByRole("link", { name: user });

inChromium("the way about the console", () => {
  const visit = onPages();
  const withoutWorker = (): Promise<Visit> => visit("/console", WINDOWS[2], { serviceWorkers: "block" });

  it("keeps who has signed in anew after a token had expired", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    await stocked(shown, "anna");
    await signIn(shown);
    await inList(page, "anna").waitFor();
    const first = await page.evaluate("sessionStorage.getItem('operator-token')");
    // The first token is taken no longer; a later one is.
    await page.route("**/v1/admin/**", (route) => {
      const isFirst = route.request().headers().authorization === `Bearer ${first}`;
      const json = { type: "", title: "Expired", status: 401, code: "token_expired", detail: "", instance: "" };
      return isFirst ? route.fulfill({ status: 401, json }) : route.continue();
    });
    await inList(page, "anna").click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").count()).toBe(1);
    said.take(/status of 401/);
    const second = await shown.directory.token("operator", "another tab", "directory:admin");
    await page.getByLabel("A token with the scope").fill(second);
    await page.getByRole("button", { name: "Open the console" }).click();
    await page.getByRole("heading", { name: "anna", exact: true }).waitFor();
    expect(second === first).toBe(false);
    await page.getByRole("button", { name: "← All clients" }).click();
    await inList(page, "anna").click();
    await page.getByRole("region", { name: "Stock of phone" }).waitFor();
    expect(await page.evaluate("sessionStorage.getItem('operator-token')")).toBe(second);
  });

  it("has the focus where somebody has gone, at the top, and back at the user who was opened", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await page.route("**/v1/admin/stock?*", (route) => route.fulfill({ json: { rows: rowsOf(120), next: null } }));
    await stocked(shown, "user-00095");
    await signIn(shown);
    expect(await focused(page)).toBe("Console");
    const next = page.getByRole("button", { name: "Next" });
    await next.click();
    await page.getByText("Page 2 of 3").waitFor();
    expect(await focused(page)).toBe("Next");
    await inList(page, "user-00095").click();
    await page.getByRole("heading", { name: "user-00095", exact: true }).waitFor();
    expect(await focused(page)).toBe("user-00095");
    expect(await page.evaluate("scrollY")).toBe(0);
    await page.getByRole("region", { name: "Stock of phone" }).waitFor();
    await page.getByRole("button", { name: "Show the journal" }).click();
    await page.getByRole("region", { name: "What was claimed and missed" }).waitFor();
    expect(await focused(page)).toBe("Journal");
    await page.getByRole("button", { name: "← All clients" }).click();
    await page.getByText("Page 2 of 3").waitFor();
    await page.locator("a:focus", { hasText: "user-00095" }).waitFor();
    const box = await page.locator("a:focus").boundingBox();
    expect(box && [box.y > 56, box.y < WINDOWS[2].height]).toEqual([true, true]);
    // On the last page there is no next one, and the focus goes to where the list begins.
    await next.focus();
    await page.keyboard.press("Enter");
    await page.getByText("Page 3 of 3").waitFor();
    expect(await focused(page)).toBe("Clients");
  });

  it("keeps filter, search and page of the list while a user is looked at, by the browser's own way back too", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await stocked(shown, "emil");
    const emil = rowsOf(1, { user: "emil", available: 2, needs_upload: true });
    await page.route("**/v1/admin/stock?*", (route) => {
      const filter = new URL(route.request().url()).searchParams.get("filter");
      const rows = filter === "low" ? emil : [...emil, ...rowsOf(1, { user: "emi-high" })];
      return route.fulfill({ json: { rows, next: null } });
    });
    await signIn(shown);
    await page.getByLabel("Which clients").selectOption("Need packages");
    await page.getByLabel("Find a user or client").fill("emi");
    await inList(page, "emil").click();
    await page.getByRole("heading", { name: "emil", exact: true }).waitFor();
    expect(await page.title()).toMatch(/^emil – Console/);
    await page.goBack();
    await inList(page, "emil").waitFor();
    expect(await page.title()).toMatch(/^Console/);
    expect(await page.getByLabel("Which clients").inputValue()).toBe("low");
    expect(await page.getByLabel("Find a user or client").inputValue()).toBe("emi");
    // The overview is of all, whatever the list shows.
    await page.locator(".tile", { hasText: "Clients" }).getByText("2", { exact: true }).waitFor();
    await page.getByText("Page 1 of 1 · 1 row").waitFor();
    expect(await inList(page, "emi-high").count()).toBe(0);
  });

  it("has the focus on a heading after it was tried in vain, and says nothing of a list that is not there yet", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    const held: (() => Promise<void>)[] = [];
    await page.route("**/v1/admin/stock?*", (route) => {
      held.push(() => route.abort());
    });
    await signIn(shown);
    await page.getByLabel("Find a user or client").fill("x");
    const list = page.getByRole("region", { name: "Clients", exact: true });
    expect(await list.textContent()).not.toContain("No client has registered yet");
    await expect.poll(() => held.length).toBe(1);
    await held[0]?.();
    const again = page.getByRole("button", { name: "Try again" });
    await again.click();
    await expect.poll(() => held.length).toBe(2);
    await held[1]?.();
    await again.waitFor();
    expect(await focused(page)).toBe("Clients");
    said.take(/Failed to load resource/);
  });

  it("shows what was asked for last, whichever answer comes first", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await signIn(shown);
    await page.getByText("Nobody is blocked.").waitFor();
    const held: ((why: string) => Promise<void>)[] = [];
    await page.route("**/v1/admin/blocked-users", (route) => {
      const pool = "ab".repeat(32);
      held.push((why) => route.fulfill({ json: { blocked: [{ pool, since: 1_800_000_000, until: null, why }] } }));
    });
    const refresh = page
      .getByRole("heading", { name: "Blocked users" })
      .locator("..")
      .getByRole("button", { name: "Refresh" });
    await refresh.click();
    await refresh.click();
    await expect.poll(() => held.length).toBe(2);
    await held[1]?.("the later");
    await page.getByText("the later").waitFor();
    const isThere = page.waitForResponse("**/v1/admin/blocked-users");
    await held[0]?.("the earlier");
    await (await isThere).finished();
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    await page.getByText("the later").waitFor();
    expect(await page.getByText("the earlier").count()).toBe(0);
  });

  it("suggests whom was asked for last, whichever answer comes first", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await signIn(shown);
    const held: (() => Promise<void>)[] = [];
    await page.route("**/v1/admin/users?prefix=*", (route) => {
      const prefix = new URL(route.request().url()).searchParams.get("prefix") ?? "";
      held.push(() => route.fulfill({ json: { users: [`${prefix}-suggested`], next: null } }));
    });
    const box = page.getByLabel("User", { exact: true });
    await box.fill("a");
    await expect.poll(() => held.length).toBe(1);
    await box.fill("b");
    await expect.poll(() => held.length).toBe(2);
    await held[1]?.();
    await page.locator('#users option[value="b-suggested"]').waitFor({ state: "attached" });
    const isThere = page.waitForResponse("**/v1/admin/users?prefix=*");
    await held[0]?.();
    await (await isThere).finished();
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    expect(
      await page.locator("#users option").evaluateAll((all) => all.map((one) => one.getAttribute("value"))),
    ).toEqual(["b-suggested"]);
  });

  it("tells two users apart of whom one spells what the other has", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    await signIn(shown);
    const users = ["q\u202Ex", "q\\u{202e}x"];
    await page.route("**/v1/admin/users?prefix=*", (route) => route.fulfill({ json: { users, next: null } }));
    for (const [index, user] of users.entries()) {
      const box = page.getByLabel("User", { exact: true });
      await box.fill("q");
      const option = page.locator("#users option").nth(index);
      await option.waitFor({ state: "attached" });
      await box.fill((await option.getAttribute("value")) ?? "");
      await page.getByRole("button", { name: "Open", exact: true }).click();
      await page.getByRole("heading", { name: "In no pool" }).waitFor();
      expect(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("user")).toBe(user);
    }
    said.take(/status of 404/);
  });

  it("signs in once, however often that is asked for", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    const held: (() => Promise<void>)[] = [];
    await page.route("**/v1/admin/users?limit=1", (route) => {
      held.push(() => route.continue());
    });
    await page.getByLabel("A token with the scope").fill(await operator(shown.directory));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await expect.poll(() => held.length).toBe(1);
    await held[0]?.();
    await page.getByRole("heading", { name: "Clients" }).waitFor();
    expect(held.length).toBe(1);
  });

  it("makes one dry run at a time: the one that was begun last", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await signIn(shown);
    const held: ((users: number, next: string | null) => Promise<void>)[] = [];
    await page.route("**/v1/admin/restore-epoch/preview?*", (route) => {
      const none = { restore_epoch: 1_800_000_000, users_affected: 0, one_time: 0, last_resorts: 0 };
      held.push((users, next) => route.fulfill({ json: { ...none, users, next } }));
    });
    const begin = page.getByRole("button", { name: "Dry run" });
    await begin.click();
    await expect.poll(() => held.length).toBe(1);
    await page.getByRole("button", { name: "Stop" }).click();
    await begin.click();
    await expect.poll(() => held.length).toBe(2);
    const isThere = page.waitForResponse("**/v1/admin/restore-epoch/preview?*");
    await held[0]?.(1, "more");
    await (await isThere).finished();
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    await held[1]?.(7, null);
    await page.getByText(/All users were asked: 7\.$/).waitFor();
    expect(held.length).toBe(2);
  });

  it("leads to parts that have names, and announces the page of the list that was turned to", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await page.route("**/v1/admin/stock?*", (route) => route.fulfill({ json: { rows: rowsOf(120), next: null } }));
    await signIn(shown);
    const buttons = page.getByRole("navigation", { name: "On this page" }).getByRole("button", { disabled: false });
    await expect.poll(() => buttons.count()).toBe(8);
    const names: unknown[] = [];
    for (const button of await buttons.all()) {
      await button.click();
      names.push(
        await page.evaluate(
          "(({ ariaLabel, ariaLabelledByElements: by }) => ariaLabel ?? by?.[0]?.textContent)(document.activeElement)",
        ),
      );
    }
    expect(names).toEqual([
      "Stock",
      "Over time",
      "Clients",
      "Who did most",
      "Blocked users",
      "Issuers and their keys",
      "Restore epoch",
      "What operators did",
    ]);
    const status = page.getByRole("region", { name: "Clients", exact: true }).getByRole("status");
    const before = await status.elementHandle();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2 of 3").waitFor();
    // What is announced is what changes in a status that was there before.
    expect(await before?.textContent()).toBe("Page 2 of 3 · 120 rows");
    expect(await before?.evaluate((one) => one.isConnected)).toBe(true);
  });

  it("brings a part into sight below what stays at the top", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    await stocked(shown, "flora");
    await signIn(shown);
    await page.getByRole("button", { name: "Clients", exact: true }).click();
    const [heading, header] = (await page.evaluate(
      "[document.getElementById('clients-title').getBoundingClientRect().top, document.querySelector('.top').getBoundingClientRect().bottom]",
    )) as number[];
    expect(heading).toBeGreaterThan(header ?? 0);
  });

  it("asks for nothing more once it is left: neither stock nor a dry run", async () => {
    const shown = await withoutWorker();
    const { page, said } = shown;
    await stocked(shown, "georg");
    const asked: string[] = [];
    const held: (() => void)[] = [];
    await signIn(shown);
    await page.getByText("Storage was never restored.").waitFor();
    await page.route(/\/v1\/admin\/(stock|restore-epoch\/preview)\?/, async (route) => {
      const url = new URL(route.request().url());
      asked.push(url.pathname);
      await new Promise<void>((resolve) => held.push(resolve));
      const preview = { restore_epoch: 1_800_000_000, users: 1, users_affected: 1, one_time: 1, last_resorts: 1 };
      const json = url.pathname.endsWith("stock") ? { rows: rowsOf(500), next: "more" } : { ...preview, next: "more" };
      await route.fulfill({ json }).catch(() => undefined);
    });
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByRole("region", { name: "Clients" }).getByRole("button", { name: "Refresh" }).click();
    await expect.poll(() => asked.length).toBe(2);
    await openUser(page, "georg");
    for (const answer of held) answer();
    await page.getByRole("region", { name: "Stock of phone" }).waitFor();
    // Whatever would follow an answer has followed once a later answer is there.
    await page.getByRole("button", { name: "Refresh", exact: true }).click();
    await page.getByRole("region", { name: "Stock of phone" }).waitFor();
    expect(asked.toSorted()).toEqual(["/v1/admin/restore-epoch/preview", "/v1/admin/stock"]);
    expect(await said.rest()).toEqual([]);
  });

  it("shows the overview although the filter was changed while it was loaded", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    let go = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    let isHeld = false;
    await page.route("**/v1/admin/stock?*", async (route) => {
      const filter = new URL(route.request().url()).searchParams.get("filter");
      if (filter === "all" && isHeld) await held;
      await route.fulfill({ json: { rows: rowsOf(filter === "all" ? 7 : 3), next: null } });
    });
    await signIn(shown);
    const clients = page.getByRole("region", { name: "Clients" });
    await clients.getByText("7 rows").waitFor();
    isHeld = true;
    await clients.getByRole("button", { name: "Refresh" }).click();
    await page.getByLabel("Which clients").selectOption("Need packages");
    await clients.getByText("3 rows").waitFor();
    go();
    await page.locator(".tile", { hasText: "Clients" }).getByText("7", { exact: true }).waitFor();
    await clients.getByText("3 rows").waitFor();
  });

  it("does not say that there is nobody where it has not looked, and who is in which state in one word everywhere", async () => {
    const shown = await withoutWorker();
    const { page } = shown;
    const states = [
      { user: "z-low", available: 3, needs_upload: true },
      { user: "z-last", available: 0, needs_upload: true },
      { user: "z-none", available: 0, last_resort: false, needs_upload: true },
    ];
    await page.route("**/v1/admin/stock?*", (route) =>
      route.fulfill({ json: { rows: [...states.map((state) => rowsOf(1, state)[0]), ...rowsOf(497)], next: "more" } }),
    );
    await signIn(shown);
    const list = page.getByRole("region", { name: "Stock levels" });
    await list.waitFor();
    const cells = await Promise.all(
      [1, 2, 3].map((row) => list.getByRole("row").nth(row).getByRole("cell").nth(2).textContent()),
    );
    expect(cells).toEqual(["low", "only a last resort", "nothing left"]);
    await page.getByLabel("Find a user or client").fill("far beyond");
    await page.getByText("None of the first 10,000 rows has “far beyond” in its name;").waitFor();
  });

  it("sends no token that no header can carry, and says so", async () => {
    const { page, requests } = await visit("/console");
    await page.getByLabel("A token with the scope").fill("ünvalid→");
    await page.getByRole("button", { name: "Open the console" }).click();
    await page.getByText("Nothing was sent").waitFor();
    await page.getByText("not_sent").waitFor();
    expect(requests.filter((request) => request.includes("/v1/admin"))).toEqual([]);
  });
});
