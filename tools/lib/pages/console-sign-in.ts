/**
 * Where the console signs an operator in: settings of the pages, not of the Worker. They are read when the pages are
 * built, so that what the console may connect to stands in a file. Without them the console asks for a token.
 */
import type { SignIn } from "../../../src/web/console/sign-in-settings.ts";

export const CONSOLE_SETTINGS = [
  "CONSOLE_AUTHORIZE_URL",
  "CONSOLE_CLIENT_ID",
  "CONSOLE_SCOPE",
  "CONSOLE_TOKEN_URL",
] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined if none is set. Throws if one of the three that belong together is missing, or an address is not https. */
export function consoleSignIn(environment: Environment): SignIn | undefined {
  const authorizeUrl = environment.CONSOLE_AUTHORIZE_URL ?? "";
  const clientId = environment.CONSOLE_CLIENT_ID ?? "";
  const tokenUrl = environment.CONSOLE_TOKEN_URL ?? "";
  const scope = environment.CONSOLE_SCOPE || "directory:admin";
  if ([authorizeUrl, clientId, tokenUrl].every((value) => value === "")) return undefined;
  if (clientId === "") throw new Error("CONSOLE_CLIENT_ID must name the console as the issuer knows it, got nothing");
  checkAddress("CONSOLE_AUTHORIZE_URL", authorizeUrl);
  checkAddress("CONSOLE_TOKEN_URL", tokenUrl);
  return { authorizeUrl, clientId, scope, tokenUrl };
}

const LOOPBACK = ["127.0.0.1", "localhost"];

function checkAddress(name: string, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isGood =
    url !== undefined && (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.includes(url.hostname)));
  if (!isGood) throw new Error(`${name} must be an https address, got ${JSON.stringify(text)}`);
}

/** The part of `_headers` that lets the console ask the issuer for a token, and lets no other page and no other place. */
export function consoleHeaders(general: string, { tokenUrl }: SignIn): string {
  const own = general.replace("connect-src 'self'", `connect-src 'self' ${new URL(tokenUrl).origin}`);
  return `
# Of CONSOLE_TOKEN_URL. Two policies would both hold, so the one of all pages is taken away first.
/console
  ! Content-Security-Policy
  Content-Security-Policy: ${own}
`;
}
