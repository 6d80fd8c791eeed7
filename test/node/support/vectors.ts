/** Test vectors. Those of the working group lie beside the project and are not part of it; peers.json is. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

export type Vector = {
  readonly source: string;
  readonly cipher_suite: number;
  readonly hex: string;
  readonly ref: string;
};
export type Anomaly = {
  readonly name: string;
  readonly hex: string;
  readonly directory: string | null;
  readonly openmls: string | null;
};

const SHARED = resolve(import.meta.dirname, "../../../../shared/vectors");

/** Why tests of the shared vectors are skipped, or undefined where the folder stands. */
export const sharedMissing = existsSync(SHARED) ? undefined : "skipped: the folder of shared vectors is not here";

export const readShared = <T>(file: string): T => JSON.parse(readFileSync(resolve(SHARED, file), "utf8")) as T;

export const peers = (): readonly Vector[] =>
  (
    JSON.parse(readFileSync(resolve(import.meta.dirname, "../../vectors/peers.json"), "utf8")) as {
      key_packages: Vector[];
    }
  ).key_packages;

export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
