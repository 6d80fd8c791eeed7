/**
 * `npm run links`: follows every link of the docs that leads out, and names those that lead nowhere, with the files that
 * have them. Ends with 1 if there is one. A server that has a fault or wants no programs is named and is no failure; if
 * nobody answers at all, this machine has no network, nothing was checked, and it ends with 2.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { mapConcurrent } from "../src/shared/map-concurrent.ts";
import { follow, outsideLinks } from "./lib/outside-links.ts";
import { siteMap } from "./lib/pages/site-map.ts";

const ROOT = resolve(import.meta.dirname, "..");
const AT_ONCE = 4;

const pages = siteMap(ROOT).flatMap(({ pages: own }) => own);
const links = outsideLinks(pages.map(({ file }) => ({ file, text: readFileSync(join(ROOT, file), "utf8") })));
const followed = await mapConcurrent(links, AT_ONCE, async (link) => ({ ...link, ...(await follow(link.url, fetch)) }));

const of = (verdict: string) => followed.filter((link) => link.verdict === verdict);
for (const { verdict, url, why, files } of followed) {
  if (verdict !== "good") console.log(`${verdict}: ${url} (${files.join(", ")}): ${why}`);
}
if (links.length > 0 && of("unreachable").length === links.length) {
  console.error(`links: none of ${links.length} was answered: this machine has no network, and nothing was checked`);
  process.exitCode = 2;
} else {
  // Others have answered: a host that does not is gone.
  const broken = of("broken").length + of("unreachable").length;
  console.log(`links: ${links.length} lead out, ${of("good").length} are good, ${broken} are broken`);
  process.exitCode = broken > 0 ? 1 : 0;
}
