/**
 * Whose tokens a deployment accepts: the AUTH_ settings. One issuer has a setting for each of its members; several are a
 * JSON list of objects in AUTH_ISSUERS. Both are read by the same code.
 */
import { ok, type Result } from "../shared/ok-or-error.ts";
import { SettingError, type Variables } from "./settings.ts";

/** A claim of a token: the setting's text, and the members that lead to the claim. */
export type ClaimName = { readonly text: string; readonly path: readonly [string, ...string[]] };

export type Jwks = { readonly keys: readonly object[] };

/** One issuer whose tokens are accepted, where its keys are, and how its tokens are read. */
export type IssuerSettings = {
  /** What `iss` must be, character by character. */
  readonly issuer: string;
  /** A token must be for one of them. */
  readonly audiences: readonly string[];
  readonly keys: { readonly from: "url"; readonly url: URL } | { readonly from: "setting"; readonly jwks: Jwks };
  readonly algorithms: readonly string[];
  /** What `typ` of a token's header must be, in lower case and without `application/`; undefined for the usual rule. */
  readonly tokenTyp: string | undefined;
  readonly userClaim: ClaimName;
  readonly clientClaim: ClaimName;
  /** The scopes of a token are those of all these claims together. */
  readonly scopeClaims: readonly ClaimName[];
  /** The scopes of a token that has none of those claims. */
  readonly defaultScopes: readonly string[];
};

/** Asymmetric only, by name: `none` and HMAC, for which a public key would serve as the secret, are not among them. */
const ALGORITHMS: readonly string[] = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
];

/** What a token without scopes may be given: an operator's scope is only ever granted by the issuer. */
const DEFAULTABLE_SCOPES: readonly string[] = ["key-packages:publish", "key-packages:claim"];

/** The members of an issuer in AUTH_ISSUERS, and the setting of each for a single issuer. */
const SETTING_OF = {
  issuer: "AUTH_ISSUER",
  audience: "AUTH_AUDIENCE",
  jwks_url: "AUTH_JWKS_URL",
  jwks: "AUTH_JWKS",
  algorithms: "AUTH_ALGORITHMS",
  token_typ: "AUTH_TOKEN_TYP",
  user_claim: "AUTH_USER_CLAIM",
  client_claim: "AUTH_CLIENT_CLAIM",
  scope_claims: "AUTH_SCOPE_CLAIMS",
  default_scopes: "AUTH_DEFAULT_SCOPES",
} as const;

type Member = keyof typeof SETTING_OF;
const MEMBERS = Object.keys(SETTING_OF) as readonly Member[];
const LISTS: readonly Member[] = ["algorithms", "scope_claims", "default_scopes"];

/** An issuer as it was written; `fault` names a member that cannot be read. */
type Written = {
  readonly members: Readonly<Partial<Record<Member, unknown>>>;
  readonly nameOf: (member: Member) => string;
  readonly fault: (member: Member, what: string) => SettingError;
};

/**
 * All issuers, at least one; or the name of the setting that is missing, without which no token is accepted. Throws
 * SettingError for what cannot be read.
 */
export function readIssuers(env: Variables): Result<readonly IssuerSettings[], string> {
  const list = textOf(env, "AUTH_ISSUERS");
  if (list !== undefined) return ok(readList(env, list));
  const read = readIssuer(writtenAsSettings(env));
  return read.ok ? ok([read.value]) : read;
}

function writtenAsSettings(env: Variables): Written {
  const members: Partial<Record<Member, unknown>> = {};
  for (const member of MEMBERS) {
    const text = textOf(env, SETTING_OF[member]);
    if (text === undefined) continue;
    if (member === "jwks") members.jwks = parse(text);
    else members[member] = LISTS.includes(member) ? text.split(",").map((item) => item.trim()) : text;
  }
  const nameOf = (member: Member) => SETTING_OF[member];
  return { members, nameOf, fault: (member, what) => new SettingError(nameOf(member), what) };
}

function readList(env: Variables, text: string): readonly IssuerSettings[] {
  const fault = (what: string) => new SettingError("AUTH_ISSUERS", what);
  const both = MEMBERS.map((member) => SETTING_OF[member]).find((name) => textOf(env, name) !== undefined);
  if (both !== undefined) throw fault(`and ${both} are both set; set one`);
  const list = parse(text);
  if (!Array.isArray(list) || list.length === 0) throw fault("must be a JSON list of at least one issuer");
  const issuers = list.map((entry: unknown, index) => {
    if (!isObject(entry)) throw fault(`[${index}] must be an object`);
    const stranger = Object.keys(entry).find((name) => !Object.hasOwn(SETTING_OF, name));
    if (stranger !== undefined) throw fault(`[${index}] has the unknown member ${stranger}`);
    const read = readIssuer({
      members: entry,
      nameOf: (member) => member,
      fault: (member, what) => fault(`[${index}].${member} ${what}`),
    });
    if (!read.ok) throw fault(`[${index}]: ${read.error}`);
    return read.value;
  });
  if (new Set(issuers.map(({ issuer }) => issuer)).size !== issuers.length) throw fault("names an issuer twice");
  return issuers;
}

