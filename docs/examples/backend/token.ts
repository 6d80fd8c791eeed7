/** The token that a backend gives to a device of a user whom it knows. */
import { type CryptoKey, SignJWT } from "jose";

export type Issuer = {
  readonly issuer: string;
  readonly audience: string;
  readonly key: CryptoKey;
  readonly kid: string;
};

/** Short, so that a device that was taken away from a user does not keep it for long. */
const LIFETIME = "5 minutes";

/** `client` is the device: the same each time that this device asks, and never that of another. */
export function directoryToken(
  { issuer, audience, key, kid }: Issuer,
  user: string,
  client: string,
  scope: "key-packages:publish" | "key-packages:claim",
): Promise<string> {
  return new SignJWT({ device_id: client, scope })
    .setProtectedHeader({ alg: "ES256", kid, typ: "at+jwt" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime(LIFETIME)
    .sign(key);
}
