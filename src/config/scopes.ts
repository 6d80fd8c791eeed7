/** One scope for each role of a caller; none implies another. */
export const SCOPE_OF = {
  anyone: undefined,
  publisher: "key-packages:publish",
  sibling: "clients:revoke",
  self: "users:data",
  claimer: "key-packages:claim",
  router: "routes:read",
  operator: "directory:admin",
} as const satisfies Readonly<Record<string, string | undefined>>;

export type Scope = NonNullable<(typeof SCOPE_OF)[keyof typeof SCOPE_OF]>;

export const SCOPES: readonly Scope[] = Object.values(SCOPE_OF).filter((scope) => scope !== undefined);
