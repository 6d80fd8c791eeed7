/** Which directory a command calls, and as whom. */
import { readFileSync } from "node:fs";
import { type CommandIo, type Option, UsageError } from "../command.ts";
import type { Given } from "../given.ts";
import { DirectoryClient } from "./directory-client.ts";
import { localAddress, localIssuer } from "./local-issuer.ts";

const DEFAULT_STATE = ".kpd";
const DEFAULT_ADDRESS = "http://127.0.0.1:8787";

export const STATE_OPTION = {
  state: { value: "DIR", help: `state folder of a directory on this machine; ${DEFAULT_STATE} if left out` },
} as const satisfies Record<string, Option>;

export const CONNECTION_OPTIONS = {
  url: { value: "URL", help: "the directory, else KPD_URL, else where the local one listens" },
  "token-file": { value: "FILE", help: "the bearer token, else KPD_TOKEN, else one is made for the local directory" },
  ...STATE_OPTION,
} as const satisfies Record<string, Option>;

export const PUBLISHER_OPTIONS = {
  user: { value: "USER", help: "whose client it is" },
  client: { value: "CLIENT", help: "the client" },
  ...CONNECTION_OPTIONS,
} as const satisfies Record<string, Option>;

export type Identity = { readonly user: string; readonly client: string };

export async function connect(given: Given, io: CommandIo, who: Identity, scope: string): Promise<DirectoryClient> {
  const address = addressOf(given, io);
  return new DirectoryClient(address, await tokenFor(given, io, address, who, scope));
}

/** With the secret of a claim capability in a file, in place of a token. */
export function connectWithCapability(given: Given, io: CommandIo, file: string): DirectoryClient {
  return new DirectoryClient(addressOf(given, io), checkedToken(file, readToken(file)), "Capability");
}

/** For what is one client's own: the client that --user and --client name. */
export async function connectPublisher(given: Given, io: CommandIo) {
  const who = { user: given.identifier("user"), client: given.identifier("client") };
  return { ...who, directory: await connect(given, io, who, "key-packages:publish") };
}

export const stateOf = (given: Given): string => given.text("state") ?? DEFAULT_STATE;

/** Without a slash at its end. */
export function addressOf(given: Given, io: CommandIo): string {
  const text = given.text("url") ?? io.env.KPD_URL ?? localAddress(stateOf(given)) ?? DEFAULT_ADDRESS;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new UsageError(`expected a URL such as https://directory.example, got "${text}"`);
  }
  if (url.username !== "" || url.password !== "") throw new UsageError("the URL must not hold a user or a password");
  if (url.protocol === "http:" && !isLoopback(url)) {
    throw new UsageError(`${url.origin} would get the token unencrypted: use https`);
  }
  return url.href.replace(/\/+$/, "");
}

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);

async function tokenFor(given: Given, io: CommandIo, address: string, who: Identity, scope: string): Promise<string> {
  const file = given.text("token-file");
  if (file !== undefined) return checkedToken(file, readToken(file));
  if (io.env.KPD_TOKEN) return checkedToken("KPD_TOKEN", io.env.KPD_TOKEN);
  // The local key is trusted by the local directory alone.
  const sign = isLoopback(new URL(address)) ? localIssuer(stateOf(given)) : undefined;
  if (sign !== undefined) return sign(who.user, who.client, scope);
  throw new UsageError(
    `a token with the scope ${scope} is needed: --token-file FILE or KPD_TOKEN; or --state, the folder of a local directory`,
  );
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** What a header can carry; it is never repeated in a message. */
function checkedToken(where: string, text: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError(`${where} holds no token and no secret`);
  return token;
}