/** What is there is read before anything is found missing: a wrong setting is wrong whatever else is set. */
function readIssuer(written: Written): Result<IssuerSettings, string> {
  const { members, nameOf, fault } = written;
  if (members.jwks_url !== undefined && members.jwks !== undefined) {
    throw fault("jwks_url", `and ${nameOf("jwks")} are both set; set one`);
  }
  const keys = "jwks" in members ? readKeys(written) : readAddress(written);
  const issuer = readText(written, "issuer");
  const audiences = readTexts(written, "audience");
  const algorithms = readTexts(written, "algorithms") ?? ALGORITHMS;
  const unknown = algorithms.find((name) => !ALGORITHMS.includes(name));
  if (unknown !== undefined) throw fault("algorithms", `names ${unknown}; it may name ${ALGORITHMS.join(", ")}`);
  const defaultScopes = readTexts(written, "default_scopes") ?? [];
  if (!defaultScopes.every((scope) => DEFAULTABLE_SCOPES.includes(scope))) {
    throw fault("default_scopes", `may only name ${DEFAULTABLE_SCOPES.join(" and ")}`);
  }
  const settings = {
    algorithms,
    defaultScopes,
    tokenTyp: readTyp(written),
    userClaim: claimName(written, "user_claim", readText(written, "user_claim") ?? "sub"),
    clientClaim: claimName(written, "client_claim", readText(written, "client_claim") ?? "device_id"),
    scopeClaims: (readTexts(written, "scope_claims") ?? ["scope"]).map((text) =>
      claimName(written, "scope_claims", text),
    ),
  };
  if (issuer === undefined) return { ok: false, error: `${nameOf("issuer")} is not set` };
  if (audiences === undefined) return { ok: false, error: `${nameOf("audience")} is not set` };
  if (!keys) return { ok: false, error: `neither ${nameOf("jwks_url")} nor ${nameOf("jwks")} is set` };
  return ok({ ...settings, issuer, audiences, keys });
}

function readText({ members, fault }: Written, member: Member): string | undefined {
  const value = members[member];
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "") throw fault(member, "must be a text that is not empty");
  return value;
}

/** A list, or one text in its place. */
function readTexts({ members, fault }: Written, member: Member): readonly string[] | undefined {
  const value = members[member];
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((item) => typeof item === "string" && item !== "") as string[];
  if (texts.length === 0 || texts.length !== list.length) throw fault(member, "must be a list of texts");
  return texts;
}

function readTyp(written: Written): string | undefined {
  const typ = readText(written, "token_typ")
    ?.toLowerCase()
    .replace(/^application\//, "");
  if (typ !== undefined && !/^[a-z0-9!#$&^_.+-]+$/.test(typ)) {
    throw written.fault("token_typ", "must be a media type such as at+jwt");
  }
  return typ;
}

/** A member's name as it is, or a JSON Pointer (RFC 6901) to a member within members: names may hold dots and slashes. */
function claimName({ fault }: Written, member: Member, text: string): ClaimName {
  if (!text.startsWith("/")) return { text, path: [text] };
  if (/~(?![01])/.test(text)) throw fault(member, `holds ${text}, which is not a JSON Pointer`);
  const [first = "", ...rest] = text
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return { text, path: [first, ...rest] };
}

/** Plain HTTP is for an issuer on the same machine only. */
function readAddress(written: Written): IssuerSettings["keys"] | undefined {
  const text = readText(written, "jwks_url");
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  const isLoopback = url?.hostname === "127.0.0.1" || url?.hostname === "localhost";
  if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && isLoopback))) {
    throw written.fault("jwks_url", "is not an https address");
  }
  return { from: "url", url };
}

function readKeys({ members, fault }: Written): IssuerSettings["keys"] {
  const jwks = members.jwks;
  const keys = isObject(jwks) && Array.isArray(jwks.keys) ? (jwks.keys as readonly unknown[]) : [];
  if (keys.length === 0 || !keys.every(isObject)) throw fault("jwks", "is not a JWKS with at least one key");
  // Settings are not secret, and a symmetric key would let whoever reads them make tokens.
  if (keys.some((key) => key.kty === "oct" || "d" in key || "k" in key)) {
    throw fault("jwks", "holds a private or symmetric key; it must hold public keys only");
  }
  return { from: "setting", jwks: { keys } };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Null for what is no JSON: it is set, and no member is read from it. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** An empty text counts as not set: wrangler.toml has no other way to take a variable back. */
export function textOf(env: Variables, name: string): string | undefined {
  const value = env[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value !== "string") throw new SettingError(name, "must be a text");
  return value;
}

/** A setting of two words, in the order in which a fault names them; `unset` where there is none. */
export function choiceOf<const Word extends string>(
  env: Variables,
  name: string,
  words: readonly [Word, Word],
  unset: NoInfer<Word>,
): Word {
  const text = textOf(env, name) ?? unset;
  const word = words.find((one) => one === text);
  if (word === undefined) throw new SettingError(name, `must be ${words.join(" or ")}`);
  return word;
}
