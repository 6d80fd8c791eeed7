/** The completion scripts: bash runs its own; of those that are not installed, the words alone are looked at. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { kpd } from "./support/kpd.ts";

const { out: script } = await kpd(["completion", "bash"]);

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const line = `${script}\nCOMP_WORDS=(kpd "$@"); COMP_CWORD=$#; _kpd; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", line, "bash", ...words], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.split("\n").filter(Boolean);
}

const isInstalled = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).error === undefined;

describe("kpd completion", () => {
  it("completes commands, the commands of a group, options and files in bash", () => {
    expect(offered("")).toEqual(expect.arrayContaining(["inspect", "admin", "--help"]));
    expect(offered("in")).toEqual(["inspect", "inventory"]);
    expect(offered("admin", "re")).toEqual(["revoke-user", "resync", "resync-pool", "restore-epoch", "reset-budgets"]);
    expect(offered("admin", "stock", "--f")).toEqual(["--filter"]);
    expect(offered("validate", "--p")).toEqual(["--policy", "--profile"]);
    expect(offered("validate", "--json", "--ma")).toEqual(["--max-lifetime"]);
    expect(offered("validate", "package.js")).toEqual(["package.json"]);
    expect(offered("nothing", "--")).toEqual([]);
  });

  it.each(["bash", "zsh", "fish"])("knows every command and option in %s", async (shell) => {
    const { status, out } = await kpd(["completion", shell]);
    expect(status).toBe(0);
    for (const { name, options } of COMMANDS) {
      for (const word of [...name.split(" "), ...Object.keys(options)]) expect(out).toContain(word);
    }
  });

  for (const shell of ["bash", "zsh", "fish"]) {
    it.skipIf(!isInstalled(shell))(
      `is a script that ${shell} can read (skipped where there is no ${shell})`,
      async () => {
        const input = (await kpd(["completion", shell])).out;
        const { status, stderr } = spawnSync(shell, ["-n"], { input, encoding: "utf8" });
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      },
    );
  }

  it("refuses a shell that it does not know", async () => {
    expect(await kpd(["completion", "tcsh"])).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringContaining("tcsh"),
    });
    expect((await kpd(["completion"])).status).toBe(2);
  });
});
