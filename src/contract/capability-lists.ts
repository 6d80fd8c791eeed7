/** What packages support and what groups require, as lists of code points. Pure; both sides of the RPC boundary use it. */

/** Code points of the IANA registries of MLS, by kind. */
export type CapabilityLists = {
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly credentials: readonly number[];
};

/** RFC 9420 §7.2: types that every client supports without listing them. Credential types have no such defaults. */
const isDefaultExtension = (type: number) => type >= 1 && type <= 5;
const isDefaultProposal = (type: number) => type >= 1 && type <= 7;

/** Whether a package that offers these may join a group that requires those (RFC 9420 §11.1). */
export function satisfies(offered: CapabilityLists, required: CapabilityLists): boolean {
  const lists = (have: readonly number[], want: readonly number[], isDefault: (type: number) => boolean) =>
    want.every((type) => isDefault(type) || have.includes(type));
  return (
    lists(offered.extensions, required.extensions, isDefaultExtension) &&
    lists(offered.proposals, required.proposals, isDefaultProposal) &&
    lists(offered.credentials, required.credentials, () => false)
  );
}
