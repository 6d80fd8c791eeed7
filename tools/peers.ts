/**
 * `npm run peers`: implementations of MLS with each other by way of the directory, in every suite profile that one of them
 * ships. Prints for each profile who joined by whose Welcome, which suites an implementation lacks, and where the others
 * ended; fails if docs/compatibility.md has another table. With `--profile NAME` one profile only. The sources are in
 * test/peers; cargo and the registries of both languages are needed to build them.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { PROFILES } from "../src/mls/index.ts";
import { readOptions } from "./lib/args.ts";
import { startWorker } from "./lib/local-worker.ts";
import { NO_BUDGETS } from "./lib/no-budgets.ts";
import { CREDENTIAL_IDENTITY, meetAll } from "./lib/peers/meetings.ts";
import { count, failureList, lackingList, meetingsTable, versionsTable } from "./lib/peers/meetings-report.ts";
import { buildPeers, peerPrograms } from "./lib/peers/peer-programs.ts";
import { newIssuer } from "./lib/tokens.ts";
import { bundle, readDeployment } from "./lib/worker-deployment.ts";

const PAGE = resolve(import.meta.dirname, "../docs/compatibility.md");

const { only } = readOptions("npm run peers -- [--profile NAME]", () => {
  const { values } = parseArgs({ options: { profile: { type: "string" } } });
  if (values.profile !== undefined && !PROFILES.some(({ name }) => name === values.profile)) {
    throw new Error(`expected one of ${PROFILES.map(({ name }) => name).join(", ")}`);
  }
  return { only: values.profile };
});

const programs = peerPrograms(buildPeers());
const page = readFileSync(PAGE, "utf8");
const versions = versionsTable(programs);
console.log(versions);
const different = page.includes(versions) ? [] : ["the versions"];
const script = bundle("src/worker-full.ts");
for (const profile of PROFILES) {
  if (only !== undefined && only !== profile.name) continue;
  const its = programs.filter(({ profiles }) => profile.name === "rfc9420" || profiles.includes(profile.name));
  console.log(`\n${profile.name}\n`);
  if (its.length === 0) {
    console.log("no implementation has been released with its numbers");
    continue;
  }
  const issuer = await newIssuer();
  const directory = await startWorker({
    deployment: readDeployment(),
    script,
    variables: { ...NO_BUDGETS, ...issuer.settings, CREDENTIAL_IDENTITY, CIPHERSUITE_PROFILE: profile.name },
  });
  try {
    const seen = await meetAll({ url: directory.address, profile, token: issuer.token }, its);
    const table = meetingsTable(seen);
    console.log([table, count(seen), lackingList(seen), failureList(seen)].filter(Boolean).join("\n\n"));
    if (!page.includes(table)) different.push(profile.name);
  } finally {
    await directory.stop();
  }
}
if (different.length > 0) {
  console.error(`\ndocs/compatibility.md has other tables of ${different.join(", ")}`);
  process.exitCode = 1;
}
