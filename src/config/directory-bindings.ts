/** Which D1 databases the directory is spread over, by the names of their bindings. */
import { SettingError, type Variables } from "./settings.ts";

export type DirectoryBindings = {
  /** In their order: a user's database follows from the number of them and from a hash of the user. */
  readonly current: readonly string[];
  /** Those of before a change of the number, while users are being moved; empty otherwise. */
  readonly former: readonly string[];
};

const DEFAULT_BINDING = "DB";

/** Reads the names. Throws SettingError for a list that cannot be read; whether the bindings exist is not looked at. */
export function readDirectoryBindings(env: Variables): DirectoryBindings {
  const current = readNames(env, "DIRECTORY_BINDINGS");
  return {
    current: current.length > 0 ? current : [DEFAULT_BINDING],
    former: readNames(env, "DIRECTORY_FORMER_BINDINGS"),
  };
}

function readNames(env: Variables, setting: string): readonly string[] {
  const text = env[setting] ?? "";
  if (text === "") return [];
  const names = typeof text === "string" ? text.split(",").map((name) => name.trim()) : [];
  const isList = names.length > 0 && names.every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (!isList || new Set(names).size !== names.length) {
    throw new SettingError(setting, "must be a list of different bindings, such as DB0,DB1,DB2");
  }
  return names;
}
