/**
 * A small issuer on an origin of its own: OAuth 2.0's authorization code with PKCE for one public client, and the
 * token that a test gives it. It signs everybody in at once.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export type Issuer = {
  readonly origin: string;
  /** Of the next sign-in. */
  readonly next: { token: string; error?: string };
  /** How many codes were exchanged, and refused. */
  readonly exchanged: string[];
  readonly close: () => Promise<void>;
};

export const CLIENT_ID = "directory-console";

type Asked = { readonly redirectUri: string; readonly challenge: string };

export async function startIssuer(): Promise<Issuer> {
  const codes = new Map<string, Asked>();
  const next: Issuer["next"] = { token: "" };
  const exchanged: string[] = [];

  function authorize(query: URLSearchParams): string {
    const back = new URL(query.get("redirect_uri") ?? "");
    back.searchParams.set("state", query.get("state") ?? "");
    const isGood =
      query.get("response_type") === "code" &&
      query.get("client_id") === CLIENT_ID &&
      query.get("scope") === "directory:admin" &&
      query.get("code_challenge_method") === "S256";
    const error = isGood ? next.error : "invalid_request";
    if (error !== undefined) {
      back.searchParams.set("error", error);
      return back.href;
    }
    const code = crypto.randomUUID();
    codes.set(code, { redirectUri: query.get("redirect_uri") ?? "", challenge: query.get("code_challenge") ?? "" });
    back.searchParams.set("code", code);
    return back.href;
  }

  function exchange(form: URLSearchParams): Record<string, unknown> {
    const code = form.get("code") ?? "";
    const asked = codes.get(code);
    codes.delete(code);
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isGood =
      asked !== undefined &&
      form.get("grant_type") === "authorization_code" &&
      form.get("client_id") === CLIENT_ID &&
      form.get("redirect_uri") === asked.redirectUri &&
      challenge === asked.challenge;
    exchanged.push(isGood ? "good" : "refused");
    return isGood ? { access_token: next.token, token_type: "Bearer", expires_in: 300 } : { error: "invalid_grant" };
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://issuer.invalid");
    if (pathname === "/authorize") response.writeHead(302, { Location: authorize(searchParams) }).end();
    else if (pathname === "/token") {
      textOf(request).then(
        (text) => {
          const answer = exchange(new URLSearchParams(text));
          response
            .writeHead("error" in answer ? 400 : 200, {
              "Access-Control-Allow-Origin": request.headers.origin ?? "",
              "Content-Type": "application/json",
            })
            .end(JSON.stringify(answer));
        },
        () => response.destroy(),
      );
    } else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next,
    exchanged,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text;
}
