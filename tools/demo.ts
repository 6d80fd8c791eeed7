/** `npm run demo`: the story of src/cli/demo-story.ts on a directory of its own, which ends with it and leaves nothing. */
import { randomUUID } from "node:crypto";
import { tellDemo } from "../src/cli/demo-story.ts";
import { processIo } from "../src/cli/process-io.ts";
import { DirectoryClient } from "../src/cli/remote/directory-client.ts";
import { startWorker } from "./lib/local-worker.ts";
import { newIssuer } from "./lib/tokens.ts";
import { bundle, readDeployment } from "./lib/worker-deployment.ts";

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());

try {
  process.exitCode = await main();
} catch (error) {
  if (!stopping.signal.aborted) console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = stopping.signal.aborted ? 130 : 1;
}

async function main(): Promise<number> {
  const io = processIo();
  io.progress("starting a directory in a temporary folder …");
  const issuer = await newIssuer();
  const directory = await startWorker(
    { deployment: readDeployment(), script: bundle("src/worker.ts"), variables: issuer.settings },
    stopping.signal,
  );
  try {
    io.out(`A directory runs on ${directory.address}, for this demo alone.\n\n`);
    return await tellDemo({
      connect: async ({ user, client }, scope) =>
        new DirectoryClient(directory.address, await issuer.token(user, client, scope)),
      suffix: "",
      newKey: randomUUID,
      io,
    });
  } finally {
    await directory.stop();
    io.out("\nThe directory has ended; nothing of it is left. npm start runs one to try things on.\n");
  }
}
