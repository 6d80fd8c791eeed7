/** A peer with ts-mls 2, for `npm run peers`. */
import {
  type CiphersuiteImpl,
  type CiphersuiteName,
  ciphersuites,
  createApplicationMessage,
  createCommit,
  createGroup,
  decode,
  defaultCredentialTypes,
  defaultProposalTypes,
  encode,
  generateKeyPackageWithKey,
  getCiphersuiteImpl,
  joinGroup,
  type KeyPackage,
  type MlsContext,
  mlsMessageDecoder,
  mlsMessageEncoder,
  type PrivateKeyPackage,
  processMessage,
  protocolVersions,
  unsafeTestingAuthenticationService,
  wireformats,
} from "ts-mls";
import { answerLines } from "../answer-lines.ts";
import { type SignatureKeys, uncompressed } from "../uncompressed-keys.ts";

const text = new TextEncoder();
const keysOf = new Map<number, SignatureKeys>();
const privateKeysOf = new Map<string, PrivateKeyPackage>();

await answerLines({
  keyPackage: async (number, identity) => {
    const { publicPackage, privatePackage } = await makePackage(await contextOf(number), identity);
    const message = encode(mlsMessageEncoder, {
      version: protocolVersions.mls10,
      wireformat: wireformats.mls_key_package,
      keyPackage: publicPackage,
    });
    privateKeysOf.set(nameOf(message), privatePackage);
    return message;
  },
  sign: async (number, content) => {
    const { cipherSuite } = await contextOf(number);
    return cipherSuite.signature.sign((await keys(cipherSuite)).signKey, content);
  },
  import: async (_, { keyPackage, initKey, encryptionKey, signatureKey }) => {
    privateKeysOf.set(nameOf(keyPackage), {
      initPrivateKey: initKey,
      hpkePrivateKey: encryptionKey,
      signaturePrivateKey: signatureKey,
    });
  },
  add: async (number, identity, keyPackage, said) => {
    const context = await contextOf(number);
    const own = await makePackage(context, identity);
    const group = await createGroup({
      context,
      groupId: text.encode(crypto.randomUUID()),
      keyPackage: own.publicPackage,
      privateKeyPackage: own.privatePackage,
    });
    const { newState, welcome } = await createCommit({
      context,
      state: group,
      extraProposals: [{ proposalType: defaultProposalTypes.add, add: { keyPackage: decodeKeyPackage(keyPackage) } }],
      ratchetTreeExtension: true,
    });
    if (!welcome) throw new Error("expected a Welcome");
    const { message } = await createApplicationMessage({ context, state: newState, message: said });
    return { welcome: encode(mlsMessageEncoder, welcome), message: encode(mlsMessageEncoder, message) };
  },
  join: async (number, keyPackage, welcome, message) => {
    const context = await contextOf(number);
    const privateKeys = privateKeysOf.get(nameOf(keyPackage));
    if (!privateKeys) throw new Error("expected a package that was made or imported here");
    const received = decode(mlsMessageDecoder, welcome);
    if (received?.wireformat !== wireformats.mls_welcome) throw new Error("expected a Welcome");
    const state = await joinGroup({
      context,
      welcome: received.welcome,
      keyPackage: decodeKeyPackage(keyPackage),
      privateKeys,
    });
    const said = decode(mlsMessageDecoder, message);
    if (said?.wireformat !== wireformats.mls_private_message) throw new Error("expected a private message");
    const read = await processMessage({ context, state, message: said });
    if (read.kind !== "applicationMessage") throw new Error("expected an application message");
    return read.message;
  },
});

async function contextOf(number: number): Promise<MlsContext> {
  const found = Object.entries(ciphersuites).find(([, one]) => one === number);
  if (!found) throw new Error(`ts-mls has no suite ${number}`);
  const cipherSuite = await getCiphersuiteImpl(found[0] as CiphersuiteName);
  return { cipherSuite, authService: unsafeTestingAuthenticationService };
}

async function keys(suite: CiphersuiteImpl): Promise<SignatureKeys> {
  const made = keysOf.get(suite.id) ?? uncompressed(await suite.signature.keygen());
  keysOf.set(suite.id, made);
  return made;
}

async function makePackage({ cipherSuite }: MlsContext, identity: Uint8Array) {
  return generateKeyPackageWithKey({
    credential: { credentialType: defaultCredentialTypes.basic, identity },
    signatureKeyPair: await keys(cipherSuite),
    cipherSuite,
    // By default most packages have GREASE here that the capabilities do not list, which RFC 9420 §10 forbids.
    extensions: [],
  });
}

function decodeKeyPackage(bytes: Uint8Array): KeyPackage {
  const message = decode(mlsMessageDecoder, bytes);
  if (message?.wireformat !== wireformats.mls_key_package) throw new Error("expected a KeyPackage");
  return message.keyPackage;
}

function nameOf(keyPackage: Uint8Array): string {
  return Buffer.from(keyPackage).toString("base64");
}
