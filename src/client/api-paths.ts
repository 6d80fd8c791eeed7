/** Addresses of the HTTP API. */

/** Of what belongs to a user. */
export const userPath = (user: string): string => `/v1/users/${encodeURIComponent(user)}`;

/** A query of those values that there are; empty if there are none. */
export function queryOf(values: Readonly<Record<string, string | number | true | undefined>>): string {
  const query = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return query.length > 0 ? `?${query.join("&")}` : "";
}
