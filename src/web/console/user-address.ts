/** Which user the address names: behind its #, which no server gets to see. */
export const hashOf = (user: string): string => `#${new URLSearchParams({ user })}`;

/** Undefined where it names none. */
export const userIn = (hash: string): string | undefined => new URLSearchParams(hash.slice(1)).get("user") || undefined;
