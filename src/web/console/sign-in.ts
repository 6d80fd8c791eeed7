/**
 * Sign-in at the issuer: OAuth 2.0's authorization code with PKCE (RFC 6749 §4.1, RFC 7636), as a public client whose
 * token is kept by this tab alone. What was agreed on before the page was left is in the tab's storage until it returns.
 */
import type { SignIn } from "./sign-in-settings.ts";

export type Returned =
  | { readonly kind: "nothing" }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "failed"; readonly code: string; readonly detail: string };

type Pending = { readonly state: string; readonly verifier: string; readonly hash: string };

const PENDING = "sign-in";
const SECRET_BYTES = 32;

/** The settings that the page was built with; undefined if there are none. */
export function signInOf({ dataset }: HTMLElement): SignIn | undefined {
  const { authorizeUrl, clientId, scope, tokenUrl } = dataset;
  if (authorizeUrl === undefined || clientId === undefined || scope === undefined || tokenUrl === undefined) return;
  return { authorizeUrl, clientId, scope, tokenUrl };
}

/** Leaves the page for the issuer's. */
export async function goToIssuer({ authorizeUrl, clientId, scope }: SignIn): Promise<void> {
  const pending: Pending = { state: secret(), verifier: secret(), hash: location.hash };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
  const url = new URL(authorizeUrl);
  const asked = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope,
    state: pending.state,
    code_challenge: base64url(new Uint8Array(challenge)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  location.assign(url.href);
}

/**
 * What the issuer has sent back with, if this is a return from it. The address is cleaned first: a code is good once, and
 * nobody should find it in a history.
 */
export async function returned({ clientId, tokenUrl }: SignIn): Promise<Returned> {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("code") && !answer.has("error")) return { kind: "nothing" };
  const pending = takePending();
  history.replaceState(null, "", `${location.pathname}${pending?.hash ?? ""}`);
  if (pending === undefined || answer.get("state") !== pending.state) {
    return failed("state_mismatch", "This tab did not begin that sign-in. Begin again.");
  }
  const code = answer.get("code");
  if (code === null) return failed(answer.get("error") ?? "", answer.get("error_description") ?? "");
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri(),
    client_id: clientId,
    code_verifier: pending.verifier,
  });
  try {
    const response = await fetch(tokenUrl, { method: "POST", body, credentials: "omit", redirect: "error" });
    return tokenOf(await response.json());
  } catch {
    return failed("issuer_unreachable", "The issuer gave no token. It must allow this origin to ask (CORS).");
  }
}

function tokenOf(answered: unknown): Returned {
  const { access_token, error, error_description, token_type } = (answered ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof access_token === "string" && String(token_type).toLowerCase() === "bearer") {
    return { kind: "token", token: access_token };
  }
  if (typeof error === "string") return failed(error, typeof error_description === "string" ? error_description : "");
  return failed("no_token", "Expected a bearer token from the issuer, got something else.");
}

const failed = (code: string, detail: string): Returned => ({ kind: "failed", code, detail });

function takePending(): Pending | undefined {
  const text = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  return text === null ? undefined : (JSON.parse(text) as Pending);
}

const redirectUri = (): string => `${location.origin}${location.pathname}`;

const secret = (): string => base64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
