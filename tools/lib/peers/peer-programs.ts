/** The implementations of MLS that `npm run peers` runs, in the versions that their locks in test/peers name. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "smol-toml";
import { installPinned } from "../pinned-tools.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const PEERS = join(ROOT, "test/peers");
const TS_MLS_2 = join(PEERS, "ts-mls-2");

export type PeerProgram = {
  /** As the tables call it. */
  readonly name: string;
  /** Its own, and that of its provider if that is a package apart. */
  readonly version: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The profiles whose numbers beyond RFC 9420 are its own. */
  readonly profiles: readonly string[];
  /** Its signature keys sign nothing but what MLS has, and private keys go neither in nor out. */
  readonly keepsKeys?: boolean;
  /** It has private keys of ML-KEM as FIPS 203 §7.1 has them, and not as a seed. */
  readonly expandsKemKeys?: boolean;
};

/** All of them; `programsIn` is the folder of the programs in Rust. */
export function peerPrograms(programsIn: string): readonly PeerProgram[] {
  const rust = rustVersions();
  const openMls = (provider: string, crate: string): PeerProgram => ({
    name: `OpenMLS, ${provider}`,
    version: `${rust("openmls")}, ${crate} ${rust(crate)}`,
    command: join(programsIn, "openmls-peer"),
    args: [provider],
    profiles: ["openmls-0.9", "air"],
  });
  const mlsRs = (provider: string, crate: string, profiles: readonly string[]): PeerProgram => ({
    name: `mls-rs, ${provider}`,
    version: `${rust("mls-rs")}, ${crate} ${rust(crate)}`,
    command: join(programsIn, "mls-rs-peer"),
    args: [provider],
    profiles,
  });
  const inNode = (file: string) => ({ command: process.execPath, args: [join(PEERS, file)] });
  return [
    openMls("libcrux", "openmls_libcrux_crypto"),
    openMls("rust-crypto", "openmls_rust_crypto"),
    mlsRs("rustcrypto", "mls-rs-crypto-rustcrypto", []),
    { ...mlsRs("aws-lc", "mls-rs-crypto-awslc", ["mls-rs-aws-lc"]), expandsKemKeys: true },
    {
      name: "ts-mls 1",
      version: nodeVersion(ROOT, "ts-mls"),
      ...inNode("ts-mls-1-peer.ts"),
      profiles: ["ts-mls-1"],
    },
    {
      name: "ts-mls 2",
      version: nodeVersion(TS_MLS_2, "ts-mls"),
      ...inNode("ts-mls-2/ts-mls-2-peer.ts"),
      profiles: ["ts-mls-2"],
    },
    {
      name: "core-crypto",
      version: nodeVersion(ROOT, "@wireapp/core-crypto"),
      ...inNode("core-crypto-peer.ts"),
      profiles: [],
      keepsKeys: true,
    },
  ];
}

/** Builds and installs what the locks say. Gives the folder of the programs in Rust. */
export function buildPeers(): string {
  installPinned(TS_MLS_2);
  execFileSync(join(TS_MLS_2, "node_modules/.bin/tsc"), ["-p", TS_MLS_2], { stdio: "inherit" });
  const target = process.env.CARGO_TARGET_DIR ?? join(tmpdir(), "kpd-peers-target");
  execFileSync("cargo", ["build", "--locked", "--quiet"], {
    cwd: PEERS,
    stdio: "inherit",
    env: { ...process.env, CARGO_TARGET_DIR: target },
  });
  return join(resolve(PEERS, target), "debug");
}

function rustVersions(): (crate: string) => string {
  const lock = parse(readFileSync(join(PEERS, "Cargo.lock"), "utf8")) as unknown as {
    readonly package: readonly { readonly name: string; readonly version: string }[];
  };
  return (crate) => {
    const found = lock.package.find(({ name }) => name === crate);
    if (!found) throw new Error(`expected ${crate} in test/peers/Cargo.lock`);
    return found.version;
  };
}

function nodeVersion(folder: string, name: string): string {
  const { devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const version = devDependencies[name];
  if (version === undefined) throw new Error(`expected ${name} in ${folder}`);
  return version;
}
