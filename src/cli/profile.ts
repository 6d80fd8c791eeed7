/** Which suite a number means, as the option --profile or the setting of a directory says. */
import type { Dialect } from "../inspect/judge.ts";
import { PROFILES, readProfile, type SuiteProfile } from "../mls/index.ts";
import { postQuantumCrypto } from "../mls/post-quantum/index.ts";
import { type CommandIo, type Option, UsageError } from "./command.ts";
import type { Given } from "./given.ts";

export const PROFILE_OPTION = {
  profile: {
    value: "NAME",
    help: `whose ciphersuite numbers these are: ${PROFILES.map(({ name }) => name).join(", ")}, or a table in JSON; CIPHERSUITE_PROFILE, else rfc9420, if left out`,
  },
} as const satisfies Record<string, Option>;

/** The profile with crypto for all its suites. */
export const dialectOf = (given: Given, io: Pick<CommandIo, "env">): Dialect => ({
  profile: profileOf(given, io),
  crypto: postQuantumCrypto,
});

export function profileOf(given: Given, io: Pick<CommandIo, "env">): SuiteProfile {
  const option = given.text("profile");
  const where = option === undefined ? "CIPHERSUITE_PROFILE" : "--profile";
  const profile = readProfile(option ?? (io.env.CIPHERSUITE_PROFILE || "rfc9420"));
  if (!profile.ok) throw new UsageError(`${where} ${profile.error}`);
  return profile.value;
}
