-- Events about low stock over the last day: attempts by type and outcome, how long they took, and the most in vain before one.
SELECT
  blob1 AS type,
  blob2 AS outcome,
  SUM(_sample_interval * double1) AS attempts,
  quantileExactWeighted(0.95)(double2, _sample_interval) AS p95_ms,
  MAX(double3) AS earlier_failures
FROM mls_key_directory_production
WHERE index1 = 'event' AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY type, outcome
ORDER BY attempts DESC
