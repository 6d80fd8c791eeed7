/** The built pages as files: small enough, nothing inline that their policy would refuse, and nothing from elsewhere. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPages } from "../../../tools/lib/pages/build.ts";

/** What a slow phone loads in a second. */
const FIRST_LOAD_BYTES = 80 * 1024;

let folder: string;
const read = (name: string) => readFileSync(join(folder, name));
const pages = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".html"))
    .map((name) => ({ name, html: read(name).toString() }));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kpd-built-"));
  await buildPages(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the built pages", () => {
  it("load the inspector and its verdicts within 80 KiB of gzip", () => {
    const html = read("index.html").toString();
    const named = [...html.matchAll(/(?:src|href)="\/([\w./-]+\.(?:js|css|svg))"/g)].map(([, file = ""]) => file);
    // What it loads by itself as soon as there is a package.
    const later = readdirSync(join(folder, "assets")).filter((file) => /^(?:judging|noble)-/.test(file));
    expect(later.length).toBeGreaterThan(0);
    const files = ["index.html", ...new Set([...named, ...later.map((file) => `assets/${file}`)])];
    const bytes = files.reduce((total, file) => total + gzipSync(read(file)).length, 0);
    expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  });

  it("have no script, style or listener inside the HTML, and load nothing from elsewhere", () => {
    expect(pages().length).toBeGreaterThan(0);
    for (const { name, html } of pages()) {
      for (const [tag] of html.matchAll(/<script[^>]*>/g))
        expect([name, tag]).toEqual([name, expect.stringMatching(/src="\//)]);
      expect([name, html.match(/<style|\sstyle=|\son\w+=|javascript:/)]).toEqual([name, null]);
      expect([name, html.match(/<(?:script|link|img|iframe)[^>]*(?:src|href)="(?!\/)/)]).toEqual([name, null]);
    }
  });

  it("are served under a policy without an exception", () => {
    const headers = read("_headers").toString();
    expect(headers).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(headers).toMatch(/^\/\n {2}Content-Security-Policy: connect-src 'none'$/m);
    expect(headers).not.toMatch(/unsafe|https?:|\*;/);
  });
});
