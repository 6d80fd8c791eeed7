/** `npm run rehearse [-- NAME …]`: breaks a directory on this machine and mends it as its page in docs/operate says. */
import { parseArgs } from "node:util";
import { readOptions } from "./lib/args.ts";
import { REHEARSALS, rehearse } from "./lib/rehearse/rehearsals.ts";

const names = readOptions(`npm run rehearse [-- ${Object.keys(REHEARSALS).join("|")} …]`, () => {
  const { positionals } = parseArgs({ allowPositionals: true, options: {} });
  const unknown = positionals.find((name) => !Object.hasOwn(REHEARSALS, name));
  if (unknown !== undefined) throw new Error(`there is no rehearsal ${unknown}`);
  return positionals.length > 0 ? positionals : Object.keys(REHEARSALS);
});

for (const name of names) {
  try {
    await rehearse(name);
    console.log(`ok      ${name}`);
  } catch (error) {
    console.log(`failed  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
