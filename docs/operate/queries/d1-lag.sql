-- Writes of pools to D1 over the last hour by outcome: how long they took, how late they were, and the most failures in a row before one.
SELECT
  blob1 AS outcome,
  SUM(_sample_interval * double1) AS writes,
  quantileExactWeighted(0.95)(double2, _sample_interval) AS p95_ms,
  quantileExactWeighted(0.95)(double4, _sample_interval) AS p95_lag_ms,
  MAX(double4) AS max_lag_ms,
  MAX(double3) AS earlier_failures
FROM mls_key_directory_production
WHERE index1 = 'delivery' AND timestamp > NOW() - INTERVAL '1' HOUR
GROUP BY outcome
ORDER BY writes DESC
