/** The runbooks and their rehearsals belong together. `npm run rehearse` plays all of them every night; here is one. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { Stage } from "../../../tools/lib/rehearse/rehearsal-stage.ts";
import { REHEARSALS, rehearse } from "../../../tools/lib/rehearse/rehearsals.ts";
import { commandsOf } from "../../../tools/lib/rehearse/runbook-page.ts";

const FOLDER = resolve(import.meta.dirname, "../../../docs/operate");
const pages = readdirSync(FOLDER).filter(
  (name) => name.endsWith(".md") && name !== "README.md" && name !== "metrics.md",
);
const text = (page: string) => readFileSync(join(FOLDER, page), "utf8");

it("every runbook has a rehearsal, is linked, and names every command that it has", () => {
  expect(pages.map((page) => page.replace(".md", ""))).toEqual(Object.keys(REHEARSALS).toSorted());
  for (const page of pages) {
    expect(text("README.md")).toContain(`(${page})`);
    expect(commandsOf(text(page)).size).toBeGreaterThan(0);
    expect(text(page), `${page} has a block without a name`).not.toMatch(/^```sh$/m);
  }
});

it("reads the commands of a page by name, and leaves out those that need an account", () => {
  const page = "```sh one\na \\\n b\n```\ntext\n```sh account\nx\n```\n```json\n{}\n```\n```sh two\nc\n```\n";
  expect([...commandsOf(page)]).toEqual([
    ["one", "a \\\n b\n"],
    ["two", "c\n"],
  ]);
  expect(() => commandsOf(`${page}${page}`)).toThrow("two blocks one");
});

it("somebody who cannot be reached is found, and why, by the commands of the page", async () => {
  await rehearse("unreachable");
});

it("a command that fails, and one that the page does not have, end a rehearsal", async () => {
  const stage = await Stage.open("docs/operate/unreachable.md");
  try {
    await stage.start();
    await expect(stage.command("look", { USER_NAME: "nobody" })).rejects.toThrow("unknown_user");
    await expect(stage.command("mend")).rejects.toThrow("the page has no command mend");
    expect(stage.unused).toEqual(["resync", "exhausted"]);
  } finally {
    await stage.close();
  }
});
