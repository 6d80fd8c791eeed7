/** What a person does in the inspector, in a real browser and under the policy that is deployed. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { encodeMlsMessage } from "../../src/mls/index.ts";
import { sample } from "../../src/web/inspector/samples.ts";
import { inChromium } from "./support/chromium.ts";
import { axeFindings, layoutShift, onPages, overflow, untilKept, WINDOWS } from "./support/served-pages.ts";

const peers: { key_packages: { source: string; hex: string; ref: string }[] } = JSON.parse(
  readFileSync("test/vectors/peers.json", "utf8"),
);
const peer = (source: string) => {
  const found = peers.key_packages.find((one) => one.source.startsWith(source));
  if (found === undefined) throw new Error(`expected a package of ${source}`);
  return { ...found, bytes: new Uint8Array(Buffer.from(found.hex, "hex")) };
};
const openmls = peer("openmls-wasm");
const tsMls = peer("ts-mls");
/** Within the lifetime of the package of OpenMLS. */
const AT = 1_796_000_000;
const linked = (hex: string, more = "") => `/#kp=${hex}&at=${AT}${more}`;

async function fillWithMlDsa(page: Page): Promise<void> {
  const { hex } = await sample("fresh-ml-dsa", Math.floor(Date.now() / 1000));
  await page.locator("#input").fill(hex);
}

const verdict = (page: Page, text: string) => page.locator("#verdict", { hasText: text }).waitFor();

