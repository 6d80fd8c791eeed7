/** Calls from pages of another origin (Fetch standard, CORS). */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../../src/http/app.ts";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { CLAIM, token } from "../support/auth.ts";
import { ORIGIN } from "../support/http.ts";

const PAGE = "https://app.example.com";

const ask = (path: string, init: RequestInit, settings: Readonly<Record<string, string>>) =>
  app.request(ORIGIN + path, init, { ...env, ...settings });

const preflight = (path: string, method: string, origin: string, settings = { CORS_ORIGINS: PAGE }) =>
  ask(
    path,
    {
      method: "OPTIONS",
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
      },
    },
    settings,
  );

describe("a page of an origin that the deployment names", () => {
  it("has its preflight answered for every operation, without a token", async () => {
    for (const { path, method } of OPERATIONS) {
      const answer = await preflight(path.replaceAll(/[{}]/g, ""), method, PAGE);
      expect(answer.status).toBe(204);
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(PAGE);
      expect(answer.headers.get("Access-Control-Allow-Methods")?.split(",")).toContain(method);
      const headers = answer.headers.get("Access-Control-Allow-Headers")?.toLowerCase().split(",");
      expect(headers).toEqual(expect.arrayContaining(["authorization", "content-type", "idempotency-key"]));
      expect(answer.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    }
  });

  it("may read answers and refusals alike, with the headers that a client needs", async () => {
    const bearer = `Bearer ${await token({ user: "bob", client: "laptop", scope: CLAIM })}`;
    for (const headers of [{ Origin: PAGE, Authorization: bearer }, { Origin: PAGE }]) {
      const answer = await ask("/v1/users/nobody-here/clients", { headers }, { CORS_ORIGINS: PAGE });
      expect([401, 404]).toContain(answer.status);
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(PAGE);
      expect(answer.headers.get("Vary")).toContain("Origin");
      expect(answer.headers.get("Access-Control-Expose-Headers")?.split(",")).toEqual(
        expect.arrayContaining(["Claim-Status", "Date", "ETag", "Idempotent-Replayed", "Retry-After", "X-Request-Id"]),
      );
    }
  });
});

describe("a page of any other origin", () => {
  it("may read nothing", async () => {
    for (const origin of ["https://evil.example.com", `${PAGE}.evil.test`, "http://app.example.com", "null"]) {
      const asked = await preflight("/v1/claims", "POST", origin);
      expect(asked.headers.get("Access-Control-Allow-Origin")).toBeNull();
      const read = await ask("/v1/policy", { headers: { Origin: origin } }, { CORS_ORIGINS: PAGE });
      expect(read.headers.get("Access-Control-Allow-Origin")).toBeNull();
    }
  });

  it("may read nothing where no origin is named, which is the default", async () => {
    const asked = await preflight("/v1/claims", "POST", PAGE, { CORS_ORIGINS: "" });
    expect(asked.status).toBe(405);
    const read = await ask("/v1/policy", { headers: { Origin: PAGE } }, {});
    expect(read.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });
});

it("every port of a host, and every origin, can be named", async () => {
  const allowed = async (setting: string, origin: string) =>
    (await ask("/v1/policy", { headers: { Origin: origin } }, { CORS_ORIGINS: setting })).headers.get(
      "Access-Control-Allow-Origin",
    );
  const local = "https://a.test, http://localhost:*";
  expect(await allowed(local, "http://localhost:5173")).toBe("http://localhost:5173");
  expect(await allowed(local, "http://localhost")).toBe("http://localhost");
  expect(await allowed(local, "https://a.test")).toBe("https://a.test");
  expect(await allowed(local, "http://localhost:5173.evil.test")).toBeNull();
  expect(await allowed(local, "http://localhost.evil.test")).toBeNull();
  expect(await allowed("*", "https://anyone.test")).toBe("https://anyone.test");
});
