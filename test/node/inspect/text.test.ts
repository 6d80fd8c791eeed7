/** Text of others, as it is shown. */
import { describe, expect, it } from "vitest";
import { printable } from "../../../src/inspect/text.ts";

describe("text of others", () => {
  it.each([
    ["a control character", "a\u001Bb", "a\\u{1b}b"],
    ["what turns the writing", "a\u202Eb", "a\\u{202e}b"],
    ["the Hangul filler", "a\u3164b", "a\\u{3164}b"],
    ["the filler of a first consonant", "a\u115Fb", "a\\u{115f}b"],
    ["a variation selector", "a\uFE0Fb", "a\\u{fe0f}b"],
    ["the grapheme joiner", "a\u034Fb", "a\\u{34f}b"],
    ["the blank pattern of Braille", "a\u2800b", "a\\u{2800}b"],
    ["a tag", "a\u{E0041}b", "a\\u{e0041}b"],
  ])("shows %s, which is not seen otherwise", (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("is shown alike only where it is alike: also where it looks like what is put for a character", () => {
    const texts = ["a\u202Eb", "a\\u{202e}b", "a\\u{5c}u{202e}b", "a\\\u202Eb", "a\\\\u{202e}b"];
    expect(new Set(texts.map(printable)).size).toBe(texts.length);
  });

  it("is itself where everything in it is seen", () => {
    const seen = "José 東京 😀 C:\\users\\u a  b";
    expect(printable(seen)).toBe(seen);
  });
});
