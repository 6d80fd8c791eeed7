/** Addresses of the HTTP API. */
import { localError } from "./directory-error.ts";

/** Of what belongs to a user. Throws `invalid_argument` for what no address can name. */
export const userPath = (user: string): string => `/v1/users/${segment(user)}`;

/** Of what belongs to a client of a user. */
export const clientPath = (user: string, client: string): string => `${userPath(user)}/clients/${segment(client)}`;

/** `.` and `..`, encoded or not, are steps in an address, and lead to what belongs to somebody else. */
function segment(name: string): string {
  if (name === "." || name === "..") throw localError("invalid_argument", `no user or client is called "${name}"`);
  return encodeURIComponent(name);
}

/** A query of those values that there are; empty if there are none. */
export function queryOf(values: Readonly<Record<string, string | number | true | undefined>>): string {
  const query = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return query.length > 0 ? `?${query.join("&")}` : "";
}
