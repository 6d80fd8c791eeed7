/** Whether the directory knows this client by the keys of its maker, and what is to be done where it does not. */
import { DirectoryError, isRefusal } from "../directory-error.ts";
import { toBase64Url } from "../portable-base64url.ts";
import type { RegistrationKey } from "../registration-body.ts";
import type { Device, RunContext } from "./run-context.ts";

/** Keys in base64url by the names of their schemes. */
type KeysByScheme = Readonly<Record<string, string | undefined>>;

/** Which keys the last run registered. */
type Registered = { readonly keys: KeysByScheme };

/** The name under which that is stored. */
const NOTE = "registration";

export async function ensureRegistered({ directory, keys, takeOver, ...device }: RunContext): Promise<void> {
  const { signal, tell } = device;
  const wanted = keysByScheme(keys);
  const noted = await directory.store.get<Registered>(NOTE);
  if (noted && sameKeys(noted.keys, wanted)) {
    const current: KeysByScheme = (await directory.getClient({ signal })).signature_keys;
    if (Object.keys(wanted).every((scheme) => current[scheme] === wanted[scheme])) return;
    // Another installation has taken this client over since. Comparing would prune what is that one's.
    const detail = "another installation has registered this client with another signature key since";
    throw new DirectoryError({ code: "signature_key_conflict", detail, status: 409 });
  }
  try {
    await directory.register(keys, { signal });
  } catch (error) {
    if (!isRefusal(error, "signature_key_conflict")) throw error;
    // A scheme keeps its key, so that a registration with another one must be ended first, if it is this client's own.
    const isOurs = noted && sameKeys((await directory.getClient({ signal })).signature_keys, noted.keys);
    if (!isOurs && !takeOver) {
      const detail =
        "another installation registered this client with another signature key; after a reinstall, set takeOver";
      throw new DirectoryError({ ...error, detail, cause: error });
    }
    await directory.revoke({ signal });
    await allGone({ directory, ...device });
    await directory.register(keys, { signal });
    tell({ kind: isOurs ? "signature_key_rotated" : "taken_over" });
  }
  const note: Registered = { keys: wanted };
  await directory.store.write([[NOTE, note]]);
  tell({ kind: "registered" });
}

/** Ends the registration. Private keys stay until no Welcome can be expected. */
export async function endRegistration(device: Device, signal: AbortSignal | undefined): Promise<void> {
  const { directory } = device;
  try {
    await directory.revoke({ signal });
  } catch (error) {
    if (!isRefusal(error, "client_not_registered")) throw error;
  }
  await allGone(device);
  await directory.store.write([[NOTE, undefined]]);
}

async function allGone({ held, directory }: Pick<Device, "held" | "directory">): Promise<void> {
  const ours = (await held.list()).filter(({ state }) => state !== "gone");
  await held.settle(new Map(ours.map(({ ref }) => [ref, "gone"])), [], directory.now());
}

export const keysByScheme = (keys: readonly RegistrationKey[]): KeysByScheme =>
  Object.fromEntries(keys.map(({ scheme, publicKey }) => [scheme, toBase64Url(publicKey)]));

const sameKeys = (a: KeysByScheme, b: KeysByScheme): boolean =>
  Object.keys({ ...a, ...b }).every((scheme) => a[scheme] === b[scheme]);
