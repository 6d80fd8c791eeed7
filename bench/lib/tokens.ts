/** An issuer for one run: a key that exists nowhere else, the settings that trust it, and tokens signed with it. */
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const ALGORITHM = "ES256";
const LIFETIME = "2h";

export const ISSUER = "urn:mls-key-directory:bench";
export const AUDIENCE = "mls-key-directory";

export type Issuer = {
  readonly jwks: string;
  readonly token: (user: string, client: string, scope: string) => Promise<string>;
};

export async function newIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM);
  const jwk = { ...(await exportJWK(publicKey)), kid: "bench", alg: ALGORITHM, use: "sig" };
  return {
    jwks: JSON.stringify({ keys: [jwk] }),
    token: (user, client, scope) =>
      new SignJWT({ device_id: client, scope })
        .setProtectedHeader({ alg: ALGORITHM, kid: "bench" })
        .setSubject(user)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(LIFETIME)
        .sign(privateKey),
  };
}