inChromium("the inspector", () => {
  const visit = onPages();

  it.each(WINDOWS)(
    "has nothing that axe finds and fits, at $width px, $scheme, empty and with a package",
    async (window) => {
      const { page } = await visit("/", window);
      expect(await axeFindings(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      await page.getByLabel("KeyPackages or other MLS messages").fill(tsMls.hex);
      await page.getByRole("button", { name: "Inspect" }).click();
      await page.locator("#verdict").waitFor();
      await page.locator('[data-path="leaf_node.signature_key"]').click();
      expect(await axeFindings(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    },
  );

  it.each(["/", linked(openmls.hex, "&field=init_key"), "/docs", "/docs/http-api", "/console"])(
    "does not move what is on it while it loads: %#",
    async (path) => {
      const { page } = await visit(path, WINDOWS[0]);
      if (path.includes("kp=")) await page.locator("#verdict").waitFor();
      expect(await layoutShift(page)).toBe(0);
    },
  );

  it("shows a package by its fields, its reference and its verdict, and sends nothing anywhere", async () => {
    const { page, requests, directory } = await visit(linked(openmls.hex));
    await page.locator("#verdict").waitFor();
    expect(await page.locator("#verdict").textContent()).toBe("Accepted");
    const summary = page.getByRole("region", { name: /^KeyPackage/ });
    expect(await summary.textContent()).toContain(openmls.ref);
    expect(await summary.textContent()).toContain("openmls-wasm-0");
    expect(await page.locator('[data-path="cipher_suite"]').textContent()).toContain(
      "3 MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
    );
    const made = page.locator(".check:not(.not-checked-here)");
    expect(await page.locator(".check.passed").count()).toBe(await made.count());
    expect(await page.locator(".check.not-checked-here .check-text").allTextContents()).toEqual([
      "Not checked here: signature_key is the one that the client has registered",
      "Not checked here: The identity is the one that the deployment expects of the client",
      "Not checked here: The certificates of an X.509 credential lead to an authority that the deployment trusts",
    ]);
    // Its own files, and not the package: what is after # is never sent.
    for (const request of requests) {
      expect(request.startsWith(`GET ${directory.address}/`)).toBe(true);
      expect(request).not.toContain("kp=");
    }
  });

  it("is forbidden by its policy to connect to anything, its own origin included", async () => {
    const { page, said } = await visit("/");
    const tried = page.evaluate("fetch('/v1/policy').then(() => 'sent', () => 'blocked')");
    expect(await tried).toBe("blocked");
    said.take(/violates the following Content Security Policy directive: "connect-src 'none'"|Fetch API cannot load/);
  });

  it.each([
    ["hex", openmls.hex],
    ["base64", Buffer.from(openmls.bytes).toString("base64")],
    ["base64url of an MLSMessage", Buffer.from(encodeMlsMessage(openmls.bytes)).toString("base64url")],
    ["PEM", `-----BEGIN MLS-----\n${Buffer.from(openmls.bytes).toString("base64")}\n-----END MLS-----\n`],
  ])("reads %s", async (_, text) => {
    const { page } = await visit("/");
    await page.getByLabel("KeyPackages or other MLS messages").fill(text);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator("#verdict").waitFor();
    expect(await page.locator(".summary").textContent()).toContain(openmls.ref);
  });

  it("reads files, several packages at once, and says what it cannot read", async () => {
    const { page } = await visit("/");
    const lines = [openmls.hex, "not a package", tsMls.hex].join("\n");
    await page.locator("#file").setInputFiles([
      { name: "two.txt", mimeType: "text/plain", buffer: Buffer.from(lines) },
      { name: "one.bin", mimeType: "application/octet-stream", buffer: Buffer.from(encodeMlsMessage(openmls.bytes)) },
    ]);
    expect(await page.getByRole("alert").first().textContent()).toBe(
      "two.txt, line 2: neither hex nor base64 nor base64url.",
    );
    const chosen = page.getByLabel("Shown");
    await page.locator("#at").fill("2026-11-30T00:53:20");
    await page.getByText(/^2 accepted, 1 cannot be read, 1 \w+\.$/).waitFor();
    const answers = (await chosen.locator("option").allTextContents()).map((text) =>
      text.replace(/ · \w+_\w+$/, " · refused"),
    );
    expect(answers).toEqual([
      "1 of 4 · two.txt, line 1 · accepted",
      "2 of 4 · two.txt, line 2 · cannot be read",
      "3 of 4 · two.txt, line 3 · refused",
      "4 of 4 · one.bin · accepted",
    ]);
    await chosen.selectOption("3");
    await page.getByRole("heading", { name: "MLSMessage(mls_key_package)" }).waitFor();
  });

  it("says at the top why a package is refused", async () => {
    const { page } = await visit(`/#kp=${openmls.hex}&at=1999999999`);
    await page.locator("#verdict").waitFor();
    const said = await page.locator("#verdict").textContent();
    const [, code = "", detail = ""] = /^Refused: (\w+) · (.+)$/.exec(said ?? "") ?? [];
    expect(code).toBe("lifetime_expired");
    expect(await page.locator(".summary .answer").textContent()).toBe(`${code} ${detail}`);
    expect(await page.locator("#verdict a").getAttribute("href")).toBe("/docs#result-lifetime_expired");
  });

  it("lights the bytes of a field and the field of a byte, for the pointer and for the focus", async () => {
    const { page } = await visit(linked(openmls.hex));
    await page.locator('[data-path="init_key"]').hover();
    expect(await page.locator(".byte.pointed").count()).toBe(33);
    await page.locator('.byte[data-offset="2"]').hover();
    expect(await page.locator(".field.pointed .name").textContent()).toBe("cipher_suite");
    await page.mouse.move(0, 0);
    await page.locator('[data-path="version"]').focus();
    expect(await page.locator(".byte.pointed").count()).toBe(2);
    await page.locator('.byte[data-offset="5"]').focus();
    expect(await page.locator(".field.pointed .name").textContent()).toBe("init_key");
  });

  it("changes a byte by two digits, sees the verdict change, and takes it back", async () => {
    const { page } = await visit(linked(openmls.hex));
    await page.locator("#verdict").waitFor();
    const last = openmls.bytes.length - 1;
    await page.locator(`.byte[data-offset="${last}"]`).click();
    const flipped = ((openmls.bytes[last] ?? 0) ^ 1).toString(16).padStart(2, "0");
    await page.keyboard.type(flipped);
    await verdict(page, "Refused: invalid_signature");
    const failed = page.locator(".check.failed");
    expect(await failed.count()).toBe(1);
    expect(await failed.textContent()).toContain("The signature of the KeyPackage verifies");
    await page.getByRole("button", { name: "Undo changes" }).click();
    await verdict(page, "Accepted");
  });

  it("replaces the bytes of a field, also by fewer, and shows the fields before the damage", async () => {
    const { page } = await visit(linked(openmls.hex, "&field=init_key"));
    await page.getByLabel("Its bytes in hex").fill("20 00");
    await page.getByRole("button", { name: "Replace" }).click();
    await verdict(page, "Refused: malformed");
    expect(await page.getByText("What was read before the damage").count()).toBe(1);
    expect(await page.locator(".hex [role=gridcell]").count()).toBe(openmls.bytes.length - 31);
    const editor = page.getByLabel("Its bytes in hex");
    await editor.fill("xyz");
    await page.getByRole("button", { name: "Replace" }).click();
    expect(await page.locator(".field-panel [role=alert]").textContent()).toBe(
      "Expected an even number of hex digits.",
    );
  });

  it("judges at a time of one's choosing and under each policy, and the address remembers it", async () => {
    const { page } = await visit(linked(openmls.hex));
    await page.locator("#verdict").waitFor();
    await page.getByLabel("Judged at (UTC)").fill("2031-01-01T00:00:00");
    await verdict(page, "Refused: lifetime_expired");
    expect(new URL(page.url()).hash).toContain(`at=${Date.UTC(2031, 0, 1) / 1000}`);
    await page.getByRole("button", { name: "Start of its lifetime" }).click();
    await verdict(page, "Accepted");
    await page.goto("about:blank");
    await page.goto((await visit(linked(tsMls.hex))).directory.address + linked(tsMls.hex));
    await verdict(page, "Refused: lifetime_too_long");
    await page.getByLabel("OpenMLS").check();
    await verdict(page, "Accepted");
    expect(new URL(page.url()).hash).toContain("policy=openmls");
    await page.reload();
    await verdict(page, "Accepted");
    expect(await page.getByLabel("OpenMLS").isChecked()).toBe(true);
  });

  it.each([
    ["is damaged", "zz00"],
    ["is longer than any package", "00".repeat(16_385)],
    ["is empty", ""],
  ])("says so if what is in the address %s, and shows nothing of before", async (_, kp) => {
    const { page } = await visit(`/#kp=${kp}`);
    const problem = page.locator("#input-problem");
    const said =
      /^The package in the address cannot be read: expected pairs of hex digits, of at most 16,384 bytes, got [\d,]+ characters\.$/;
    await problem.getByText(said).waitFor();
    expect(await page.locator("#result").isVisible()).toBe(false);
    await page.evaluate(`location.hash = "kp=${openmls.hex}&at=${AT}"`);
    await page.locator("#verdict").waitFor();
    expect(await problem.textContent()).toBe("");
    await page.evaluate(`location.hash = "kp=${kp}"`);
    await problem.getByText(said).waitFor();
    expect(await page.locator("#result").isVisible()).toBe(false);
  });

  it("offers no link to what an address cannot hold, and says why", async () => {
    const { page } = await visit("/");
    await page.locator("#input").fill(`00010001${"00".repeat(16_384)}`);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator("#verdict").waitFor();
    await page.getByText("No link: an address has room for 16,384 bytes.").waitFor();
    expect(await page.getByRole("button", { name: "Copy link" }).count()).toBe(0);
    expect(await page.evaluate("location.hash")).toBe("");
  });

  it("opens at the field that the address names", async () => {
    const { page } = await visit(linked(openmls.hex, "&field=leaf_node.lifetime.not_after"));
    expect(await page.locator(".field.selected .name").textContent()).toBe("not_after");
    expect(await page.locator(".byte.selected").count()).toBe(8);
    expect(await page.getByRole("region", { name: "Field leaf_node.lifetime.not_after" }).textContent()).toContain(
      "RFC 9420 §7.2",
    );
  });

  it("works by the keyboard alone", async () => {
    const { page } = await visit("/");
    const input = page.getByLabel("KeyPackages or other MLS messages");
    await input.focus();
    await page.keyboard.insertText(openmls.hex);
    await page.keyboard.press("Control+Enter");
    await page.locator("#verdict").waitFor();
    await page.locator('.byte[tabindex="0"]').focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    expect(await page.locator(".field.selected .name").textContent()).toBe("init_key");
    await page.locator('[data-path="version"]').focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await page.locator(".field.selected .name").textContent()).toBe("cipher_suite");
    expect(await page.evaluate("document.activeElement.dataset.path")).toBe("cipher_suite");
  });

  describe("names other messages with what is public in them", () => {
    it("a PrivateMessage", async () => {
      // version, wire format, group "g", epoch 7, application, no data, and two vectors of one byte.
      const message = "0001000201670000000000000007010001aa01bb";
      const { page } = await visit(`/#kp=${message}`);
      await page.getByRole("heading", { name: "MLSMessage(mls_private_message)" }).waitFor();
      expect(await page.locator('[data-path="epoch"] .value').textContent()).toBe("7");
      expect(await page.getByText("only members can read them").count()).toBe(1);
      expect(await page.locator("#verdict").count()).toBe(0);
    });
  });

  it.each([
    ["OpenMLS", "Accepted", "rfc9420"],
    ["ts-mls", "Accepted", "rfc9420"],
    ["core-crypto", "Accepted", "rfc9420"],
    ["mls-rs", "Refused: lifetime_too_long", "rfc9420"],
    ["rfc9420 for Python", "Accepted", "rfc9420"],
    ["This library", "Accepted", "rfc9420"],
    ["OpenMLS, X-Wing", "Accepted", "openmls-0.9"],
    ["ts-mls, ML-KEM", "Accepted", "ts-mls-1"],
    ["This library, ML-DSA", "Accepted", "openmls-0.9"],
  ])("has a sample: %s", async (name, expected, profile) => {
    const { page } = await visit("/", WINDOWS[0]);
    await page.getByRole("button", { name, exact: true }).click();
    await verdict(page, expected);
    expect(await overflow(page)).toBe(0);
    expect(await page.locator(".profiles .chosen dt").textContent()).toBe(profile);
    // Every byte has a cell, also of the largest.
    const said = await page.locator(".summary h2 .note").textContent();
    expect(`${(await page.locator(".byte").count()).toLocaleString("en")} bytes`).toBe(said);
  });

  it("shows a large field from its beginning, and the editor below it within reach", async () => {
    const { page } = await visit("/");
    await page.getByRole("button", { name: "This library, ML-DSA", exact: true }).click();
    await verdict(page, "Accepted");
    await page.locator('[data-path="leaf_node.signature"]').click();
    const rows = await page.evaluate(`(() => {
      const grid = document.querySelector(".hex").getBoundingClientRect();
      const first = document.querySelector(".byte.selected").getBoundingClientRect();
      return Math.floor((grid.bottom - first.top) / first.height);
    })()`);
    // At least a third of what the grid shows is of the field.
    expect(rows).toBeGreaterThanOrEqual(5);
    const value = await page.getByRole("group", { name: "Its value" }).boundingBox();
    expect(value?.height).toBeLessThan(200);
  });

  it("says what each suite profile makes of a number, reads it with the likely one, and with another when told", async () => {
    const { page } = await visit("/");
    await page.getByRole("button", { name: "ts-mls, ML-KEM", exact: true }).click();
    await verdict(page, "Accepted");
    const suite = page.locator('[data-path="cipher_suite"] .value');
    expect(await suite.textContent()).toBe("77 MLS_128_MLKEM512_AES128GCM_SHA256_Ed25519");
    const profiles = await page.locator(".profiles dl > div").allTextContents();
    expect(profiles).toEqual([
      "rfc9420unsupported_ciphersuite",
      "openmls-0.9invalid_init_key",
      "ts-mls-1accepted",
      "ts-mls-2unsupported_ciphersuite",
      "airunsupported_ciphersuite",
      "wireunsupported_ciphersuite",
      "mls-rs-aws-lcunsupported_ciphersuite",
    ]);
    await page.getByLabel("Suite numbers of").selectOption("openmls-0.9");
    await verdict(page, "Refused: invalid_init_key");
    expect(await suite.textContent()).toBe("77 MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519");
    expect(new URL(page.url()).hash).toContain("profile=openmls-0.9");
    expect(await page.evaluate("document.activeElement.id")).toBe("profile");
    await page.reload();
    await verdict(page, "Refused: invalid_init_key");
  });

  it("can be used before what looks into packages is there, and shows what was given last as soon as it is", async () => {
    const { page } = await visit("/docs", WINDOWS[2], { serviceWorkers: "block" });
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    await page.route("**/assets/looking-*", async (route) => {
      await arrived;
      await route.continue();
    });
    await page.getByRole("link", { name: "Inspector", exact: true }).click();
    const input = page.getByLabel("KeyPackages or other MLS messages");
    for (const { hex } of [tsMls, openmls]) {
      await input.fill(hex);
      await page.getByRole("button", { name: "Inspect" }).click();
    }
    await input.fill("what is typed meanwhile stays");
    arrive();
    await page.locator("#verdict").waitFor();
    expect(await page.locator(".summary").textContent()).toContain(openmls.ref);
    expect(await input.inputValue()).toBe("what is typed meanwhile stays");
  });

  it("says so if the rest of it cannot be loaded, and goes on when it can", async () => {
    const { page, said } = await visit("/docs", WINDOWS[2], { serviceWorkers: "block" });
    await page.route("**/assets/looking-*", (route) => route.abort());
    await page.goto(page.url().replace("/docs", "/"));
    await page.getByLabel("KeyPackages or other MLS messages").fill(openmls.hex);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByText("Not all of the page could be loaded. Is there a network?").waitFor();
    said.take(/Failed to load resource/);
    await page.unroute("**/assets/looking-*");
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator("#verdict").waitFor();
  });

  it.each([
    ["a package that is pasted", (page: Page) => page.locator("#input").fill(openmls.hex), undefined],
    ["a sample", undefined, "OpenMLS"],
    ["a sample that is made on the spot", undefined, "This library, ML-DSA"],
    ["a package that is signed with ML-DSA", fillWithMlDsa, undefined],
  ])("works without a network once it was loaded, whatever was looked at: %s", async (_, give, sample) => {
    const { page, context, said } = await visit("/");
    await untilKept(page, "/", "looking-", "judging-", "noble-", "samples-", "post-quantum-", "/theme.js", ".css");
    await context.setOffline(true);
    await page.reload();
    await give?.(page);
    await page.getByRole("button", { name: sample ?? "Inspect", exact: true }).click();
    await page.locator("#verdict").waitFor();
    expect((await said.rest()).filter((message) => message.startsWith("not caught"))).toEqual([]);
  });

  it("says so if a sample cannot be made", async () => {
    const { page, said } = await visit("/docs", WINDOWS[2], { serviceWorkers: "block" });
    await page.route("**/assets/post-quantum-*", (route) => route.abort());
    await page.goto(page.url().replace("/docs", "/"));
    await page.getByRole("button", { name: "This library, ML-DSA", exact: true }).click();
    await page.getByText("The samples could not be loaded. Is there a network?").waitFor();
    said.take(/Failed to load resource/);
  });

  it("works without a network once it was loaded", async () => {
    const { page, context, said } = await visit(linked(openmls.hex));
    await page.locator("#verdict").waitFor();
    // It has been told what the page consists of when all of it is kept.
    await untilKept(page, "/", "judging");
    await context.setOffline(true);
    await page.reload();
    await verdict(page, "Accepted");
    await said.rest();
  });
});
