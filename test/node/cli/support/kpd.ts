/** `kpd` without a process: what it prints and its exit code. */
import type { ExitCode } from "../../../../src/cli/command.ts";
import { run } from "../../../../src/cli/run.ts";

export type Run = { readonly status: ExitCode; readonly out: string; readonly err: string };

export async function kpd(
  args: readonly string[],
  { stdin = "", env = {} }: { stdin?: string | Uint8Array; env?: Readonly<Record<string, string>> } = {},
): Promise<Run> {
  let out = "";
  let err = "";
  const status = await run(
    args,
    {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      stdin: async function* () {
        yield Buffer.from(stdin);
      },
      colour: false,
      progress: () => undefined,
      now: () => Math.floor(Date.now() / 1000),
      env,
    },
    "0.0.0-test",
  );
  return { status, out, err };
}
