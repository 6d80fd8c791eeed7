/** What the console says of stock, budgets and calls, and what it takes for a name. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { apiWith, path, untilLeft } from "../../../src/web/console/api.ts";
import { budgetInWords } from "../../../src/web/console/budget-words.ts";
import { stockState } from "../../../src/web/console/stock-state.ts";
import { isTyped } from "../../../src/web/console/typed-word.ts";
import { hashOf, userIn } from "../../../src/web/console/user-address.ts";
import { fileName } from "../../../src/web/console/views/user-export.ts";

describe("the state of a stock", () => {
  const of = (available: number, hasLastResort: boolean, needsUpload: boolean, isRevoked = false) =>
    stockState({ available, hasLastResort, needsUpload, isRevoked });

  it("is nothing left only where not even a last resort is", () => {
    expect(of(0, false, true)).toBe("nothing_left");
    expect(of(0, true, true)).toBe("last_resort_only");
  });

  it("is low where a client has some and is to upload more, and fine else", () => {
    expect(of(3, true, true)).toBe("low");
    expect(of(60, false, true)).toBe("low");
    expect(of(60, true, false)).toBe("fine");
  });

  it("lacks nothing where the client is revoked", () => {
    expect(of(0, false, true, true)).toBe("fine");
  });
});

describe("the word of a question", () => {
  it.each([
    ["phone", "phone", true],
    ["phon", "phone", false],
    ["", "phone", false],
    ["", "", true],
    ["two spaces", "two  spaces", true],
    ["alice", " alice ", true],
    ["a b", "a\u00A0b", true],
    ["abc\\u{202e}gpj.exe", "abc\u202Egpj.exe", true],
    ["abc\u202Egpj.exe", "abc\u202Egpj.exe", true],
    ["abcgpj.exe", "abc\u202Egpj.exe", false],
    ["a\\u{202e}b", "a\\u{202e}b", true],
    ["a\\u{5c}u{202e} b", "a\\u{202e}  b", true],
    ["a\\u{202e} b", "a\\u{202e}  b", true],
    ["ab", "a\u3164b", false],
    ["caf\u00E9", "cafe\u0301", true],
    ["Phone", "phone", false],
    // A name of nothing but blanks has nothing else to type.
    ["", "  ", false],
    [" ", "  ", false],
    ["  ", "  ", true],
  ])("of %j for %j: %j", (typed, word, is) => {
    expect(isTyped(typed, word)).toBe(is);
  });
});

describe("a budget in words", () => {
  it("says of whom it is, and whose claims it counts", () => {
    expect(budgetInWords("pair:mallory", true)).toEqual({
      text: "packages claimed from this client by",
      claimer: "mallory",
    });
    expect(budgetInWords("miss:x:1", true)).toMatchObject({ claimer: "x:1" });
    expect(budgetInWords("capability_miss:door", true)).toMatchObject({ capability: "door" });
    expect(budgetInWords("uploads", true).text).not.toBe(budgetInWords("uploads", false).text);
  });

  it("is its name where that is new", () => {
    expect(budgetInWords("tomorrow", true)).toEqual({ text: "tomorrow" });
    expect(budgetInWords("constructor", true)).toEqual({ text: "constructor" });
  });
});

describe("addresses and files of a user", () => {
  it.each([" two  spaces ", "a&b=c#d", "abc\u202Egpj.exe", "+%20"])("bring %j back", (user) => {
    expect(userIn(hashOf(user))).toBe(user);
  });

  it("are of nobody where nobody is named", () => {
    expect(userIn("")).toBeUndefined();
    expect(userIn("#user=")).toBeUndefined();
  });

  it("have names that every file system takes", () => {
    expect(fileName("export", "../a:b\u202E", 1_800_000_000)).toBe("export-_a_b_-20270115T080000Z.json");
    expect(fileName("export", "u".repeat(256), 1_800_000_000)).toHaveLength(
      "export--20270115T080000Z.json".length + 60,
    );
  });
});

describe("a call of the console", () => {
  afterEach(() => vi.unstubAllGlobals());

  const withNetwork = (answer: () => Promise<Response>) => {
    const fetched = vi.fn(answer);
    vi.stubGlobal("fetch", fetched);
    return fetched;
  };
  const down = () => Promise.reject(new TypeError("Failed to fetch"));

  it("that was not sent is not said to be of unknown effect", async () => {
    const fetched = withNetwork(down);
    expect(await apiWith("tök→en").call("DELETE", "/v1/x")).toMatchObject({ refusal: { code: "not_sent" } });
    const half = await apiWith("token").call("DELETE", "/v1/x", { reason: "\uD800" });
    expect(half).toMatchObject({ refusal: { code: "not_sent" } });
    expect(fetched).not.toHaveBeenCalled();
  });

  it.each([".", ".."])("about the name %j is not sent, as it would be about something else", async (name) => {
    const fetched = withNetwork(down);
    const api = apiWith("token");
    for (const where of [path`/v1/admin/users/${name}/data`, path`/v1/admin/users/a/clients/${name}/key-packages`]) {
      expect(await api.call("DELETE", where, { reason: "why" })).toMatchObject({ refusal: { code: "not_sent" } });
    }
    expect(fetched).not.toHaveBeenCalled();
    await api.call("GET", `${path`/v1/admin/users/${"a.b"}/data`}?after=.`);
    expect(fetched).toHaveBeenCalledOnce();
  });

  it("that got no answer may have changed something, unless it only reads", async () => {
    withNetwork(down);
    const api = apiWith("token");
    const changed = await api.call("PUT", "/v1/x", { reason: "why" });
    expect(changed).toMatchObject({
      refusal: { code: "network_error", detail: "Whether the call took effect is not known." },
    });
    expect(await api.call("GET", "/v1/x")).toMatchObject({
      refusal: { code: "network_error", detail: "Nothing was changed." },
    });
  });

  it("whose connection is lost within the answer may have changed something", async () => {
    const lost = () => new ReadableStream({ pull: (to) => to.error(new TypeError("network error")) });
    withNetwork(async () => new Response(lost(), { status: 200 }));
    expect(await apiWith("token").call("DELETE", "/v1/x", { reason: "why" })).toMatchObject({
      refusal: { code: "network_error", detail: "Whether the call took effect is not known." },
    });
  });

  it.each(["<h1>Bad gateway</h1>", "null", '"ok"', "[", '{"code":7}'])(
    "that something else answers, with %j, may have changed something, unless it only reads",
    async (body) => {
      withNetwork(async () => new Response(body, { status: body === '{"code":7}' ? 502 : 200 }));
      const refusals = await Promise.all(
        (["GET", "DELETE"] as const).map((method) => apiWith("token").call(method, "/v1/x")),
      );
      expect(refusals).toMatchObject([
        { ok: false, refusal: { code: "unexpected_response", detail: expect.not.stringContaining("effect") } },
        { ok: false, refusal: { code: "unexpected_response", detail: expect.stringContaining("is not known") } },
      ]);
    },
  );

  it("stops with the page that reads, and goes on if it changes something", async () => {
    const leaving = new AbortController();
    leaving.abort();
    vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) =>
      signal?.aborted === true ? down() : Promise.resolve(Response.json({ done: true })),
    );
    const api = untilLeft(apiWith("token"), leaving.signal);
    expect(await api.call("GET", "/v1/x")).toMatchObject({ refusal: { code: "stopped" } });
    expect(await api.call("DELETE", "/v1/x", { reason: "why" })).toMatchObject({ ok: true });
  });
});
