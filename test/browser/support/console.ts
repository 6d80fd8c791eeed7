/** What tests of the console do before they look at something. */
import type { Page } from "playwright-core";
import { localRegistration } from "../../../tools/lib/registration-requests.ts";
import { newSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import type { Server } from "../../node/support/started-directory.ts";
import type { Visit } from "./served-pages.ts";

export const PACKAGES = 4;
export const CLAIMS = 2;

/** A client with packages, of which bob has claimed some. */
export async function stocked(
  { directory }: Visit,
  user: string,
  { claims = CLAIMS, client: name = "phone" } = {},
): Promise<void> {
  const call = async (method: string, path: string, token: string, body: unknown) => {
    const response = await fetch(`${directory.address}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(await response.text());
  };
  const signer = await newSigner();
  const publish = await directory.token(user, name, "key-packages:publish");
  const claim = await directory.token("bob", "laptop", "key-packages:claim");
  const of = encodeURIComponent(user);
  const client = `/v1/users/${of}/clients/${encodeURIComponent(name)}`;
  await call("PUT", client, publish, await localRegistration(user, name, signer));
  const key_packages = await sampleKeyPackages({ identity: user, signer, count: PACKAGES });
  await call("POST", `${client}/key-packages`, publish, { key_packages });
  for (let i = 0; i < claims; i++) await call("POST", `/v1/users/${of}/claims`, claim, {});
  // Answered when the directory has the rows, which it is told of later otherwise.
  await call("POST", `/v1/admin/users/${of}/resync`, await operator(directory), undefined);
}

export const operator = (directory: Server) => directory.token("operator", "console", "directory:admin");

export async function signIn({ page, directory }: Visit): Promise<void> {
  await page.getByLabel("A token with the scope").fill(await operator(directory));
  await page.getByRole("button", { name: "Open the console" }).click();
  await page.getByRole("heading", { name: "Clients" }).waitFor();
}

/** Answers the question that is asked, with a reason; `word` is what has to be typed, too. */
export async function confirm(page: Page, action: string, word?: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("a reason");
  if (word !== undefined) await dialog.getByLabel(/ to go on$/).fill(word);
  await dialog.getByRole("button", { name: action, exact: true }).click();
}

export async function openUser(page: Page, user: string): Promise<void> {
  await page.getByLabel("User", { exact: true }).fill(user);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByRole("heading", { name: user, exact: true }).waitFor();
}

/** Holds what is asked of these addresses until it is let go. */
export async function hold(page: Page, addresses: string): Promise<() => void> {
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  await page.route(addresses, async (route) => {
    await held;
    await route.continue();
  });
  return go;
}
