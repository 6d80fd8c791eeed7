/** The built pages as files: small enough, nothing inline that their policy would refuse, and nothing from elsewhere. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import openapi from "../../../src/http/openapi/openapi.json" with { type: "json" };
import { asOpenApi30 } from "../../../src/http/openapi/plain-schema.ts";
import { buildPages } from "../../../tools/lib/pages/build.ts";

/** What the page is, verdicts and samples included. */
const FIRST_LOAD_BYTES = 80 * 1024;
/** With what it fetches after that for when there is no network: ML-DSA. */
const ALL_BYTES = 90 * 1024;
/** At the 1.6 Mbit/s of a slow 4G this is a twentieth of a second. */
const FIRST_USE_BYTES = 10 * 1024;

let folder: string;
const read = (name: string) => readFileSync(join(folder, name));
const pages = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".html"))
    .map((name) => ({ name, html: read(name).toString() }));

/** What a page names: it is loaded with the page, and not after it. */
const filesOf = (page: string) => [
  ...new Set(
    [
      ...read(page)
        .toString()
        .matchAll(/(?:src|href)="\/([\w./-]+\.(?:js|css|svg))"/g),
    ].map(([, file = ""]) => file),
  ),
];

/** These and all that they import, at once or later, and so on. */
function withImports(files: readonly string[]): readonly string[] {
  const found = new Set(files);
  // What is added on the way is visited too.
  for (const file of found) {
    if (!file.endsWith(".js")) continue;
    for (const [, imported] of read(file)
      .toString()
      .matchAll(/(?:from|import)\s*\(?\s*["'`]\.\/([^"'`]+\.js)["'`]/g))
      found.add(`assets/${imported}`);
  }
  return [...found];
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kpd-built-"));
  await buildPages(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the built pages", () => {
  it("load the inspector, its verdicts and its samples within 80 KiB of gzip, and with ML-DSA within 90", () => {
    const files = ["index.html", ...withImports(filesOf("index.html"))];
    for (const part of ["looking", "judging", "samples", "noble", "batch-verifier", "post-quantum"])
      expect([part, files.filter((file) => file.startsWith(`assets/${part}-`)).length]).toEqual([part, 1]);
    const bytesOf = (some: readonly string[]) => some.reduce((total, file) => total + gzipSync(read(file)).length, 0);
    expect(bytesOf(files.filter((file) => !file.includes("/post-quantum-")))).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
    expect(bytesOf(files)).toBeLessThanOrEqual(ALL_BYTES);
  });

  it.each(["index.html", "docs.html", "console.html"])(
    "can be used after two rounds of requests, as %s names all that its scripts begin with",
    (name) => {
      const named = filesOf(name);
      const imported = named
        .filter((file) => file.endsWith(".js"))
        .flatMap((file) => [
          ...read(file)
            .toString()
            .matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g),
        ])
        .map(([, file]) => `assets/${file}`);
      expect(imported.filter((file) => !named.includes(file))).toEqual([]);
    },
  );

  it("have an inspector that can be used with 10 KiB of gzip: its verdicts come later", () => {
    const bytes = ["index.html", ...filesOf("index.html")].reduce((sum, file) => sum + gzipSync(read(file)).length, 0);
    expect(bytes).toBeLessThanOrEqual(FIRST_USE_BYTES);
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

  it("come with the description of the API, as it is committed and as OpenAPI 3.0, for any origin", () => {
    expect(JSON.parse(read("openapi.json").toString())).toEqual(openapi);
    expect(JSON.parse(read("openapi-3.0.json").toString())).toEqual(asOpenApi30(openapi));
    expect(read("_headers").toString()).toContain("/openapi*\n  Access-Control-Allow-Origin: *\n");
  });

  it("are served under a policy without an exception", () => {
    const headers = read("_headers").toString();
    expect(headers).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(headers).toMatch(/^\/\n {2}Content-Security-Policy: connect-src 'none'$/m);
    expect(headers).not.toMatch(/unsafe|https?:|\*;/);
  });
});
