/** Who a verified token speaks for, and what it may do. */

/** `key-packages:publish` for owners, `key-packages:claim` for claimers, `directory:admin` for operators; none implies another. */
export const SCOPES = ["key-packages:publish", "key-packages:claim", "directory:admin"] as const;
export type Scope = (typeof SCOPES)[number];

export type Principal = {
  readonly user: string;
  /** Undefined in a token without the client's claim: good for an operator, not for owners and claimers. */
  readonly client: string | undefined;
  readonly scopes: ReadonlySet<string>;
};
