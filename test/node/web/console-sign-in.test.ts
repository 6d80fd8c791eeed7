/** The settings of the console's sign-in: all of them or none, and no address that anybody could listen to. */
import { describe, expect, it } from "vitest";
import { consoleHeaders, consoleSignIn } from "../../../tools/lib/pages/console-sign-in.ts";

const WHOLE = {
  CONSOLE_AUTHORIZE_URL: "https://auth.example.com/authorize?audience=x",
  CONSOLE_CLIENT_ID: "console",
  CONSOLE_TOKEN_URL: "https://auth.example.com/token",
};

describe("the settings of the console's sign-in", () => {
  it("are none unless they are set", () => {
    expect(consoleSignIn({})).toBeUndefined();
    expect(consoleSignIn({ CONSOLE_CLIENT_ID: "", CONSOLE_SCOPE: "admin" })).toBeUndefined();
  });

  it("ask for the operator's scope unless told otherwise", () => {
    expect(consoleSignIn(WHOLE)?.scope).toBe("directory:admin");
    expect(consoleSignIn({ ...WHOLE, CONSOLE_SCOPE: "openid admin" })?.scope).toBe("openid admin");
  });

  it.each([
    [{ CONSOLE_CLIENT_ID: undefined }, "CONSOLE_CLIENT_ID must name the console as the issuer knows it, got nothing"],
    [{ CONSOLE_TOKEN_URL: undefined }, 'CONSOLE_TOKEN_URL must be an https address, got ""'],
    [
      { CONSOLE_TOKEN_URL: "http://auth.example.com/token" },
      'CONSOLE_TOKEN_URL must be an https address, got "http://auth.example.com/token"',
    ],
    [{ CONSOLE_AUTHORIZE_URL: "javascript:x" }, 'CONSOLE_AUTHORIZE_URL must be an https address, got "javascript:x"'],
  ])("are refused when they are not whole: %j", (change, message) => {
    expect(() => consoleSignIn({ ...WHOLE, ...change })).toThrow(message);
  });

  it("open the policy of the console, and of no other page, to the issuer's origin alone", () => {
    const signIn = consoleSignIn(WHOLE);
    if (signIn === undefined) throw new Error("expected settings");
    const lines = consoleHeaders("default-src 'none'; connect-src 'self'; base-uri 'none'", signIn).trim().split("\n");
    expect(lines.slice(1)).toEqual([
      "/console",
      "  ! Content-Security-Policy",
      "  Content-Security-Policy: default-src 'none'; connect-src 'self' https://auth.example.com; base-uri 'none'",
    ]);
  });
});
