import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import readable from "../../../schema.sql?raw";

it("schema.sql, the readable whole, is what the migrations make", async () => {
  const tables = async () =>
    (
      await env.DB.prepare(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'd1\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
      ).all()
    ).results;
  const migrated = await tables();
  for (const { type, name } of migrated as { type: string; name: string }[]) {
    if (type === "table") await env.DB.exec(`DROP TABLE ${name}`);
  }
  expect(await tables()).toEqual([]);
  const statements = readable
    .replace(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter(Boolean);
  await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)));
  const withoutComments = (rows: Record<string, unknown>[]) =>
    rows.map((row) => ({ ...row, sql: String(row.sql).replace(/--.*$/gm, "").replace(/\s+/g, " ") }));
  expect(withoutComments(await tables())).toEqual(withoutComments(migrated));
  expect(migrated.length).toBeGreaterThan(3);
});
