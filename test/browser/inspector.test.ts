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
/** A GroupInfo of group "g" in epoch 7, up to its context. */
const GROUP_INFO = "00010004000100010167000000000000000701aa01bb00";
const linked = (hex: string, more = "") => `/#kp=${hex}&at=${AT}${more}`;

async function fillWithMlDsa(page: Page): Promise<void> {
  const { hex } = await sample("fresh-ml-dsa", Math.floor(Date.now() / 1000));
  await page.locator("#input").fill(hex);
}

/** Which element has the focus: by its id, its path, or its text. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(`(() => {
    const { activeElement: one } = document;
    return one.id || one.dataset.path || one.dataset.offset || one.tagName + " " + one.textContent;
  })()`);

/** Between the header and the end of the window. */
const isInSight = async (page: Page, selector: string): Promise<boolean> => {
  const box = await page.locator(selector).boundingBox();
  const header = await page.locator(".top").boundingBox();
  const height = page.viewportSize()?.height ?? 0;
  return box !== null && header !== null && box.y >= header.y + header.height && box.y + box.height <= height;
};

const topOf = async (page: Page, selector: string): Promise<number> =>
  Math.round((await page.locator(selector).boundingBox())?.y ?? Number.NaN);

/** Keeps what matches on its way until it is told what comes of it. `isThere` resolves when the page has been told too. */
async function holdBack(page: Page, files: string) {
  const { promise, resolve } = Promise.withResolvers<"continue" | "abort">();
  let url = "";
  await page.route(files, async (route) => {
    // What asks for it later, as the page does by itself when it is idle, gets it.
    if (url !== "") return route.continue();
    url = route.request().url();
    return route[await promise]();
  });
  return async (outcome: "continue" | "abort") => {
    resolve(outcome);
    // Asked for last, and so told last.
    await page.evaluate(`import(${JSON.stringify(url)}).catch(() => undefined)`);
  };
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
      { name: "\u202Etwo.txt", mimeType: "text/plain", buffer: Buffer.from(lines) },
      { name: "one.bin", mimeType: "application/octet-stream", buffer: Buffer.from(encodeMlsMessage(openmls.bytes)) },
    ]);
    expect(await page.getByRole("alert").first().textContent()).toBe(
      "\\u{202e}two.txt, line 2: neither hex nor base64 nor base64url.",
    );
    const chosen = page.getByLabel("Shown");
    await page.locator("#at").fill("2026-11-30T00:53:20");
    await page.getByText(/^2 accepted, 1 cannot be read, 1 \w+\.$/).waitFor();
    const answers = (await chosen.locator("option").allTextContents()).map((text) =>
      text.replace(/ · \w+_\w+$/, " · refused"),
    );
    expect(answers).toEqual([
      "1 of 4 · \\u{202e}two.txt, line 1 · accepted",
      "2 of 4 · \\u{202e}two.txt, line 2 · cannot be read",
      "3 of 4 · \\u{202e}two.txt, line 3 · refused",
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
    expect(detail).toContain("1999999999 (2033-05-18T03:33:19Z)");
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
    expect(await page.getByText("Those of a KeyPackage, up to the error.").count()).toBe(1);
    expect(await focused(page)).toBe("replace");
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
    await page.locator("#input").fill(`${openmls.hex}${"00".repeat(16_384)}`);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator("#verdict").waitFor();
    await page.getByText("No link: an address has room for 16,384 bytes.").waitFor();
    expect(await page.getByRole("button", { name: "Copy link" }).count()).toBe(0);
    expect(await page.evaluate("location.hash")).toBe("");
  });

  it.each(WINDOWS.filter(({ scheme }) => scheme === "dark"))(
    "opens at the field that the address names, at $width px",
    async (window) => {
      const { page } = await visit(linked(openmls.hex, "&field=leaf_node.lifetime.not_after"), window);
      await page.locator("#verdict").waitFor();
      expect(await isInSight(page, ".field.selected")).toBe(true);
      expect(await page.locator(".field.selected .name").textContent()).toBe("not_after");
      expect(await page.locator(".byte.selected").count()).toBe(8);
      expect(await page.getByRole("region", { name: "Field leaf_node.lifetime.not_after" }).textContent()).toContain(
        "RFC 9420 §7.2",
      );
    },
  );

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
      const saved = page.waitForEvent("download");
      await page.getByRole("button", { name: "Save" }).click();
      expect((await saved).suggestedFilename()).toBe("private-message.bin");
      expect(await page.locator('[data-path="epoch"] .value').textContent()).toBe("7");
      expect(await page.getByText("only members can read them").count()).toBe(1);
      expect(await page.locator("#verdict").count()).toBe(0);
    });

    it.each([
      [
        "GroupInfo",
        `${GROUP_INFO}${"00".repeat(6)}`,
        ["cipher_suite1 MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", "group_id67 (1 byte)", "epoch7", "signer0"],
      ],
      [
        "PublicMessage",
        "00010001016700000000000000070100000003000300",
        ["group_id67 (1 byte)", "epoch7", "sender_type1 member", "sender_index3", "content_type3 commit"],
      ],
      [
        "Welcome",
        `000100030001${"12"}${"01aa01bb01cc".repeat(3)}02aabb`,
        ["cipher_suite1 MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", "secrets3", "encrypted_group_info2 bytes"],
      ],
    ])("a %s", async (_, hex, facts) => {
      const { page } = await visit(`/#kp=${hex}`);
      await page.locator(".summary").waitFor();
      expect(await page.locator(".summary dl > div").allTextContents()).toEqual(facts);
    });

    it("a GroupInfo that is cut, which is no KeyPackage and has no verdict", async () => {
      const { page } = await visit(`/#kp=${GROUP_INFO}`);
      await page.getByRole("heading", { name: "MLSMessage(mls_group_info)" }).waitFor();
      expect(await page.getByText("Those of a GroupInfo, up to the error.").count()).toBe(1);
      expect(await page.locator(".summary .verdict").textContent()).toBe(
        "Not a whole one: expected 1 more byte, got 0, at byte 23",
      );
      expect(await page.locator("#verdict").count()).toBe(0);
    });

    it("each of several, in the list", async () => {
      const { page } = await visit("/");
      const lines = ["0001000201670000000000000007010001aa01bb", "00010003000100020000", "000100030001000102"];
      await page.locator("#input").fill([openmls.hex, ...lines].join("\n"));
      await page.getByRole("button", { name: "Inspect" }).click();
      await page.locator("#verdict-counts", { hasText: "2 Welcome" }).waitFor();
      expect((await page.getByLabel("Shown").locator("option").allTextContents()).slice(1)).toEqual([
        "2 of 4 · input, line 2 · PrivateMessage",
        "3 of 4 · input, line 3 · Welcome",
        "4 of 4 · input, line 4 · Welcome",
      ]);
    });
  });

  it("shows of a single byte that it has no value", async () => {
    const { page } = await visit("/#kp=00");
    await page.locator("#verdict").waitFor();
    expect(await page.locator(".summary h2").textContent()).toBe("KeyPackage 1 byte");
    expect(await page.locator('[data-path="version"] .value').textContent()).toBe("cannot be read");
  });

  it("takes a time that is typed, digit by digit, and puts back what is none", async () => {
    const { page } = await visit(linked(openmls.hex));
    await verdict(page, "Accepted");
    const input = page.getByLabel("Judged at (UTC)");
    await input.focus();
    await page.keyboard.type("01012031120000AM");
    await verdict(page, "Refused: lifetime_expired");
    expect(await focused(page)).toBe("at");
    const typed = `at=${Date.UTC(2031, 0, 1) / 1000}`;
    expect(new URL(page.url()).hash).toContain(typed);
    await page.getByLabel("OpenMLS").focus();
    await input.focus();
    await page.keyboard.press("Backspace");
    expect(await input.inputValue()).toBe("");
    await page.getByLabel("OpenMLS").focus();
    expect(await input.inputValue()).toBe("2031-01-01T00:00");
    expect(new URL(page.url()).hash).toContain(typed);
  });

  it.each(["-62075819366", "253402300800", "999999999999999", "soon"])(
    "is judged now where the address has a time that no calendar has: %s",
    async (at) => {
      const { page } = await visit(`/#kp=${openmls.hex}&at=${at}`);
      await page.locator("#verdict").waitFor();
      expect(await page.locator(".summary dt").first().textContent()).toBe("Directory");
      expect(new URL(page.url()).hash).not.toContain("at=");
    },
  );

  it("says beside the verdict that it is not of now, and judges what is given next as of now and by its own suite", async () => {
    const { page } = await visit("/");
    await page.getByRole("button", { name: "ts-mls, ML-KEM", exact: true }).click();
    await verdict(page, "Accepted");
    const judged = page.locator(".summary dt").first();
    expect(await judged.textContent()).toMatch(/^Directory, judged not now but at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    await page.getByLabel("Suite numbers of").selectOption("openmls-0.9");
    await page.getByLabel("Directory, any lifetime").check();
    await page.locator(".summary dt", { hasText: "Directory, any lifetime, judged not now" }).waitFor();
    await page.locator("#input").fill(openmls.hex);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator(".summary", { hasText: openmls.ref }).waitFor();
    expect(await judged.textContent()).toBe("Directory, any lifetime");
    expect(new URL(page.url()).hash).toBe(`#kp=${openmls.hex}&policy=any-lifetime`);
    await page.getByRole("button", { name: "OpenMLS", exact: true }).click();
    await page.locator(".summary dt", { hasText: "judged not now" }).waitFor();
    await page.locator("#file").setInputFiles({ name: "a", mimeType: "text/plain", buffer: Buffer.from(tsMls.hex) });
    await page.locator(".summary", { hasText: tsMls.ref }).waitFor();
    expect(new URL(page.url()).hash).toBe(`#kp=${tsMls.hex}&policy=any-lifetime`);
  });

  it("keeps what came from the address or from a file where nothing else is given, and reads a file again", async () => {
    const { page } = await visit(linked(openmls.hex));
    await verdict(page, "Accepted");
    await page.getByRole("button", { name: "Inspect" }).click();
    expect(await page.locator("#result").isVisible()).toBe(true);
    expect(await page.locator("#input-problem").textContent()).toBe("");
    await page.locator("#input").fill(openmls.hex);
    const file = { name: "a", mimeType: "text/plain", buffer: Buffer.from(tsMls.hex) };
    await page.locator("#file").setInputFiles(file);
    await page.locator(".summary", { hasText: tsMls.ref }).waitFor();
    expect(await page.locator("#input").inputValue()).toBe("");
    // So that the browser tells of it when the same one is chosen once more.
    expect(await page.evaluate(`document.getElementById("file").value`)).toBe("");
    await page.getByRole("button", { name: "Inspect" }).click();
    expect(await page.locator(".summary").textContent()).toContain(tsMls.ref);
  });

  it("takes files that are dropped and leaves text to the box that it is dropped into, which it then reads", async () => {
    const { page } = await visit("/");
    const drop = (selector: string, put: string) =>
      page.evaluate(`(() => {
        const dataTransfer = new DataTransfer();
        ${put};
        const options = { dataTransfer, bubbles: true, cancelable: true };
        const taken = ["dragover", "drop"].map((type) => !document.querySelector("${selector}").dispatchEvent(new DragEvent(type, options)));
        return taken.join();
      })()`);
    await page.locator("#input").fill(openmls.hex);
    const text = `dataTransfer.setData("text/plain", "00")`;
    expect(await drop("h1", text)).toBe("false,false");
    expect(await drop("#input", text)).toBe("false,false");
    await page.locator(".summary", { hasText: openmls.ref }).waitFor();
    expect(await drop("h1", `dataTransfer.items.add(new File(["${tsMls.hex}"], "a"))`)).toBe("true,true");
    await page.locator(".summary", { hasText: tsMls.ref }).waitFor();
  });

  it("keeps what was changed in one of several while another is shown, and says its verdict in the list", async () => {
    const { page } = await visit("/");
    await page.locator("#input").fill([openmls.hex, tsMls.hex].join("\n"));
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator("#verdict").waitFor();
    await page.getByLabel("OpenMLS").check();
    await page.locator("#at").fill("2026-11-30T00:53:20");
    const first = page.getByLabel("Shown").locator("option").first();
    await page.getByText("2 accepted.").waitFor();
    await page.locator(`.byte[data-offset="${openmls.bytes.length - 1}"]`).click();
    await page.keyboard.type(((openmls.bytes.at(-1) ?? 0) ^ 1).toString(16).padStart(2, "0"));
    await page.getByText("1 invalid_signature, 1 accepted.").waitFor();
    expect(await first.textContent()).toBe("1 of 2 · input, line 1 · changed · invalid_signature");
    await page.getByLabel("Shown").selectOption("1");
    await verdict(page, "Accepted");
    await page.getByLabel("Shown").selectOption("0");
    await verdict(page, "Refused: invalid_signature");
    await page.getByRole("button", { name: "Undo changes" }).click();
    await page.getByText("2 accepted.").waitFor();
    expect(await first.textContent()).toBe("1 of 2 · input, line 1 · accepted");
  });

  it("does not lose the focus when what has it goes away", async () => {
    const { page } = await visit(linked(openmls.hex, "&field=init_key"));
    await verdict(page, "Accepted");
    const press = async (name: string) => {
      await page.getByRole("button", { name, exact: true }).focus();
      await page.keyboard.press("Enter");
    };
    await press("Now");
    await page.locator(".summary dt", { hasText: /^Directory$/ }).waitFor();
    expect(await focused(page)).toBe("BUTTON Now");
    await press("Start of its lifetime");
    await page.locator(".summary dt", { hasText: "judged not now" }).waitFor();
    expect(await focused(page)).toBe("BUTTON Start of its lifetime");
    await page.getByLabel("Its bytes in hex").fill(`20 09${"00".repeat(31)}`);
    await press("Replace");
    await verdict(page, "Refused: invalid_signature");
    expect(await focused(page)).toBe("replace");
    await press("Undo changes");
    await verdict(page, "Accepted");
    // The first byte that is another again.
    expect(await focused(page)).toBe("5");
    await press("Close the field");
    expect(await focused(page)).toBe("init_key");
    expect(await page.locator(".field-panel").count()).toBe(0);
    await page.locator('.byte[data-offset="6"]').focus();
    await page.keyboard.press("Enter");
    await press("Close the field");
    // The start of init_key.
    expect(await focused(page)).toBe("4");
    await page.getByRole("button", { name: "The lifetime is not over" }).focus();
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("leaf_node.lifetime.not_after");
  });

  it("keeps what has the focus out from under the header", async () => {
    const { page } = await visit(linked(openmls.hex));
    await page.locator("#verdict").waitFor();
    const rows = page.locator(".field");
    await rows.last().focus();
    for (let row = await rows.count(); row > 0; row--) {
      expect([row, await isInSight(page, ".field:focus")]).toEqual([row, true]);
      await page.keyboard.press("ArrowUp");
    }
  });

  it.each(WINDOWS.filter(({ scheme }) => scheme === "light"))(
    "opens a field beside where it was chosen, and moves nothing of that, at $width px",
    async (window) => {
      const { page } = await visit(linked(openmls.hex), window);
      await page.locator("#verdict").waitFor();
      for (const chosen of ['[data-path="leaf_node.credential.identity"]', '.byte[data-offset="6"]']) {
        await page.locator(chosen).scrollIntoViewIfNeeded();
        await page.locator(chosen).hover();
        const before = await topOf(page, chosen);
        await page.locator(chosen).click();
        expect([chosen, await topOf(page, chosen)]).toEqual([chosen, before]);
        expect(await overflow(page)).toBe(0);
      }
      if (window.width > 1100) return;
      await page.locator('[data-path="leaf_node.capabilities.versions"]').focus();
      await page.keyboard.press("Enter");
      const row = await page.locator(".field.selected").boundingBox();
      expect(await topOf(page, ".field-panel")).toBeLessThan((row?.y ?? 0) + (row?.height ?? 0) + 20);
      await page.keyboard.press("Tab");
      expect(await focused(page)).toBe("BUTTON ✕");
      await page.getByLabel("Its bytes in hex").focus();
      await page.keyboard.press("ArrowDown");
      expect(await focused(page)).toBe("field-bytes");
      expect(await axeFindings(page)).toEqual([]);
    },
  );

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
    await page.getByLabel("Suite numbers of").focus();
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

  it("shows no sample that comes after something else was given, and does not write over what is typed", async () => {
    const { page } = await visit("/docs", WINDOWS[2], { serviceWorkers: "block" });
    const letGo = await holdBack(page, "**/assets/samples-*");
    await page.goto(page.url().replace("/docs", "/"));
    const asked = page.waitForRequest("**/assets/samples-*");
    const sampleOf = (name: string) => page.getByRole("button", { name, exact: true }).click();
    await sampleOf("OpenMLS");
    await asked;
    await page.locator("#input").fill(tsMls.hex);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator(".summary", { hasText: tsMls.ref }).waitFor();
    await letGo("continue");
    expect(await page.locator("#input").inputValue()).toBe(tsMls.hex);
    expect(await page.locator(".summary").textContent()).toContain(tsMls.ref);
    // One that takes a while to be made.
    await page.evaluate(`(() => {
      document.querySelector("[data-sample=fresh-ml-dsa]").click();
      document.getElementById("input").value = "typed meanwhile";
    })()`);
    await page.locator(".summary", { hasText: "alice" }).waitFor();
    expect(await page.locator("#input").inputValue()).toBe("typed meanwhile");
  });

  it("shows no file that is read after something else was given, nor that it could not be", async () => {
    const { page } = await visit("/");
    await page.evaluate(`(() => {
      globalThis.reads = [];
      File.prototype.arrayBuffer = () => new Promise((resolve, reject) => reads.push({ resolve, reject }));
    })()`);
    const file = { name: "a", mimeType: "text/plain", buffer: Buffer.from("") };
    for (const outcome of ["resolve(new TextEncoder().encode('00').buffer)", "reject(new Error('gone'))"]) {
      await page.evaluate("reads.length = 0");
      await page.locator("#file").setInputFiles(file);
      await page.waitForFunction(() => (globalThis as unknown as { reads: unknown[] }).reads.length === 1);
      await page.locator("#input").fill(tsMls.hex);
      await page.getByRole("button", { name: "Inspect" }).click();
      await page.locator(".summary", { hasText: tsMls.ref }).waitFor();
      await page.evaluate(`reads[0].${outcome}`);
      expect(await page.locator(".summary").textContent()).toContain(tsMls.ref);
      expect(await page.locator("#input-problem").textContent()).toBe("");
      expect(await page.locator("#input").inputValue()).toBe(tsMls.hex);
    }
  });

  it("keeps a verdict where one on other bytes fails later", async () => {
    const { page, said } = await visit("/docs", WINDOWS[2], { serviceWorkers: "block" });
    const letGo = await holdBack(page, "**/assets/post-quantum-*");
    await page.goto(page.url().replace("/docs", "/"));
    const asked = page.waitForRequest("**/assets/post-quantum-*");
    await fillWithMlDsa(page);
    await page.getByRole("button", { name: "Inspect" }).click();
    await asked;
    // Of another suite it takes no ML-DSA.
    await page.locator('[data-path="cipher_suite"]').click();
    await page.getByLabel("Its bytes in hex").fill("0001");
    await page.getByRole("button", { name: "Replace" }).click();
    await verdict(page, "Refused: ");
    await letGo("abort");
    expect(await page.locator("#verdict").count()).toBe(1);
    expect(await page.locator(".verdict-place [role=alert]").count()).toBe(0);
    said.take(/Failed to load resource/);
  });

  it("announces no verdict on what is not shown any more", async () => {
    const { page } = await visit("/docs", WINDOWS[2], { serviceWorkers: "block" });
    const letGo = await holdBack(page, "**/assets/post-quantum-*");
    await page.goto(page.url().replace("/docs", "/"));
    const asked = page.waitForRequest("**/assets/post-quantum-*");
    await fillWithMlDsa(page);
    await page.getByRole("button", { name: "Inspect" }).click();
    await asked;
    await page.locator("#input").fill(tsMls.hex);
    await page.getByRole("button", { name: "Inspect" }).click();
    await verdict(page, "Refused: lifetime_");
    const announced = await page.locator("#announcer").textContent();
    expect(announced).toMatch(/^Refused: lifetime_/);
    await page.evaluate(`(() => {
      globalThis.heard = [];
      new MutationObserver(() => heard.push(document.getElementById("announcer").textContent)).observe(
        document.getElementById("announcer"),
        { childList: true },
      );
    })()`);
    await letGo("continue");
    // By the one thread that there is, what is judged after it is judged later.
    await fillWithMlDsa(page);
    await page.getByRole("button", { name: "Inspect" }).click();
    await verdict(page, "Accepted");
    expect(await page.evaluate("heard")).toEqual(["Accepted"]);
  });

  it("says that a verdict could not be loaded, or else what went wrong, and waits for it no longer", async () => {
    const { page, said } = await visit("/docs", WINDOWS[2], { serviceWorkers: "block" });
    await page.route("**/assets/judging-*", (route) => route.abort());
    await page.goto(page.url().replace("/docs", linked(openmls.hex)));
    const problem = page.locator(".verdict-place [role=alert]");
    await problem.getByText("The verdict could not be loaded. Is there a network?").waitFor();
    const facts = page.locator(".summary dl > div");
    expect(await facts.first().textContent()).toMatch(/not known$/);
    expect(await facts.last().textContent()).toBe("KeyPackageRefnot known");
    await page.unroute("**/assets/judging-*");
    await page.evaluate(`Object.fromEntries = () => { throw new Error("of the test"); }`);
    await page.locator("#input").fill(openmls.hex);
    await page.getByRole("button", { name: "Inspect" }).click();
    await problem.getByText("There is no verdict, by a fault of this page: Error: of the test.").waitFor();
    expect(await facts.first().textContent()).toMatch(/not known$/);
    // Also by what the page loads when it is idle.
    said.take(/Failed to load resource/);
  });

  it("replaces a field of a message that is larger than what the stack takes", async () => {
    const { page } = await visit("/");
    const size = 300_000;
    const begin = Buffer.from("0001000201670000000000000007010001aa", "hex");
    const length = Buffer.alloc(4);
    length.writeUInt32BE(0x8000_0000 + size);
    const buffer = Buffer.concat([begin, length, Buffer.alloc(size)]);
    await page.locator("#file").setInputFiles({ name: "a", mimeType: "application/octet-stream", buffer });
    await page.locator('[data-path="group_id"]').click();
    await page.getByLabel("Its bytes in hex").fill("020868");
    await page.getByRole("button", { name: "Replace" }).click();
    await page.locator(".summary h2", { hasText: `${(buffer.length + 1).toLocaleString("en")} bytes` }).waitFor();
    await page.locator(".summary dd", { hasText: "0868 (2 bytes)" }).waitFor();
  });

  it("takes a verdict out of the list when something else is asked, also where there is none", async () => {
    const { page } = await visit("/");
    await page.locator("#input").fill([openmls.hex, "!", tsMls.hex].join("\n"));
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator("#verdict-counts", { hasText: /^(?!.*not judged yet)/ }).waitFor();
    await page.evaluate(`Date.now = () => { throw new Error("of the test"); }`);
    await page.getByLabel("OpenMLS").click();
    await page.locator(".verdict-place [role=alert]").waitFor();
    await page.getByText("1 cannot be read, 2 not judged yet.").waitFor();
    expect(await page.getByLabel("Shown").locator("option").allTextContents()).toEqual([
      "1 of 3 · input, line 1",
      "2 of 3 · input, line 2 · cannot be read",
      "3 of 3 · input, line 3",
    ]);
  });

  it("judges of very many those that are chosen, and says that they are changed", async () => {
    const { page } = await visit("/");
    const many = new Array(201).fill("0001000201670000000000000007010001aa01bb");
    await page.locator("#input").fill([...many, openmls.hex].join("\n"));
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByText("200 PrivateMessage, 2 not judged yet.").waitFor();
    const last = page.getByLabel("Shown").locator("option").last();
    await page.getByLabel("Shown").selectOption("201");
    await page.locator("#at").fill("2026-11-30T00:53:20");
    await page.getByText("200 PrivateMessage, 1 accepted, 1 not judged yet.").waitFor();
    expect(await last.textContent()).toBe("202 of 202 · input, line 202 · accepted");
    await page.locator(`.byte[data-offset="${openmls.bytes.length - 1}"]`).click();
    await page.keyboard.type(((openmls.bytes.at(-1) ?? 0) ^ 1).toString(16).padStart(2, "0"));
    await page.getByText("200 PrivateMessage, 1 invalid_signature, 1 not judged yet.").waitFor();
    expect(await last.textContent()).toBe("202 of 202 · input, line 202 · changed · invalid_signature");
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
