/** `npm run pages`: builds the web pages into build/web, from where the Worker's deployment takes them as its assets. */
import { buildPages, PAGES_FOLDER } from "./lib/pages/build.ts";

const started = performance.now();
await buildPages();
console.log(`${PAGES_FOLDER}: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
