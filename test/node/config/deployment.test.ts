/** The environment, parsed once: what is open, what is closed, and what is named. */
import { expect, test } from "vitest";
import { deploymentOf, readDeployment } from "../../../src/config/deployment.ts";
import { SettingError } from "../../../src/config/settings.ts";

const JWKS = JSON.stringify({ keys: [{ kty: "OKP", crv: "Ed25519", x: "AA" }] });
const AUTH = { AUTH_JWKS: JWKS, AUTH_ISSUER: "https://auth.test", AUTH_AUDIENCE: "directory" };

test("without any setting the defaults are in force and authentication is not configured", () => {
  const deployment = readDeployment({});
  expect(deployment.ciphersuites).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect([deployment.credentialIdentity, deployment.cryptoProvider]).toEqual(["{user}", "noble"]);
  expect(deployment.issuer).toEqual({ ok: false, error: "AUTH_ISSUER is not set" });
});

test("an empty text counts as not set", () => {
  const deployment = readDeployment({ CIPHERSUITES: "", CREDENTIAL_IDENTITY: "", CRYPTO_PROVIDER: "", STOCK_CAP: "" });
  expect(deployment).toEqual(readDeployment({}));
});

test("the databases of the directory are named by a setting, and are one by default", () => {
  expect(readDeployment({}).directory).toEqual({ current: ["DB"], former: [] });
  const settings = { DIRECTORY_BINDINGS: "DB0, DB1", DIRECTORY_FORMER_BINDINGS: "DB" };
  expect(readDeployment(settings).directory).toEqual({ current: ["DB0", "DB1"], former: ["DB"] });
});

test("the whole of an issuer is read", () => {
  const { issuer } = readDeployment({ ...AUTH, AUTH_CLIENT_CLAIM: "azp" });
  expect(issuer).toMatchObject({
    ok: true,
    value: { issuer: "https://auth.test", audience: "directory", clientClaim: "azp", keys: { from: "setting" } },
  });
});

test.each([
  ["CIPHERSUITES", "1,99"],
  ["CIPHERSUITES", "1,1"],
  ["CRYPTO_PROVIDER", "openssl"],
  ["STOCK_CAP", "many"],
  ["STOCK_TARGET", "-1"],
  ["PAIR_BUDGET_BURST", "0"],
  ["CORS_ORIGINS", "app.example.com"],
  ["CORS_ORIGINS", "https://app.example.com/"],
  ["CORS_ORIGINS", "https://app.example.com,"],
  ["CORS_ORIGINS", "https://*.example.com"],
  ["DIRECTORY_BINDINGS", "DB0,DB0"],
  ["DIRECTORY_BINDINGS", "DB0,"],
  ["DIRECTORY_FORMER_BINDINGS", "a database"],
  ["AUTH_JWKS", "{"],
  ["AUTH_JWKS", '{"keys":1}'],
  ["AUTH_JWKS", "null"],
  ["AUTH_JWKS_URL", "http://keys.test/jwks"],
  ["AUTH_JWKS_URL", "not an address"],
])("%s=%s is refused by its name", (name, value) => {
  const read = () => readDeployment({ [name]: value });
  expect(read).toThrow(SettingError);
  expect(read).toThrow(name);
});

test("an environment is parsed once, and its deployment cannot be changed", () => {
  const env = { ...AUTH };
  const deployment = deploymentOf(env);
  env.AUTH_ISSUER = "https://elsewhere.test";
  expect(deploymentOf(env)).toBe(deployment);
  expect(Object.isFrozen(deployment)).toBe(true);
});

test("a wrong setting stays wrong: the same error each time", () => {
  const env = { CIPHERSUITES: "0" };
  const errors = [1, 2].map(() => {
    try {
      return deploymentOf(env);
    } catch (error) {
      return error;
    }
  });
  expect(errors[0]).toBeInstanceOf(SettingError);
  expect(errors[1]).toBe(errors[0]);
});
