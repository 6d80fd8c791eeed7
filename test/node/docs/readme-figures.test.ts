/** Figures in README.md and docs: every one is that of bench/results.md, which a whole run of the benchmark writes. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** By the rows of README.md in their order: measure, and what it is compared with. */
const SHOWN = [
  ["validate_ed25519_100", "noble one by one (workerd)"],
  ["validate_ed25519_100", "ts-mls (workerd)"],
  ["validate_p256_100", "ts-mls (workerd)"],
  ["claim_hot_user", "D1, DELETE … RETURNING"],
  ["claim_hot_user", "Node + PostgreSQL, same work"],
  ["claim_hot_user", "the least durable write"],
  ["claim_bulk_100", "100 single claims in sequence"],
] as const;

const cellsOf = (line: string): string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.replaceAll("*", "").trim());
const numberIn = (cell = ""): number =>
  Number(/[\d,]+(?:\.\d+)?(?=\D*$)/.exec(cell.replace(/\(.*/, ""))?.[0].replaceAll(",", ""));

const inMs = (cell = ""): number => numberIn(cell.replace(/ ms$/, ""));
const NOBLE = "noble one by one (workerd)";

const results = readFileSync("bench/results.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map(cellsOf);
const readme = readFileSync("README.md", "utf8");
const shown = (/### How fast[\s\S]*?\n\n(\|[\s\S]*?)\n\n/.exec(readme)?.[1] ?? "").split("\n").slice(2).map(cellsOf);

it("README.md shows the figures of the latest whole run", () => {
  let ours = Number.NaN;
  const figures = shown.map(([, own, against, ratio]) => {
    // A cell that is left empty is that of the row above.
    if (own !== "") ours = numberIn(own?.replace(/ (?:ms|a second)$/, ""));
    return [ours, numberIn(against?.replace(/ ms$/, "")), Number(ratio)];
  });
  const measured = SHOWN.map(([measure, against]) => {
    const row = results.find((cells) => cells[0] === measure && cells[3] === against);
    return [numberIn(row?.[2]), numberIn(row?.[4]), Number(row?.[5])];
  });
  expect(figures).toEqual(measured);
});

it("README.md says at its beginning what its table says", () => {
  const [first] = shown;
  const opening = readme.replaceAll("\n", " ");
  expect(opening).toContain(`is admitted in ${first?.[1]} of pure JavaScript`);
  expect(opening).toContain(`noble takes ${first?.[2]?.replace(/^.*: /, "")} for one signature after the other`);
});

it("decision 0001 shows what batches buy, by the latest whole run", () => {
  const decision = readFileSync("docs/decisions/0001-batch-signature-verification.md", "utf8");
  const rows = (/\| \| batched[\s\S]*?\n\n/.exec(decision)?.[0] ?? "").trim().split("\n").slice(2).map(cellsOf);
  const measured = ["ed25519", "p256", "p384", "ed448"].map((curve) => {
    const row = results.find(([name, , , other]) => name === `validate_${curve}_100` && other === NOBLE);
    return [numberIn(row?.[2]), numberIn(row?.[4]), Number(row?.[5])];
  });
  const figures = rows.map(([, own, against, ratio]) => [...[own, against].map(inMs), Number(ratio)]);
  expect(figures).toEqual(measured);
});

it("docs/receipts.md says what receipts cost, by the latest whole run", () => {
  const row = results.find(([measure]) => measure === "receipts_100");
  const [withThem, without] = [numberIn(row?.[2]), numberIn(row?.[4])];
  const text = readFileSync("docs/receipts.md", "utf8").replaceAll("\n", " ");
  expect(text).toContain(`an answer with 100 receipts took ${withThem} ms and one without them ${without} ms`);
  expect(text).toContain(`each takes about ${((withThem - without) / 100).toFixed(3)} ms`);
});
