/** All that a messenger with ts-mls has to write to be reachable, and to reach others. */
import {
  type CiphersuiteImpl,
  type ClientState,
  createCommit,
  decodeMlsMessage,
  emptyPskIndex,
  encodeMlsMessage,
  joinGroup,
} from "ts-mls";
// Outside of this repository: "mls-key-directory/client".
import { type DirectoryOptions, KeyPackageDirectory, Replenisher } from "../../../src/client/index.ts";
import { type SignatureKeys, tsMlsMaker, tsMlsPrivateKeys } from "./ts-mls-maker.ts";

type MessengerOptions = DirectoryOptions & {
  readonly keys: SignatureKeys;
  readonly suite: CiphersuiteImpl;
  /** True after a reinstall. */
  readonly takeOver?: boolean;
  /** Keeps the state of a group: the private keys of its Welcome are deleted after that. */
  readonly saveGroup: (state: ClientState) => Promise<void>;
};

export function messenger({ keys, suite, takeOver = false, saveGroup, ...options }: MessengerOptions) {
  const directory = new KeyPackageDirectory(options);
  const replenisher = new Replenisher({ directory, maker: tsMlsMaker(options.user, keys, suite), takeOver });
  return {
    directory,
    replenisher,

    /** Adds every device of the user to the group, and gives the Welcome to be sent to them. */
    async add(
      user: string,
      state: ClientState,
    ): Promise<{ readonly welcome: Uint8Array; readonly state: ClientState }> {
      const { packages } = await directory.claim(user, { criteria: { ciphersuites: [1] } });
      const extraProposals = packages.map(({ mlsMessage }) => {
        const message = decodeMlsMessage(mlsMessage, 0)?.[0];
        if (message?.wireformat !== "mls_key_package") throw new Error("expected a KeyPackage");
        return { proposalType: "add" as const, add: { keyPackage: message.keyPackage } };
      });
      if (extraProposals.length === 0) throw new Error(`${user} cannot be added now`);
      const commit = await createCommit({ state, cipherSuite: suite }, { extraProposals, ratchetTreeExtension: true });
      if (!commit.welcome) throw new Error("expected a Welcome");
      await saveGroup(commit.newState);
      const welcome = encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome: commit.welcome });
      return { welcome, state: commit.newState };
    },

    /** Joins by a Welcome; undefined if it is for another device. */
    async join(bytes: Uint8Array): Promise<ClientState | undefined> {
      const welcome = decodeMlsMessage(bytes, 0)?.[0];
      if (welcome?.wireformat !== "mls_welcome") throw new Error("expected a Welcome");
      const refs = welcome.welcome.secrets.map(({ newMember }) => newMember);
      const outcome = await replenisher.onWelcome(refs, async ({ keyPackage, privateKeys }) => {
        const message = decodeMlsMessage(keyPackage, 0)?.[0];
        if (message?.wireformat !== "mls_key_package") throw new Error("expected a KeyPackage");
        const ours = tsMlsPrivateKeys(privateKeys, keys);
        const state = await joinGroup(welcome.welcome, message.keyPackage, ours, emptyPskIndex, suite);
        await saveGroup(state);
        return state;
      });
      return outcome.found ? outcome.joined : undefined;
    },
  };
}
