/** Which suite a number means, as the option --profile or the setting of a directory says. */
import { PROFILES, readProfile, type SuiteProfile } from "../mls/index.ts";
import { type CommandIo, type Option, UsageError } from "./command.ts";
import type { Given } from "./given.ts";

export const PROFILE_OPTION = {
  profile: {
    value: "NAME",
    help: `whose ciphersuite numbers these are: ${PROFILES.map(({ name }) => name).join(", ")}, or a table in JSON; CIPHERSUITE_PROFILE, else rfc9420, if left out`,
  },
} as const satisfies Record<string, Option>;

export function profileOf(given: Given, io: Pick<CommandIo, "env">): SuiteProfile {
  const option = given.text("profile");
  const where = option === undefined ? "CIPHERSUITE_PROFILE" : "--profile";
  const profile = readProfile(option ?? (io.env.CIPHERSUITE_PROFILE || "rfc9420"));
  if (!profile.ok) throw new UsageError(`${where} ${profile.error}`);
  return profile.value;
}
