import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { importJWK, SignJWT } from "jose";
import { expect, type Stage } from "../lib/rehearse/stage.ts";
import { newSigningKey, type SigningKey } from "../lib/tokens.ts";

const ALGORITHM = "ES256";
const ISSUER = { AUTH_ISSUER: "https://issuer.test", AUTH_AUDIENCE: "rehearsal" };

/** The issuer changes its key: without overlap everybody is refused for a while, with overlap nobody is. */
export async function keysRotated(stage: Stage): Promise<void> {
  const [old, young] = [await newSigningKey("old"), await newSigningKey("young")];
  const file = join(stage.folder, "claim.token");
  const check = async (key: SigningKey) => {
    writeFileSync(file, await tokenOf(key));
    const { code, said } = await stage.tryCommand("check", { CLAIM_TOKEN_FILE: file });
    return code === 0 ? "accepted" : said;
  };
  const deploy = async (...keys: readonly SigningKey[]) => {
    await stage.stop();
    await stage.start({ ...ISSUER, AUTH_JWKS: JSON.stringify({ keys: keys.flatMap(publicKeysOf) }) });
  };

  await deploy(old);
  expect("the old key is accepted", (await check(old)) === "accepted");
  const early = await check(young);
  expect("a key that is not deployed is refused", early.includes("got 401 token_invalid"), early);

  await deploy(old, young);
  for (const key of [old, young]) expect("both are accepted while they overlap", (await check(key)) === "accepted");

  await deploy(young);
  expect("the new key is accepted alone", (await check(young)) === "accepted");
  const late = await check(old);
  expect("and the old one no more", late.includes("got 401 token_invalid"), late);
}

const publicKeysOf = ({ jwks }: SigningKey) => (JSON.parse(jwks) as { readonly keys: readonly object[] }).keys;

const tokenOf = async ({ privateJwk }: SigningKey): Promise<string> =>
  new SignJWT({ device_id: "laptop", scope: "key-packages:claim" })
    .setProtectedHeader({ alg: ALGORITHM, kid: privateJwk.kid ?? "" })
    .setSubject("smoke")
    .setIssuer(ISSUER.AUTH_ISSUER)
    .setAudience(ISSUER.AUTH_AUDIENCE)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(await importJWK(privateJwk, ALGORITHM));
