/** What `npm run peers` prints of what it saw, and that docs/compatibility.md is about the versions that would be run. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROFILES } from "../../../src/mls/index.ts";
import { LIBRARY, type Meetings, ownSuites } from "../../../tools/lib/peers/meetings.ts";
import {
  count,
  failureList,
  lackingList,
  meetingsTable,
  versionsTable,
} from "../../../tools/lib/peers/meetings-report.ts";
import { peerPrograms } from "../../../tools/lib/peers/peer-programs.ts";

/** Of two implementations and three suites: the second lacks one, and does not join the first's groups in another. */
const SEEN: Meetings = {
  names: ["one", "other"],
  suites: [1, 2, 0xf042],
  meetings: [
    ...[1, 2, 0xf042].map((suite) => ({ suite, owner: "one", adder: "one", failure: undefined })),
    { suite: 1, owner: "one", adder: "other", failure: undefined },
    { suite: 2, owner: "one", adder: "other", failure: undefined },
    { suite: 1, owner: "other", adder: "one", failure: "does not join: no" },
    { suite: 2, owner: "other", adder: "one", failure: "does not join: no" },
    { suite: 2, owner: "other", adder: "other", failure: undefined },
    { suite: 0xf042, owner: LIBRARY, adder: "one", failure: undefined },
  ],
  lacking: [{ suite: 0xf042, name: "other", why: "unknown" }],
};

describe("the report of the peers", () => {
  it("has a row for whose packages were claimed, a column for who claimed, and the suites in which the owner read", () => {
    const cells = meetingsTable(SEEN)
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()));
    expect(cells.filter((_, index) => index !== 1)).toEqual([
      ["", "packages of ↓, added by →", "one", "other", ""],
      ["", "one", "all", "1, 2", ""],
      ["", "other", "–", "2", ""],
      ["", LIBRARY, "0xF042", "–", ""],
    ]);
  });

  it("counts those who read", () => expect(count(SEEN)).toBe("7 of 9 joined and read"));

  it("says once which suites an implementation lacks, and once for each pair where it ended", () => {
    expect(lackingList(SEEN)).toBe("- other has no 0xF042, it says: unknown");
    expect(failureList(SEEN)).toBe("- other, added by one, in 1, 2: does not join: no");
  });
});

describe("the suites in which the peers of a profile meet", () => {
  it.each(PROFILES.map((profile) => [profile.name, profile] as const))(
    "%s: its own, or RFC 9420's",
    (name, profile) => {
      const numbers = ownSuites(profile).map(({ ciphersuite }) => ciphersuite);
      expect(numbers.length).toBeGreaterThan(0);
      expect(numbers.some((number) => number <= 7)).toBe(name === "rfc9420");
    },
  );
});

describe("docs/compatibility.md", () => {
  const page = readFileSync("docs/compatibility.md", "utf8");
  const programs = peerPrograms("");

  it("names the versions that are run", () => expect(page).toContain(versionsTable(programs)));

  it("has a table of RFC 9420's suites, and one for each profile whose numbers an implementation has", () => {
    const tables = page.split("\n").filter((line) => line.startsWith("| packages of ↓, added by →"));
    expect(tables).toHaveLength(1 + new Set(programs.flatMap(({ profiles }) => profiles)).size);
  });
});
