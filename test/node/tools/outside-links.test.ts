/** What `npm run links` makes of the docs and of servers, without a network. */
import { describe, expect, it } from "vitest";
import { follow, outsideLinks } from "../../../tools/lib/outside-links.ts";

const urlsOf = (text: string) => outsideLinks([{ file: "a.md", text }]).map(({ url }) => url);

describe("links that lead out", () => {
  it("are those of every form of Markdown, each once, with the files that have it", () => {
    const links = outsideLinks([
      { file: "b.md", text: "[x](https://b.org/?a=1&b=2) and <https://a.org> and [y][1]\n\n[1]: https://c.org/#d" },
      { file: "a.md", text: "[again](https://a.org)\n\n[![Badge](https://d.org/p.svg)](https://c.org/#d)" },
    ]);
    expect(links).toEqual([
      { url: "https://a.org", files: ["a.md", "b.md"] },
      { url: "https://b.org/?a=1&b=2", files: ["b.md"] },
      { url: "https://c.org/#d", files: ["a.md", "b.md"] },
      { url: "https://d.org/p.svg", files: ["a.md"] },
    ]);
  });

  it("are not code, files of this repository, or addresses that nobody answers at", () => {
    expect(urlsOf("`https://a.org`\n\n```sh\ncurl https://a.org\n```\n[x](docs/a.md) [y](#z)")).toEqual([]);
    expect(urlsOf("[x](https://keys.example.com/a) [y](https://directory.example) [z](http://127.0.0.1:8787)")).toEqual(
      [],
    );
    expect(urlsOf("[x](https://github.com/mls-key-directory/mls-key-directory/blob/main/README.md)")).toEqual([]);
    expect(urlsOf("[x](https://notexample.com) [y](https://github.com/openmls/openmls)")).toHaveLength(2);
  });
});

/** Answers in turn what it is given, each time with the method before it; an error is no answer. */
function server(...answers: (readonly [method: string, answer: number | Error, body?: string])[]) {
  const left = [...answers];
  return async (_url: string, { method }: RequestInit) => {
    const next = left.shift();
    expect(method).toBe(next?.[0]);
    if (next === undefined || next[1] instanceof Error) throw next?.[1];
    return new Response(method === "HEAD" ? null : (next[2] ?? ""), { status: next[1] });
  };
}

const GONE = new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND a.org") });

describe("a link is", () => {
  it.each<[string, string, Parameters<typeof server>, object]>([
    ["good at the first HEAD", "https://a.org/#b", [["HEAD", 200]], { verdict: "good" }],
    [
      "good if only GET is answered",
      "https://a.org",
      [
        ["HEAD", 405],
        ["GET", 200],
      ],
      { verdict: "good" },
    ],
    [
      "good at the second try",
      "https://a.org",
      [
        ["HEAD", GONE],
        ["GET", GONE],
        ["HEAD", 200],
      ],
      { verdict: "good" },
    ],
    [
      "broken if it is not found twice",
      "https://a.org",
      [
        ["HEAD", 404],
        ["GET", 404],
        ["HEAD", 404],
        ["GET", 404],
      ],
      { verdict: "broken", why: "status 404" },
    ],
    [
      "unclear if programs are refused",
      "https://a.org",
      [
        ["HEAD", 403],
        ["GET", 403],
        ["HEAD", 403],
        ["GET", 403],
      ],
      { verdict: "unclear" },
    ],
    [
      "unclear if the server is down",
      "https://a.org",
      [
        ["HEAD", 503],
        ["GET", 503],
        ["HEAD", 503],
        ["GET", 503],
      ],
      { verdict: "unclear" },
    ],
    [
      "unreachable if nobody answers",
      "https://a.org",
      [
        ["HEAD", GONE],
        ["GET", GONE],
        ["HEAD", GONE],
        ["GET", GONE],
      ],
      { verdict: "unreachable", why: "getaddrinfo ENOTFOUND a.org" },
    ],
    [
      "good with its section of an RFC",
      "https://www.rfc-editor.org/rfc/rfc9420#section-7.3",
      [["GET", 200, '<section id="section-7.3">']],
      { verdict: "good" },
    ],
    [
      "broken without its section of an RFC",
      "https://www.rfc-editor.org/rfc/rfc9420#section-99",
      [
        ["GET", 200, '<section id="section-7.3">'],
        ["GET", 200, ""],
      ],
      { verdict: "broken", why: "has no #section-99" },
    ],
  ])("%s", async (_, url, answers, expected) => {
    expect(await follow(url, server(...answers), 0)).toMatchObject(expected);
  });
});
