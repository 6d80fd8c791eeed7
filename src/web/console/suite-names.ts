/** What ciphersuites are called here: the numbers are those of the deployment's profile, and its policy names them. */
import type { Api } from "./api.ts";
import type { Policy } from "./operator-api-types.ts";

/** The number with its name; a number that the policy does not name stays one, as a guess may be wrong. */
export type SuiteNames = (suite: number) => string;

export async function suiteNames(api: Api): Promise<SuiteNames> {
  const policy = await api.call<Policy>("GET", "/v1/policy");
  const suites = policy.ok ? [...policy.value.ciphersuites_left_out, ...policy.value.ciphersuite_algorithms] : [];
  const names = new Map(suites.map(({ ciphersuite, name }) => [ciphersuite, `${ciphersuite} · ${name}`]));
  return (suite) => names.get(suite) ?? String(suite);
}
