import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "../../../chaos/mutations.ts";

/** The run of all of them takes an hour; that none has lost its place in the code is seen at once. */
describe("each mutation", () => {
  it.each(MUTATIONS)(
    "of $safeguard finds its text once in $file, changes it, and names tests that exist",
    (mutation) => {
      const { file, from, to, tests } = mutation;
      expect(readFileSync(file, "utf8").split(from)).toHaveLength(2);
      expect(to).not.toBe(from);
      expect(tests.length).toBeGreaterThan(0);
      expect(tests.filter((test) => !existsSync(test))).toEqual([]);
    },
  );

  it("has a name of its own", () => {
    const names = MUTATIONS.map(({ safeguard }) => safeguard);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});
