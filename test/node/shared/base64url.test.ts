/** base64url as the wire has it: one text for the same bytes, however long it is. */
import { expect, it } from "vitest";
import { base64UrlFault, isBase64Url } from "../../../src/shared/base64url.ts";

it("takes what encoding gives, of every length and last byte, and no other text of the same bytes", () => {
  for (let length = 0; length <= 6; length++) {
    for (const last of [0x00, 0x01, 0x7f, 0xff]) {
      const text = Buffer.alloc(length, last).toString("base64url");
      expect(isBase64Url(text), text).toBe(true);
      // The next character of the alphabet differs in the lowest bit, which these texts leave unused.
      const changed =
        text.slice(0, -1) +
        Buffer.from([0, 0, (Buffer.from(`AAA${text.at(-1)}`, "base64url")[2] ?? 0) ^ 1])
          .toString("base64url")
          .at(-1);
      if (length % 3 !== 0) expect(isBase64Url(changed), changed).toBe(false);
    }
  }
});

it.each(["A", "AAAAA", "AA=", "AA==", "A+AA", "A/AA", "AAA ", "AAAA\n", "\u0416AAA"])(
  "refuses %j, and says why",
  (text) => {
    expect(isBase64Url(text)).toBe(false);
    expect(base64UrlFault(text)).toMatch(/^expected base64url without padding .*, got /);
  },
);

it("takes no room on the stack for a long text", () => {
  const long = "A".repeat(32 * 2 ** 20);
  expect(isBase64Url(long)).toBe(true);
  expect(isBase64Url(`${long}+AAA`)).toBe(false);
});
