/**
 * `npm run -s registration -- --user alice --client tablet --key-file tablet.json` prints the body of a request that
 * registers the client with the Ed25519 key in the file, which is made if it is not there. The proof in it is good for
 * five minutes. `--audience` is AUTH_AUDIENCE of the directory; by default that of `npm start`.
 */
import { parseArgs } from "node:util";
import { LOCAL_AUDIENCE } from "../src/cli/remote/local-issuer.ts";
import { readOptions } from "./lib/args.ts";
import { keptSigner } from "./lib/kept-signer.ts";
import { registrationBody } from "./lib/registration-requests.ts";

const USAGE = "npm run -s registration -- --user USER --client CLIENT --key-file FILE [--audience AUDIENCE]";

const { keyFile, ...who } = readOptions(USAGE, () => {
  const { values } = parseArgs({
    options: {
      user: { type: "string" },
      client: { type: "string" },
      "key-file": { type: "string" },
      audience: { type: "string", default: LOCAL_AUDIENCE },
    },
  });
  const { user, client, audience, "key-file": keyFile } = values;
  if (!user || !client || !keyFile) throw new Error("--user, --client and --key-file are needed");
  return { user, client, audience, keyFile };
});

const { publicKey, signKey } = await keptSigner(keyFile);
console.log(JSON.stringify(await registrationBody(who, { publicKey, privateKey: signKey })));
