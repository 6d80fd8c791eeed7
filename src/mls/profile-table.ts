/**
 * A profile from the text of a setting: a name, or a table of one's own in JSON such as
 * `{"0xF00D": {"name": "MY_SUITE", "kem": "mlkem768-x25519", "aead": "aes-256-gcm", "hash": "SHA-384",
 * "signature": "ed25519"}}`.
 */
import {
  Aead,
  type CiphersuiteInfo,
  type HashAlgorithm,
  Kem,
  makeCiphersuite,
  SignatureScheme,
} from "./ciphersuite.ts";
import { PROFILES } from "./named-profiles.ts";
import { err, ok, type Result } from "./result.ts";
import { makeProfile, RFC_9420, type SuiteProfile, suiteOf } from "./suite-profile.ts";

/** More than any implementation has; each is looked at for every package. */
const MAX_OWN_SUITES = 32;

const MAX_NAME_CHARACTERS = 80;

/** Algorithms by their names in tables and in the policy of a directory. */
const KEMS = names(Kem, (name) => name.replace("DHKEM_", "dhkem-").replaceAll("_", "-").toLowerCase());
const AEADS = names(Aead, (name) => name.replaceAll("_", "-").toLowerCase());
const HASHES: ReadonlyMap<string, HashAlgorithm> = new Map(
  (["SHA-256", "SHA-384", "SHA-512"] as const).map((name) => [name, name]),
);
const SIGNATURES = names(SignatureScheme, (name) => name);

function names<Value>(
  registry: Readonly<Record<string, Value>>,
  shown: (name: string) => string,
): ReadonlyMap<string, Value> {
  return new Map(Object.entries(registry).map(([name, value]) => [shown(name), value]));
}

/** The algorithms of a suite by the names that tables use. */
export type AlgorithmNames = {
  readonly kem: string;
  readonly aead: string;
  readonly hash: string;
  readonly signature: string;
};

/** The algorithms of a suite by the names that tables use, such as `mlkem768-x25519` and `mldsa87`. */
export function algorithmNames({ kem, aead, hash, signatureScheme }: CiphersuiteInfo): AlgorithmNames {
  return { kem: nameIn(KEMS, kem), aead: nameIn(AEADS, aead), hash, signature: nameIn(SIGNATURES, signatureScheme) };
}

function nameIn<Value>(registry: ReadonlyMap<string, Value>, value: Value): string {
  for (const [name, candidate] of registry) if (candidate === value) return name;
  throw new RangeError(`expected an algorithm of a suite, got ${value}`);
}

/** The profile that a text names or describes. The error says what was expected and what came. */
export function readProfile(text: string): Result<SuiteProfile, string> {
  if (!text.trimStart().startsWith("{")) {
    const profile = PROFILES.find(({ name }) => name === text);
    if (profile) return ok(profile);
    const known = PROFILES.map(({ name }) => name).join(", ");
    return err(
      `must be one of ${known}, or a table in JSON; got ${JSON.stringify(text.slice(0, MAX_NAME_CHARACTERS))}`,
    );
  }
  let table: unknown;
  try {
    table = JSON.parse(text);
  } catch {
    return err("must be a name or a table, and is not JSON");
  }
  const entries = Object.entries(table as Readonly<Record<string, unknown>>);
  if (entries.length === 0 || entries.length > MAX_OWN_SUITES) {
    return err(`must have 1 to ${MAX_OWN_SUITES} suites, got ${entries.length}`);
  }
  const own: CiphersuiteInfo[] = [];
  for (const [key, value] of entries) {
    const suite = readSuite(key, value);
    if (!suite.ok) return suite;
    if (suiteOf(RFC_9420, suite.value.ciphersuite)) return err(`must leave ${key} alone, which RFC 9420 has assigned`);
    if (own.some(({ ciphersuite }) => ciphersuite === suite.value.ciphersuite)) return err(`has ${key} twice`);
    own.push(suite.value);
  }
  return ok(makeProfile("custom", own));
}

const MEMBERS = ["name", "kem", "aead", "hash", "signature"] as const;

function readSuite(key: string, value: unknown): Result<CiphersuiteInfo, string> {
  if (!/^(0x[0-9a-fA-F]{1,4}|[1-9][0-9]{0,4})$/.test(key) || Number(key) < 1 || Number(key) > 0xffff) {
    return err(`must have numbers from 1 to 65535 as keys, such as "0xF001"; got ${JSON.stringify(key.slice(0, 20))}`);
  }
  const suite = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const extra = Object.keys(suite).find((member) => !(MEMBERS as readonly string[]).includes(member));
  if (extra !== undefined) return err(`has a member of ${key} that is not one of ${MEMBERS.join(", ")}`);
  const { name } = suite;
  if (typeof name !== "string" || !/^[\w.-]+$/.test(name) || name.length > MAX_NAME_CHARACTERS) {
    return err(`must give ${key} a name of letters, digits, _, . and -, at most ${MAX_NAME_CHARACTERS}`);
  }
  const kem = KEMS.get(String(suite.kem));
  const aead = AEADS.get(String(suite.aead));
  const hash = HASHES.get(String(suite.hash));
  const signatureScheme = SIGNATURES.get(String(suite.signature));
  if (kem === undefined) return err(oneOf(key, "kem", KEMS));
  if (aead === undefined) return err(oneOf(key, "aead", AEADS));
  if (hash === undefined) return err(oneOf(key, "hash", HASHES));
  if (signatureScheme === undefined) return err(oneOf(key, "signature", SIGNATURES));
  return ok(makeCiphersuite(Number(key), { name, kem, aead, hash, signatureScheme }));
}

const oneOf = (key: string, member: string, registry: ReadonlyMap<string, unknown>): string =>
  `must give ${key} as ${member} one of ${[...registry.keys()].join(", ")}`;
