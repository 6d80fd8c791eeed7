/** The docs in a real browser: at every size and light, with the keyboard, without a script, and without a network. */
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { siteMap } from "../../tools/lib/pages/site-map.ts";
import { inChromium } from "./support/chromium.ts";
import { axeFindings, layoutShift, onPages, overflow, untilKept, WINDOWS } from "./support/served-pages.ts";

const ALL_PAGES = [
  "/docs",
  "/docs/reference",
  ...siteMap(resolve(import.meta.dirname, "../..")).flatMap(({ pages }) => pages.map(({ at }) => at)),
];
/** One of each kind. */
const PAGES = [
  "/docs",
  "/docs/quickstart",
  "/docs/concepts",
  "/docs/web",
  "/docs/http-api",
  "/docs/reference",
  "/docs/operate/metrics",
];

inChromium("the docs", () => {
  const visit = onPages();

  it.each(WINDOWS)("have nothing that axe finds and fit, at $width px, $scheme", async (window) => {
    const { page, directory } = await visit("/docs", window);
    for (const path of PAGES) {
      await page.goto(`${directory.address}${path}`);
      expect([path, await axeFindings(page), await overflow(page)]).toEqual([path, [], 0]);
    }
  });

  it.each([WINDOWS[0], WINDOWS[2]])(
    "all fit and do not move while they load, at $width px",
    async (window) => {
      const { page, directory } = await visit("/docs", window);
      for (const path of ALL_PAGES) {
        await page.goto(`${directory.address}${path}`);
        expect([path, await overflow(page), await layoutShift(page)]).toEqual([path, 0, 0]);
      }
    },
    60_000,
  );

  it.each(WINDOWS)(
    "have a form for each operation, which asks the directory, at $width px, $scheme",
    async (window) => {
      const { page, directory, said } = await visit("/docs/reference", window);
      const opened = async (id: string) => {
        const form = page.locator(`#try-${id}`);
        await form.getByText("Try it").click();
        await form.locator("form").waitFor();
        return form;
      };
      const policy = await opened("getPolicy");
      await policy.getByRole("button", { name: /^Send to / }).click();
      await policy.getByText("200 OK GET /v1/policy").waitFor();
      expect(JSON.parse((await policy.getByLabel("Body of the answer").textContent()) ?? "")).toEqual(
        await (await fetch(`${directory.address}/v1/policy`)).json(),
      );
      const user = await opened("getUser");
      // Without a token nothing is sent: the field asks for one.
      await user.getByRole("button", { name: /^Send to / }).click();
      await user.getByLabel("Token").fill(await directory.token("operator", "console", "directory:admin"));
      // Neither with a name that would be a step of the address.
      const name = user.getByLabel("user", { exact: true });
      await name.fill(".");
      expect(await name.evaluate((input) => input.matches(":invalid"))).toBe(true);
      await user.getByRole("button", { name: "Copy as curl" }).click();
      expect(await user.getByRole("button", { name: "Copied" }).count()).toBe(0);
      await name.fill("no/body?");
      await user.getByRole("button", { name: /^Send to / }).click();
      await user.getByText("404 Not Found GET /v1/admin/users/no%2Fbody%3F").waitFor();
      expect(await user.getByLabel("Body of the answer").textContent()).toContain("unknown_user");
      // The next form has the token, and the example as its body.
      const block = await opened("blockUser");
      await block.getByLabel("Operator-Reason").fill("“noise”");
      await block.getByLabel("Body").fill('{"until": 1}');
      await block.getByRole("button", { name: /^Send to / }).click();
      await block.getByText(/^400 Bad Request PUT/).waitFor();
      expect(await block.getByLabel("Body of the answer").textContent()).toContain("until");
      expect([await axeFindings(page), await overflow(page)]).toEqual([[], 0]);
      said.take(/status of 404/);
      said.take(/status of 400/);
    },
  );

  it("say where a form cannot be loaded, and load it when asked again", async () => {
    const { page, said } = await visit("/docs/reference", WINDOWS[2], { serviceWorkers: "block" });
    let isDown = true;
    await page.route("**/openapi.json", (route) => (isDown ? route.abort() : route.continue()));
    const form = page.locator("#try-getPolicy");
    await form.getByText("Try it").click();
    await form.getByText("The form could not be loaded. Is there a network?").waitFor();
    isDown = false;
    await form.getByRole("button", { name: "Try again" }).click();
    await form.getByRole("button", { name: /^Send to / }).waitFor();
    said.take(/Failed to load resource/);
  });

  it("are searched from the keyboard, also by the parts of a code, and say when there is nothing", async () => {
    const { page } = await visit("/docs");
    await page.keyboard.press("/");
    await page.keyboard.type("wrong audience");
    await page.getByRole("link", { name: /wrong_audience/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/docs#wrong_audience");
    await page.keyboard.press("Escape");
    expect(await page.locator("#search-results").isVisible()).toBe(false);
    await page.locator("#search").fill("zyzzyva");
    await page.locator("#search-results").getByText("Nothing has “zyzzyva” in it.").waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it("say how much a search has found, go through it by arrow keys, and close it when one turns to something else", async () => {
    const { page } = await visit("/docs");
    const results = page.locator("#search-results");
    const links = results.getByRole("link");
    const focused = () => page.evaluate("document.activeElement.id || document.activeElement.getAttribute('href')");
    await page.locator("#search").fill("wrong audience");
    await links.first().waitFor();
    const hrefs = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(await page.locator("#announcer").textContent()).toBe(`${hrefs.length} found`);
    // More than there is room for.
    await page.locator("#search").fill("package");
    await page.getByText(/^8 of \d\d+ shown$/).waitFor({ state: "attached" });
    expect(await links.count()).toBe(8);
    await page.locator("#search").fill("wrong audience");
    await page.getByText(`${hrefs.length} found`, { exact: true }).waitFor({ state: "attached" });
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe(hrefs[0]);
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe(hrefs[1]);
    for (const _ of hrefs) await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe(hrefs.at(-1));
    for (const _ of hrefs) await page.keyboard.press("ArrowUp");
    expect(await focused()).toBe("search");
    await page.getByRole("heading", { level: 1 }).click();
    expect(await results.isVisible()).toBe(false);
    await page.locator("#search").click();
    await links.first().waitFor();
    await links.last().focus();
    await page.keyboard.press("Tab");
    expect(await results.isVisible()).toBe(false);
    await page.locator("#search").fill("zyzzyva");
    await page.locator("#announcer", { hasText: "Nothing has “zyzzyva” in it." }).waitFor({ state: "attached" });
  });

  it("say so where there is no page, while below /v1 there is a problem for programs", async () => {
    const { page, directory, said } = await visit("/docs");
    const missing = await page.goto(`${directory.address}/docs/nowhere`);
    expect(missing?.status()).toBe(404);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("There is no such page");
    expect([await axeFindings(page), await overflow(page)]).toEqual([[], 0]);
    for (const path of ["/v1", "/v1/nowhere"]) {
      const answer = await page.goto(`${directory.address}${path}`);
      expect([path, answer?.status(), await answer?.json()]).toMatchObject([path, 404, { code: "route_not_found" }]);
    }
    said.take(/status of 404/);
  });

  it("copy what was typed and not what was answered", async () => {
    const { page, context } = await visit("/docs/quickstart");
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const block = page.locator(".code", { hasText: "$ kpd claim carol" });
    await block.getByRole("button", { name: "Copy" }).click();
    await block.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await page.evaluate("navigator.clipboard.readText()");
    expect(copied).toContain("kpd claim carol");
    expect(copied).not.toMatch(/\$|CIPHERSUITE/);
  });

  it("lead to examples that are shown as text", async () => {
    const { page, directory } = await visit("/docs/web");
    const href = await page.getByRole("link", { name: "keep-stocked.ts" }).first().getAttribute("href");
    for (const path of [href, "/docs/examples/backend/claim.py"]) {
      const { status, headers } = await fetch(`${directory.address}${path}`);
      expect([path, status, headers.get("content-type")]).toEqual([path, 200, "text/plain; charset=utf-8"]);
    }
  });

  it("can be read without a script", async () => {
    const { context, directory } = await visit("/docs");
    const plain = await context.browser()?.newContext({ javaScriptEnabled: false });
    if (!plain) throw new Error("expected a browser");
    const page = await plain.newPage();
    await page.goto(`${directory.address}/docs/reference`);
    expect(await page.getByText("/v1/users/{user}/claims").first().isVisible()).toBe(true);
    await page.getByRole("link", { name: "Quickstart" }).first().click();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("MLS Key Directory");
    await plain.close();
  });

  it("remember the theme that was chosen, on every page", async () => {
    const { page, directory } = await visit("/docs");
    const dark = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const before = await dark();
    await page.getByRole("button", { name: "Theme: system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    expect(await page.getByRole("button", { name: "Theme: dark" }).count()).toBe(1);
    expect(await dark()).not.toBe(before);
    await page.goto(`${directory.address}/`);
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
  });

  it("have drawings with words, in the colours of the page", async () => {
    const { page } = await visit("/docs/concepts", WINDOWS[3]);
    const drawings = page.getByRole("img", {
      name: /^(A KeyPackage|A package|Bob and Carol|While there|Each claimer|Storage is)/,
    });
    expect(await drawings.count()).toBe(6);
    const ink = () =>
      page.evaluate(
        "getComputedStyle(document.querySelector('.drawing .t')).fill === getComputedStyle(document.body).color",
      );
    expect(await ink()).toBe(true);
    await page.getByRole("button", { name: "Theme: system" }).click();
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("light");
    expect(await ink()).toBe(true);
  });

  it("are searched without a network once one of them was loaded, whether or not anybody searched before", async () => {
    const { page, context, said } = await visit("/docs/privacy");
    await untilKept(page, "/docs/privacy", "/docs/search.json", "/assets/search-");
    await context.setOffline(true);
    await page.reload();
    await page.locator("#search").fill("wrong audience");
    await page.getByRole("link", { name: /wrong_audience/ }).waitFor();
    await said.rest();
  });

  it("open without a network once they were loaded", async () => {
    const { page, context, said } = await visit("/docs/privacy");
    await untilKept(page, "/docs/privacy");
    await context.setOffline(true);
    await page.reload();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("What is kept");
    await said.rest();
  });
});
