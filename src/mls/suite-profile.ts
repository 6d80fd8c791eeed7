/**
 * A profile says which suite a number means. RFC 9420 assigns seven; for every other suite implementations have chosen
 * numbers of their own, and the same number means different algorithms in different implementations. So a number is
 * never looked up without a profile, and a directory speaks one profile.
 */
import { CIPHERSUITES, type CiphersuiteInfo, ciphersuiteInfo } from "./ciphersuite.ts";

export type SuiteProfile = {
  /** Such as `rfc9420`, or `custom` for a table of one's own. */
  readonly name: string;
  /** Those of RFC 9420 and the profile's own, in the order of their numbers. */
  readonly suites: readonly CiphersuiteInfo[];
};

/** The seven suites of RFC 9420 §17.1 and nothing else. */
export const RFC_9420: SuiteProfile = { name: "rfc9420", suites: CIPHERSUITES.map((suite) => ciphersuiteInfo(suite)) };

/** The suite that a number means in a profile, or undefined. */
export function suiteOf(profile: SuiteProfile, ciphersuite: number): CiphersuiteInfo | undefined {
  return profile.suites.find((suite) => suite.ciphersuite === ciphersuite);
}

/** A profile with suites of its own beside those of RFC 9420, whose numbers it must leave alone. */
export function makeProfile(name: string, own: readonly CiphersuiteInfo[]): SuiteProfile {
  const suites = [...RFC_9420.suites, ...own].toSorted((a, b) => a.ciphersuite - b.ciphersuite);
  const twice = suites.find((suite, i) => suite.ciphersuite === suites[i + 1]?.ciphersuite);
  if (twice !== undefined) throw new RangeError(`expected each number once, got ${twice.ciphersuite} twice`);
  return { name, suites };
}
