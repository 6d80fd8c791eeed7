/** A peer with ts-mls 1, for `npm run peers`. */
import {
  type CiphersuiteImpl,
  type CiphersuiteName,
  ciphersuites,
  createApplicationMessage,
  createCommit,
  createGroup,
  decodeMlsMessage,
  defaultCapabilities,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  type KeyPackage,
  type PrivateKeyPackage,
  processPrivateMessage,
} from "ts-mls";
import { answerLines } from "./answer-lines.ts";
import { type SignatureKeys, uncompressed } from "./uncompressed-keys.ts";

/** Its own default ends in 292 billion years, which no directory takes. */
const LIFETIME_SECONDS = 30 * 24 * 3600;

const text = new TextEncoder();
const keysOf = new Map<number, SignatureKeys>();
const privateKeysOf = new Map<string, PrivateKeyPackage>();

await answerLines({
  keyPackage: async (number, identity) => {
    const { publicPackage, privatePackage } = await makePackage(number, identity);
    const message = encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage });
    privateKeysOf.set(nameOf(message), privatePackage);
    return message;
  },
  sign: async (number, content) => {
    const suite = await suiteOf(number);
    return suite.signature.sign((await keys(number, suite)).signKey, content);
  },
  import: async (_, { keyPackage, initKey, encryptionKey, signatureKey }) => {
    privateKeysOf.set(nameOf(keyPackage), {
      initPrivateKey: initKey,
      hpkePrivateKey: encryptionKey,
      signaturePrivateKey: signatureKey,
    });
  },
  add: async (number, identity, keyPackage, said) => {
    const suite = await suiteOf(number);
    const own = await makePackage(number, identity);
    const group = await createGroup(text.encode(crypto.randomUUID()), own.publicPackage, own.privatePackage, [], suite);
    const proposal = { proposalType: "add", add: { keyPackage: decodeKeyPackage(keyPackage) } } as const;
    const { newState, welcome } = await createCommit(
      { state: group, cipherSuite: suite },
      { extraProposals: [proposal], ratchetTreeExtension: true },
    );
    if (!welcome) throw new Error("expected a Welcome");
    const { privateMessage } = await createApplicationMessage(newState, said, suite);
    return {
      welcome: encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome }),
      message: encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage }),
    };
  },
  join: async (number, keyPackage, welcome, message) => {
    const suite = await suiteOf(number);
    const privateKeys = privateKeysOf.get(nameOf(keyPackage));
    if (!privateKeys) throw new Error("expected a package that was made or imported here");
    const received = decodeMlsMessage(welcome, 0)?.[0];
    if (received?.wireformat !== "mls_welcome") throw new Error("expected a Welcome");
    const ours = decodeKeyPackage(keyPackage);
    const group = await joinGroup(received.welcome, ours, privateKeys, emptyPskIndex, suite);
    const said = decodeMlsMessage(message, 0)?.[0];
    if (said?.wireformat !== "mls_private_message") throw new Error("expected a private message");
    const read = await processPrivateMessage(group, said.privateMessage, emptyPskIndex, suite);
    if (read.kind !== "applicationMessage") throw new Error("expected an application message");
    return read.message;
  },
});

function suiteOf(number: number): Promise<CiphersuiteImpl> {
  const found = Object.entries(ciphersuites).find(([, one]) => one === number);
  if (!found) throw new Error(`ts-mls has no suite ${number}`);
  return getCiphersuiteImpl(getCiphersuiteFromName(found[0] as CiphersuiteName));
}

async function keys(number: number, suite: CiphersuiteImpl): Promise<SignatureKeys> {
  const made = keysOf.get(number) ?? uncompressed(await suite.signature.keygen());
  keysOf.set(number, made);
  return made;
}

async function makePackage(number: number, identity: Uint8Array) {
  const suite = await suiteOf(number);
  const now = Math.floor(Date.now() / 1000);
  const lifetime = { notBefore: BigInt(now - 60), notAfter: BigInt(now + LIFETIME_SECONDS) };
  const credential = { credentialType: "basic", identity } as const;
  return generateKeyPackageWithKey(credential, defaultCapabilities(), lifetime, [], await keys(number, suite), suite);
}

function decodeKeyPackage(bytes: Uint8Array): KeyPackage {
  const message = decodeMlsMessage(bytes, 0)?.[0];
  if (message?.wireformat !== "mls_key_package") throw new Error("expected a KeyPackage");
  return message.keyPackage;
}

function nameOf(keyPackage: Uint8Array): string {
  return Buffer.from(keyPackage).toString("base64");
}
