import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { MAX_JSON_DEPTH } from "../../../src/config/limits.ts";
import { readJson } from "../../../src/http/wire/read-json.ts";
import { scanJson } from "../../../src/http/wire/scan-json.ts";

const NO_BOUNDS = { maxValues: Number.POSITIVE_INFINITY, maxDepth: Number.POSITIVE_INFINITY };
const scan = (text: string, names: readonly string[] = [], bounds = NO_BOUNDS) =>
  scanJson(new TextEncoder().encode(text), names, bounds);

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("a look at a JSON text", () => {
  it("finds the depth, and the length of each list that was asked for, whatever else the document holds", () => {
    const anyName = fc.constantFrom("users", "refs", "key_packages", "a", 'us"ers', "users\\", "");
    const anyDocument = fc.dictionary(anyName, fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue(), { maxLength: 5 })));
    fc.assert(
      fc.property(anyDocument, fc.constantFrom(undefined, 2, "\t"), (document, space) => {
        const { depth, values, lists } = scan(JSON.stringify(document, null, space), ["users", "refs"]);
        expect(depth).toBe(depthOf(document));
        for (const name of ["users", "refs"]) {
          const value = document[name];
          if (Array.isArray(value)) expect(lists.get(name) ?? 0).toBe(value.length);
        }
        const members = JSON.stringify(document).length;
        expect(values).toBeLessThanOrEqual(members);
      }),
      { numRuns: 500 },
    );
  });

  it("counts every comma, bracket and brace that is not in a string", () => {
    expect(scan("[]").values).toBe(2);
    expect(scan("[1,2,3]").values).toBe(4);
    expect(scan('["a,b[{","\\"],"]').values).toBe(3);
    expect(scan('{"a":[1,{"b":2}]}').values).toBe(5);
  });

  it("ends at the first value and the first level beyond its bounds", () => {
    const bounds = { maxValues: 100, maxDepth: 10 };
    expect(scan(`[${"1,".repeat(1_000_000)}1]`, [], bounds).values).toBe(101);
    expect(scan("[".repeat(1_000_000), [], bounds).depth).toBe(11);
    expect(scan("{".repeat(1_000_000), [], bounds).depth).toBe(11);
  });

  it("reads no byte twice but backslashes before a quote", () => {
    let reads = 0;
    const text = new TextEncoder().encode(`{"users":["${"x".repeat(10_000)}",${"1,".repeat(10_000)}2]}`);
    const counted = new Proxy(text, {
      get(target, name) {
        if (typeof name === "string" && /^[0-9]+$/.test(name)) reads++;
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    scanJson(counted, ["users"], NO_BOUNDS);
    expect(reads).toBeLessThan(1.2 * text.length);
  });

  it("is not confused by what is no JSON", () => {
    for (const text of ["", "]]]]", "}{", '"', '"\\', ",,,", "[1 2", '{"users":[', "\u0000"]) {
      expect(() => scan(text, ["users"])).not.toThrow();
    }
  });
});

describe("a body of JSON", () => {
  it("goes as deep as it may, and is refused by its depth one level further", () => {
    const nested = (levels: number) => new TextEncoder().encode("[".repeat(levels) + "]".repeat(levels));
    const read = (levels: number) => readJson(z.unknown(), "application/json", nested(levels));
    expect(read(MAX_JSON_DEPTH).ok).toBe(true);
    expect(read(MAX_JSON_DEPTH + 1)).toMatchObject({
      ok: false,
      error: { code: "invalid_json", detail: `expected at most ${MAX_JSON_DEPTH} levels, got more` },
    });
  });
});
