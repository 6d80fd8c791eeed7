/**
 * Data points for Analytics Engine, if the deployment binds it as METRICS: every kind with its columns, and the only way
 * to write one. No identifier of a user, a client or a package is ever in one. The place of a column is its number in
 * queries (blob1, double1, …): new columns go to the end. docs/operate/metrics.md says what each means.
 */

export const DATA_POINTS = {
  request: { blobs: ["method", "route", "status", "problem"], doubles: ["count", "ms"] },
  claim: { blobs: ["source", "status", "ciphersuite"], doubles: ["count", "replayed"] },
  upload: { blobs: ["code"], doubles: ["count"] },
  stock: { blobs: ["ciphersuite"], doubles: ["available", "last_resort", "next_expiry"] },
  delivery: { blobs: ["outcome"], doubles: ["count", "ms", "earlier_failures", "lag_ms"] },
  authentication: { blobs: ["kind"], doubles: ["count"] },
  event: { blobs: ["type", "outcome"], doubles: ["count", "ms", "earlier_failures"] },
  alarm: { blobs: ["outcome"], doubles: ["count"] },
} as const satisfies Readonly<Record<string, Columns>>;

type Columns = { readonly blobs: readonly string[]; readonly doubles: readonly string[] };

type Kind = keyof typeof DATA_POINTS;

type Values<K extends Kind> = Readonly<Record<(typeof DATA_POINTS)[K]["blobs"][number], string>> &
  Readonly<Record<(typeof DATA_POINTS)[K]["doubles"][number], number>>;

/** Writes one, with the kind as its index. Without a dataset nothing happens. */
export function writePoint<K extends Kind>(
  dataset: AnalyticsEngineDataset | undefined,
  kind: K,
  values: Values<K>,
): void {
  const { blobs, doubles } = DATA_POINTS[kind] as Columns;
  const given = values as Readonly<Record<string, string | number>>;
  dataset?.writeDataPoint({
    indexes: [kind],
    blobs: blobs.map((name) => String(given[name])),
    doubles: doubles.map((name) => Number(given[name])),
  });
}
