/** Pages of which origins may call the directory from a browser (Fetch standard, CORS). Closed by default. */
import { SettingError, type Variables } from "./settings.ts";

const NAME = "CORS_ORIGINS";
const ANY_PORT = ":*";

/**
 * Reads `CORS_ORIGINS`: origins separated by commas, such as `https://app.example.com`. `http://localhost:*` stands for
 * every port of that host, `*` for every origin. Throws SettingError for an entry that is no origin.
 */
export function readCorsOrigins(env: Variables): readonly string[] {
  const text = env[NAME];
  if (text === undefined || text === "") return [];
  if (typeof text !== "string") throw new SettingError(NAME, "must be a text");
  const entries = text.split(",").map((entry) => entry.trim());
  for (const entry of entries) {
    const origin = entry.endsWith(ANY_PORT) ? entry.slice(0, -ANY_PORT.length) : entry;
    if (entry !== "*" && (origin.includes("*") || URL.parse(origin)?.origin !== origin)) {
      throw new SettingError(NAME, `must be a list of origins, such as https://app.example.com, got ${entry}`);
    }
  }
  return entries;
}

/** Whether a page of this origin may call. `origin` is the header of a request; a page without one sends `null`. */
export function allowsOrigin(allowed: readonly string[], origin: string): boolean {
  return allowed.some((entry) => {
    if (entry === "*" || entry === origin) return true;
    if (!entry.endsWith(ANY_PORT)) return false;
    const host = entry.slice(0, -ANY_PORT.length);
    return origin === host || (origin.startsWith(`${host}:`) && /^[0-9]{1,5}$/.test(origin.slice(host.length + 1)));
  });
}
