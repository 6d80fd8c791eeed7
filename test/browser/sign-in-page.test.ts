/** How an operator signs in at the issuer, in a real browser under the policy that the settings make. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { inChromium } from "./support/chromium.ts";
import { CLIENT_ID, type Issuer, startIssuer } from "./support/issuer.ts";
import { axeFindings, onPages, overflow, WINDOWS } from "./support/served-pages.ts";

inChromium("sign-in at the issuer", () => {
  let issuer: Issuer;
  beforeAll(async () => {
    issuer = await startIssuer();
  });
  const visit = onPages(() => ({
    CONSOLE_AUTHORIZE_URL: `${issuer.origin}/authorize?audience=mls-key-directory`,
    CONSOLE_CLIENT_ID: CLIENT_ID,
    CONSOLE_TOKEN_URL: `${issuer.origin}/token`,
  }));
  afterAll(async () => {
    await issuer.close();
  });
  beforeEach(() => {
    issuer.next.token = "";
    delete issuer.next.error;
    issuer.exchanged.length = 0;
  });

  const signIn = async (path = "/console", window = WINDOWS[2]) => {
    const shown = await visit(path, window);
    issuer.next.token = await shown.directory.token("operator", "console", "directory:admin");
    await shown.page.getByRole("button", { name: /^Sign in at 127\.0\.0\.1:/ }).click();
    return shown;
  };

  it("opens the console with the issuer's token, where the operator was, and leaves nothing of it behind", async () => {
    const { page, directory, said } = await signIn("/console#user=nobody-yet");
    await page.getByRole("heading", { name: "nobody-yet", exact: true }).waitFor();
    expect(page.url()).toBe(`${directory.address}/console#user=nobody-yet`);
    expect(issuer.exchanged).toEqual(["good"]);
    expect(await page.evaluate("Object.keys(sessionStorage)")).toEqual(["operator-token"]);
    // The worker, which answers the page from now on, keeps no address with a code in it.
    await page.evaluate("navigator.serviceWorker.ready");
    await page.goto(`${directory.address}/console?code=another&state=x`);
    await page.getByText("state_mismatch").waitFor();
    const kept = (await page.evaluate(
      "caches.open('pages-1').then(async (cache) => (await cache.keys()).map(({ url }) => url))",
    )) as string[];
    expect(kept).toContain(`${directory.address}/console`);
    expect(kept.filter((url) => url.includes("code="))).toEqual([]);
    // Nobody has that name.
    said.take(/status of 404/);
  });

  it("takes no code that this tab did not ask for", async () => {
    const { page } = await visit("/console?code=stolen&state=guessed");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("state_mismatch");
    expect(issuer.exchanged).toEqual([]);
    expect(new URL(page.url()).search).toBe("");
  });

  it("takes no code of another sign-in than the one that this tab began", async () => {
    const { page, directory } = await visit("/console");
    await page.evaluate(
      `sessionStorage.setItem("sign-in", JSON.stringify({ state: "own", verifier: "v".repeat(43), hash: "" }))`,
    );
    await page.goto(`${directory.address}/console?code=stolen&state=guessed`);
    await page.getByText("state_mismatch").waitFor();
    expect(issuer.exchanged).toEqual([]);
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  it("says what the issuer says, and what the directory says of its token", async () => {
    issuer.next.error = "access_denied";
    const refused = await signIn();
    await refused.page.getByText("access_denied").waitFor();
    expect(issuer.exchanged).toEqual([]);
    delete issuer.next.error;
    issuer.next.token = await refused.directory.token("eve", "phone", "key-packages:claim");
    await refused.page.getByRole("button", { name: /^Sign in at/ }).click();
    await refused.page.getByRole("link", { name: "insufficient_scope" }).waitFor();
    expect(await refused.page.evaluate("sessionStorage.length")).toBe(0);
    refused.said.take(/status of 403/);
  });

  it("may connect to the directory and to the issuer, and to nothing else", async () => {
    const { page, said, directory } = await visit("/console");
    const other = await startIssuer();
    const tried = (url: string) =>
      page.evaluate(`fetch(${JSON.stringify(url)}, { mode: "no-cors" }).then(() => "sent", () => "blocked")`);
    expect(await tried(`${issuer.origin}/authorize-not`)).toBe("sent");
    expect(await tried(`${other.origin}/token`)).toBe("blocked");
    said.take(/violates the following Content Security Policy directive: "connect-src|Fetch API cannot load/);
    said.take(/status of 404/);
    const docs = await fetch(`${directory.address}/docs`);
    expect(docs.headers.get("Content-Security-Policy")).not.toContain(issuer.origin);
    const policies = (await fetch(`${directory.address}/console`)).headers.get("Content-Security-Policy");
    expect(policies?.match(/connect-src [^;]*/g)).toEqual([`connect-src 'self' ${issuer.origin}`]);
    await other.close();
  });

  it.each(WINDOWS)(
    "still takes a token, has nothing that axe finds, and fits, at $width px, $scheme",
    async (window) => {
      const { page, directory } = await visit("/console", window);
      const fine = async () => expect([await axeFindings(page), await overflow(page)]).toEqual([[], 0]);
      await fine();
      await page.getByText("Use a token instead").click();
      await fine();
      await page
        .getByLabel("A token with the scope")
        .fill(await directory.token("operator", "console", "directory:admin"));
      await page.getByRole("button", { name: "Open the console" }).click();
      await page.getByRole("button", { name: "Sign out" }).waitFor();
    },
  );
});
