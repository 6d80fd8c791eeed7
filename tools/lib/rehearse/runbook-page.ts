/** The commands of a runbook: fenced blocks with a name, ```sh NAME. A block named `account` needs a Cloudflare account. */

/** Blocks by name, in the order of the page. Throws for a name that occurs twice. */
export function commandsOf(page: string): ReadonlyMap<string, string> {
  const blocks = new Map<string, string>();
  for (const [, name = "", text = ""] of page.matchAll(/^```sh ([\w-]+)\n([\s\S]*?)^```$/gm)) {
    if (name === "account") continue;
    if (blocks.has(name)) throw new Error(`the page has two blocks ${name}`);
    blocks.set(name, text);
  }
  return blocks;
}
