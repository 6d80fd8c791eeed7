/** Which X.509 credentials a deployment accepts, and whose they are. Off by default. */
import { textOf } from "./auth-settings.ts";
import { MAX_CERTIFICATE_BYTES, MAX_OWN_CERTIFICATES } from "./limits.ts";
import { SettingError, type Variables } from "./settings.ts";

export type X509Settings = {
  /** DER. */
  readonly anchors: readonly Uint8Array[];
  /** DER. The only authorities that may be between a client and an anchor; undefined for any that is sent. */
  readonly intermediates: readonly Uint8Array[] | undefined;
  /** The setting as it is. */
  readonly identity: string;
  /** The name that a client's certificate must have, with `{user}` and `{client}` in it; undefined for any. */
  readonly name: { readonly type: "url" | "dns" | "email"; readonly template: string } | undefined;
};

export const ANCHORS = "X509_TRUST_ANCHORS";
export const INTERMEDIATES = "X509_INTERMEDIATES";
const IDENTITY = "X509_IDENTITY";

/** Every setting of X.509, for builds that read none of them. */
export const X509_SETTINGS = [ANCHORS, INTERMEDIATES, IDENTITY] as const;

/** How the setting says the kinds of names, and how the library does. */
const KINDS = { "uri:": "url", "dns:": "dns", "email:": "email" } as const;

/** Undefined without trust anchors. Throws SettingError for what cannot be read, and for the rest without anchors. */
export function readX509Settings(env: Variables): X509Settings | undefined {
  const anchors = readCertificates(env, ANCHORS);
  const intermediates = readCertificates(env, INTERMEDIATES);
  const identity = textOf(env, IDENTITY);
  if (anchors === undefined) {
    if (intermediates !== undefined) throw new SettingError(INTERMEDIATES, `is set without ${ANCHORS}`);
    if (identity !== undefined) throw new SettingError(IDENTITY, `is set without ${ANCHORS}`);
    return undefined;
  }
  if (identity === undefined) throw new SettingError(IDENTITY, `must be set, as ${ANCHORS} is`);
  return { anchors, intermediates, identity, name: readName(identity) };
}

function readName(identity: string): X509Settings["name"] {
  if (identity === "*") return undefined;
  for (const [prefix, type] of Object.entries(KINDS)) {
    const template = identity.slice(prefix.length);
    if (identity.startsWith(prefix) && template.includes("{user}")) return { type, template };
  }
  throw new SettingError(IDENTITY, "must be uri:, dns: or email: and a name with {user} in it, or *");
}

const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g;

/** PEM, with line breaks as they are or as \n: not every place for settings holds several lines. */
function readCertificates(env: Variables, setting: string): readonly Uint8Array[] | undefined {
  const text = textOf(env, setting)?.replaceAll("\\n", "\n");
  if (text === undefined) return undefined;
  const bodies = [...text.matchAll(PEM)].map(([, body = ""]) => body.replace(/\s/g, ""));
  if (bodies.length === 0 || text.replaceAll(PEM, "").trim() !== "") {
    throw new SettingError(setting, "must be certificates in PEM and nothing else");
  }
  if (bodies.length > MAX_OWN_CERTIFICATES) {
    throw new SettingError(setting, `must have at most ${MAX_OWN_CERTIFICATES} certificates, and has ${bodies.length}`);
  }
  return bodies.map((body) => {
    const der = bytesOf(body);
    if (der === undefined || der.length > MAX_CERTIFICATE_BYTES) {
      throw new SettingError(setting, `must have certificates in base64 of at most ${MAX_CERTIFICATE_BYTES} bytes`);
    }
    return der;
  });
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
