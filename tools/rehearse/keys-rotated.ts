import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { importJWK, SignJWT } from "jose";
import { JWKS_FETCH_SPACING_MS } from "../../src/config/limits.ts";
import { pause } from "../../src/shared/pause.ts";
import { expect, type Stage } from "../lib/rehearse/rehearsal-stage.ts";
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

  await keyStolen(stage, { old, young }, check);
}

/** A key at an address is withdrawn, and the directory believes it until it is made to fetch again. */
async function keyStolen(
  stage: Stage,
  { old, young }: { readonly old: SigningKey; readonly young: SigningKey },
  check: (key: SigningKey) => Promise<string>,
): Promise<void> {
  let published = [old, young];
  const server = createServer((_request, response) => {
    response.end(JSON.stringify({ keys: published.flatMap(publicKeysOf) }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await stage.stop();
    const { port } = server.address() as AddressInfo;
    await stage.start({ ...ISSUER, AUTH_JWKS: "", AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys` });
    expect("both keys at the address are accepted", (await check(old)) === "accepted");
    published = [young];
    expect("a key that was withdrawn is believed for a while", (await check(old)) === "accepted");

    const TOKEN_FILE = join(stage.folder, "issuer-operator.token");
    writeFileSync(TOKEN_FILE, await tokenOf(young, "directory:admin"));
    let answer = await stage.command("refresh", { TOKEN_FILE });
    for (let times = 1; answer.includes("too_soon") && times < 5; times++) {
      await pause(JWKS_FETCH_SPACING_MS);
      answer = await stage.command("refresh", { TOKEN_FILE });
    }
    expect("the keys are fetched", answer.includes('"outcome":"fetched"'), answer);
    const stolen = await check(old);
    expect("what was withdrawn is refused", stolen.includes("got 401 token_invalid"), stolen);
    expect("and the other key is not", (await check(young)) === "accepted");
    const keys = await stage.command("keys", { TOKEN_FILE });
    expect("the keys in use are shown", keys.includes('"key_ids":["young"]'), keys);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const publicKeysOf = ({ jwks }: SigningKey) => (JSON.parse(jwks) as { readonly keys: readonly object[] }).keys;

const tokenOf = async ({ privateJwk }: SigningKey, scope = "key-packages:claim"): Promise<string> =>
  new SignJWT({ device_id: "laptop", scope })
    .setProtectedHeader({ alg: ALGORITHM, kid: privateJwk.kid ?? "" })
    .setSubject("smoke")
    .setIssuer(ISSUER.AUTH_ISSUER)
    .setAudience(ISSUER.AUTH_AUDIENCE)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(await importJWK(privateJwk, ALGORITHM));
