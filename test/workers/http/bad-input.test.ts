import { expect, test } from "vitest";
import { ADMIN, CLAIM, PUBLISH, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import { call, claimer, clientPath, freshName, ORIGIN, registeredOwner, registration } from "../support/http.ts";

const owner = await registeredOwner();
const good = base64url(owner.forge());
const bob = await claimer();
const keyPackages = `${owner.path}/key-packages`;
const claims = `/v1/users/${owner.user}/claims`;
const proven = await registration({ user: owner.user, client: "phone" }, owner.signer);
const json = { "Content-Type": "application/json" };

type Row = readonly [what: string, status: number, code: string, request: () => ReturnType<typeof call>];

const publish = (options: Parameters<typeof call>[2]) => call("POST", keyPackages, { token: owner.token, ...options });
const batch = { key_packages: [good] };

const rows: readonly Row[] = [
  ["no token", 401, "token_missing", () => call("POST", keyPackages, { body: batch })],
  [
    "another scheme than bearer",
    401,
    "token_missing",
    () => call("POST", keyPackages, { body: batch, headers: { Authorization: "Basic YWxpY2U6cGhvbmU=" } }),
  ],
  ["a token that is none", 401, "token_invalid", () => publish({ token: "a.b.c", body: batch })],
  [
    "a token of ten thousand characters",
    401,
    "token_invalid",
    () => publish({ token: "x".repeat(10_000), body: batch }),
  ],
  [
    "another user's token",
    403,
    "not_owner",
    async () => publish({ token: await token({ user: "mallory" }), body: batch }),
  ],
  [
    "another client's token",
    403,
    "not_owner",
    async () => publish({ token: await token({ user: owner.user, client: "tablet" }), body: batch }),
  ],
  [
    "an expired token",
    401,
    "token_expired",
    async () => publish({ token: await token({ user: owner.user, expiresIn: -60 }), body: batch }),
  ],
  [
    "a token without expiry",
    401,
    "token_invalid",
    async () => publish({ token: await token({ user: owner.user, expiresIn: undefined }), body: batch }),
  ],
  [
    "a token for another audience",
    401,
    "wrong_audience",
    async () => publish({ token: await token({ user: owner.user, audience: "elsewhere" }), body: batch }),
  ],
  [
    "a token of another issuer",
    401,
    "wrong_issuer",
    async () => publish({ token: await token({ user: owner.user, issuer: "https://evil.test" }), body: batch }),
  ],
  [
    "a token without client",
    401,
    "token_invalid",
    async () => publish({ token: await token({ user: owner.user, client: undefined }), body: batch }),
  ],
  [
    "a token without the scope",
    403,
    "insufficient_scope",
    async () => publish({ token: await token({ user: owner.user, scope: CLAIM }), body: batch }),
  ],
  [
    "a token of an operator",
    403,
    "insufficient_scope",
    async () => publish({ token: await token({ user: owner.user, scope: ADMIN }), body: batch }),
  ],
  [
    "a body that announces too much",
    413,
    "body_too_large",
    () => publish({ raw: "x".repeat(1024 * 1024 + 1), headers: json }),
  ],
  [
    "a body that says nothing of its length and never ends",
    413,
    "body_too_large",
    () => publish({ raw: endless(), headers: json }),
  ],
  [
    "a hundred and one items",
    422,
    "too_many_key_packages",
    () => publish({ body: { key_packages: Array.from({ length: 101 }, () => good) } }),
  ],
  ["a body that is not JSON", 400, "invalid_json", () => publish({ raw: "{", headers: json })],
  [
    "a body that is not UTF-8",
    400,
    "invalid_json",
    () => publish({ raw: new Uint8Array([0x22, 0xff, 0x22]), headers: json }),
  ],
  [
    "a media type that nobody takes",
    415,
    "unsupported_media_type",
    () => publish({ raw: good, headers: { "Content-Type": "text/plain" } }),
  ],
  ["a body without media type", 415, "unsupported_media_type", () => publish({ raw: new TextEncoder().encode("{}") })],
  ["an empty body", 400, "empty_body", () => publish({ headers: json })],
  ["an empty body of message/mls", 400, "empty_body", () => publish({ headers: { "Content-Type": "message/mls" } })],
  [
    "a body of message/mls that breaks off",
    400,
    "malformed_messages",
    () => publish({ raw: new Uint8Array([0, 1, 0, 5, 0]), headers: { "Content-Type": "message/mls" } }),
  ],
  [
    "invalid base64 and nothing else",
    400,
    "invalid_base64",
    () => publish({ body: { key_packages: ["+/==", "not base64"] } }),
  ],
  ["padded base64", 400, "invalid_base64", () => publish({ body: { key_packages: [`${good}==`] } })],
  ["items that are no text", 400, "invalid_request", () => publish({ body: { key_packages: [good, 7] } })],
  ["a member that nobody knows", 400, "invalid_request", () => publish({ body: { ...batch, atomic: true } })],
  ["null instead of a list", 400, "invalid_request", () => publish({ body: { key_packages: null } })],
  [
    "JSON as deep as the body is long",
    400,
    "invalid_json",
    () => publish({ raw: "[".repeat(200_000) + "]".repeat(200_000), headers: json }),
  ],
  [
    "an unregistered client",
    404,
    "client_not_registered",
    async () => {
      const user = freshName("nobody");
      return call("POST", `${clientPath(user)}/key-packages`, { token: await token({ user }), body: batch });
    },
  ],
  ["an unknown user", 404, "unknown_user", () => bob.claim(freshName("nobody"))],
  ["an unknown user's clients", 404, "unknown_user", () => bob.peek(freshName("nobody"))],
  ["a GET on a claim route", 405, "method_not_allowed", () => call("GET", claims, { token: bob.token })],
  [
    "a GET on the claim route of many users",
    405,
    "method_not_allowed",
    () => call("GET", "/v1/claims", { token: bob.token }),
  ],
  ["a route that is none", 404, "route_not_found", () => call("GET", "/v1/nothing")],
  ["a claim without body", 400, "empty_body", () => call("POST", claims, { token: bob.token, headers: json })],
  ["a claim with no ciphersuite", 400, "invalid_request", () => bob.claim(owner.user, { ciphersuites: [] })],
  ["a ciphersuite out of range", 400, "invalid_request", () => bob.claim(owner.user, { ciphersuites: [65_536] })],
  ["a ciphersuite that is half a number", 400, "invalid_request", () => bob.claim(owner.user, { ciphersuites: [1.5] })],
  [
    "a lifetime that no package can have",
    400,
    "invalid_request",
    () => bob.claim(owner.user, { min_remaining_lifetime_seconds: 1e9 }),
  ],
  [
    "an idempotency key with a space",
    400,
    "invalid_idempotency_key",
    () => bob.claim(owner.user, {}, { "Idempotency-Key": "a b" }),
  ],
  [
    "an idempotency key that is too long",
    400,
    "invalid_idempotency_key",
    () => bob.claim(owner.user, {}, { "Idempotency-Key": "a".repeat(129) }),
  ],
  [
    "a hundred and one users",
    422,
    "too_many_users",
    () => bob.claimMany({ users: Array.from({ length: 101 }, (_, index) => `user-${index}`) }),
  ],
  ["no users", 400, "invalid_request", () => bob.claimMany({ users: [] })],
  ["a user in a list with a control character", 400, "invalid_request", () => bob.claimMany({ users: ["a\nb"] })],
  ["half a surrogate pair in a user's name", 400, "invalid_request", () => bob.claimMany({ users: ["\ud800"] })],
  [
    "a key that is no base64",
    400,
    "invalid_base64",
    () => owner.as("PUT", "", { body: { ...proven, signature_keys: { ed25519: "?" } } }),
  ],
  [
    "a key of the wrong length",
    422,
    "invalid_signature_key",
    () => owner.as("PUT", "", { body: { ...proven, signature_keys: { ed25519: "AAAA" } } }),
  ],
  [
    "a key of small order",
    422,
    "invalid_signature_key",
    () =>
      owner.as("PUT", "", {
        body: { ...proven, signature_keys: { ed25519: base64url(new Uint8Array(32).fill(1, 0, 1)) } },
      }),
  ],
  [
    "a registration without key",
    400,
    "invalid_request",
    () => owner.as("PUT", "", { body: { ...proven, signature_keys: {}, proofs: {} } }),
  ],
  [
    "a proof that is no base64",
    400,
    "invalid_base64",
    () => owner.as("PUT", "", { body: { ...proven, proofs: { ed25519: "=" } } }),
  ],
  [
    "a proof of another length",
    422,
    "possession_unproven",
    () => owner.as("PUT", "", { body: { ...proven, proofs: { ed25519: "AAAA" } } }),
  ],
  [
    "a scheme that nobody knows",
    400,
    "invalid_request",
    () => owner.as("PUT", "", { body: { ...proven, signature_keys: { rsa: "AAAA" }, proofs: { rsa: "AAAA" } } }),
  ],
  ["a replacement by nothing", 422, "empty_replacement", () => owner.replace([])],
  ["a delete of nothing", 400, "invalid_request", () => owner.as("DELETE", "/key-packages", { body: { refs: [] } })],
  [
    "a delete of everything and something",
    400,
    "invalid_request",
    () => owner.as("DELETE", "/key-packages", { body: { refs: ["AAAA"], all: true } }),
  ],
  [
    "a delete of a thousand and one",
    422,
    "too_many_refs",
    () => owner.as("DELETE", "/key-packages", { body: { refs: Array.from({ length: 1001 }, () => "AAAA") } }),
  ],
  [
    "a digest of another length",
    400,
    "invalid_base64",
    () => owner.as("POST", "/reconcile", { body: { digest: "AAAA" } }),
  ],
  [
    "a prune that does not say what is held",
    400,
    "invalid_request",
    () => owner.as("POST", "/reconcile", { body: { digest: base64url(new Uint8Array(32)), prune: true } }),
  ],
  [
    "a page of the journal that no answer has named",
    400,
    "invalid_request",
    () => owner.as("GET", "/journal?after=-1"),
  ],
  ["a page of the journal that is too long", 400, "invalid_request", () => owner.as("GET", "/journal?limit=501")],
];

test.each(rows)("%s is answered with %i %s, and nothing is stored", async (_, status, code, request) => {
  const answer = await request();
  expect({ status: answer.status, code: answer.json?.code }).toEqual({ status, code });
  expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(answer.json).toMatchObject({
    type: `${ORIGIN}/docs#${code}`,
    status,
    instance: `urn:uuid:${answer.headers.get("X-Request-Id")}`,
  });
  const inventory = await owner.inventory();
  expect(inventory.every(({ available }: { available: number }) => available === 0)).toBe(true);
});

test("a 405 names the methods that the path takes", async () => {
  expect((await call("GET", claims)).headers.get("Allow")).toBe("POST");
  expect((await call("PATCH", owner.path)).headers.get("Allow")?.split(", ").sort()).toEqual([
    "DELETE",
    "GET",
    "HEAD",
    "PUT",
  ]);
});

test("a 401 says which token is wanted, and a 403 which scope", async () => {
  const missing = await call("POST", keyPackages, { body: batch });
  expect(missing.headers.get("WWW-Authenticate")).toBe('Bearer realm="mls-key-directory"');
  const expired = await publish({ token: await token({ user: owner.user, expiresIn: -60 }), body: batch });
  expect(expired.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
  const scopeless = await publish({ token: await token({ user: owner.user, scope: CLAIM }), body: batch });
  expect(scopeless.headers.get("WWW-Authenticate")).toBe(`Bearer error="insufficient_scope", scope="${PUBLISH}"`);
});

test("the place of a fault in the body is named by a JSON pointer", async () => {
  const answer = await bob.claim(owner.user, { required_capabilities: { extensions: [1, -1] }, extra: 1 });
  expect(answer.json.errors).toEqual(
    expect.arrayContaining([
      { pointer: "/required_capabilities/extensions/1", detail: "expected at least 0, got -1" },
      { pointer: "/extra", detail: "expected a member that is described, got an unknown one" },
    ]),
  );
});

function endless(): ReadableStream {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}
