/** What a self-hosted directory is run with, and which build of the Worker. */
import { readDeployment } from "../../../src/config/deployment.ts";
import { FULL_BUILD } from "../../../src/config/full-build.ts";
import { SettingError } from "../../../src/config/settings.ts";
import { DEPLOYED_SETTINGS, SECRET_SETTINGS } from "../deploy/target.ts";

/** With everything that a setting can ask for: nothing here bounds the size of a script. */
export const SERVED_ENTRY = "src/worker-full.ts";

/**
 * The settings of an environment, with a restore epoch that is not before `restoredAt` (unix seconds, 0 for never).
 * Throws SettingError for one that cannot be read, and without an issuer.
 */
export function servedSettings(
  environment: Readonly<Record<string, string | undefined>>,
  restoredAt: number,
): Record<string, string> {
  const given = [...DEPLOYED_SETTINGS, ...SECRET_SETTINGS].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const variables = Object.fromEntries(given);
  const { issuers, settings } = readDeployment(variables, FULL_BUILD);
  if (!issuers.ok) throw new SettingError(issuers.error, "must be set");
  const epoch = Math.max(settings.restoreEpoch, restoredAt);
  return epoch > 0 ? { ...variables, RESTORE_EPOCH: String(epoch) } : variables;
}
