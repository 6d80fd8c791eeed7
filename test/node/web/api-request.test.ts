/** What a form of the API reference asks, and the line of curl that asks the same. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import openapi from "../../../src/http/openapi/openapi.json" with { type: "json" };
import {
  CREDENTIAL,
  curlOf,
  type Description,
  type Filled,
  operationIn,
  requestOf,
} from "../../../src/web/docs/api-request.ts";

const ids = Object.values(openapi.paths).flatMap((methods) =>
  Object.values(methods).map(({ operationId }: { operationId: string }) => operationId),
);
const operation = (id: string) => {
  const found = operationIn(openapi as unknown as Description, id);
  if (found === undefined) throw new Error(`expected an operation ${id}`);
  return found;
};
const filled = (values: Readonly<Record<string, string>>, more: Partial<Filled> = {}): Filled => ({
  given: ({ name }) => values[name] ?? "",
  credential: "",
  body: undefined,
  ...more,
});

describe("a request of the reference", () => {
  it("is found for every operation, whole: its path has no place left and its body is an example", () => {
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) {
      const found = operation(id);
      const { target } = requestOf(found, { ...filled({}), given: ({ example = "x" }) => String(example) });
      expect([id, target.startsWith("/"), target.includes("{")]).toEqual([id, true, false]);
    }
    expect(ids.filter((id) => operation(id).needsToken).length).toBeGreaterThan(0);
    const withJson = Object.values(openapi.paths).flatMap((methods) =>
      Object.values(methods).filter(
        ({ requestBody }: { requestBody?: { content: object } }) =>
          requestBody !== undefined && "application/json" in requestBody.content,
      ),
    );
    expect(withJson.length).toBeGreaterThan(0);
    const without = withJson.filter(({ operationId }) => operation(operationId).example === undefined);
    expect(without.map(({ operationId }) => operationId)).toEqual([]);
    expect(operationIn(openapi as unknown as Description, "nothing")).toBe(undefined);
  });

  it("encodes names in the path and in the query, and leaves out what is empty", () => {
    const user = { user: "a/b c?#%é" };
    expect(requestOf(operation("getUser"), filled(user))).toEqual({
      method: "GET",
      target: "/v1/admin/users/a%2Fb%20c%3F%23%25%C3%A9",
      headers: {},
      body: undefined,
    });
    const query = filled({ prefix: "a&b=c", limit: "" });
    expect(requestOf(operation("listUsers"), query).target).toBe("/v1/admin/users?prefix=a%26b%3Dc");
  });

  it("percent-encodes in headers what is beyond ASCII, and takes a token with or without its scheme", () => {
    const why = { user: "u", "Operator-Reason": "50 % – “Dora’s” 📱" };
    const { headers } = requestOf(operation("eraseUser"), filled(why, { credential: "abc" }));
    expect(headers).toEqual({
      "Operator-Reason": "50 %25 %E2%80%93 %E2%80%9CDora%E2%80%99s%E2%80%9D %F0%9F%93%B1",
      Authorization: "Bearer abc",
    });
    const secret = filled({ user: "u" }, { credential: "Capability s3", body: "{}" });
    expect(requestOf(operation("claimUser"), secret).headers).toEqual({
      Authorization: "Capability s3",
      "Content-Type": "application/json",
    });
  });

  it("takes a credential as it is pasted, and none with a blank in it", () => {
    const isCredential = (text: string) => new RegExp(`^(?:${CREDENTIAL})$`, "v").test(text);
    const authorization = (credential: string) =>
      requestOf(operation("getUser"), filled({ user: "u" }, { credential })).headers.Authorization;
    for (const [text, wanted] of [
      ["abc", "Bearer abc"],
      [" Bearer abc\n", "Bearer abc"],
      ["Authorization: Bearer abc", "Bearer abc"],
      ["authorization: capability s3", "capability s3"],
    ] as const) {
      expect([text, isCredential(text), authorization(text)]).toEqual([text, true, wanted]);
    }
    // A token that was pasted with a break in it: no part of it goes into a line of curl.
    for (const text of ["eyJhbGci OiJFUzI1NiJ9", "tok€n", ""])
      expect([text, isCredential(text)]).toEqual([text, false]);
    const broken = requestOf(operation("getUser"), filled({ user: "u" }, { credential: "eyJhbGci OiJFUzI1NiJ9" }));
    expect(curlOf(broken, "https://keys.example.com")).toContain('"Authorization: Bearer $TOKEN"');
  });

  it("is the same as a line of curl, as a shell reads it, but for the credential", () => {
    const body = `{"a": "it's $HOME \`x\` \\"y\\"\nz"}`;
    const values = { user: "o'neil", "Idempotency-Key": "k1" };
    const request = requestOf(operation("claimUser"), filled(values, { credential: "secret", body }));
    const line = curlOf(request, "https://keys.example.com");
    expect(line).not.toContain("secret");
    const script = `curl() { printf '%s\\0' "$@"; }\nTOKEN=given\n${line}`;
    const given = execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
    expect(given).toEqual([
      ...["-i", "-X", "POST", "https://keys.example.com/v1/users/o'neil/claims"],
      ...["-H", "Idempotency-Key: k1", "-H", "Authorization: Bearer given", "-H", "Content-Type: application/json"],
      ...["--data-binary", body],
    ]);
  });
});
