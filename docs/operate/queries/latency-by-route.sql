-- Latency of each route over the last hour, in ms: median, 95th and 99th percentile.
SELECT
  blob1 AS method,
  blob2 AS route,
  SUM(_sample_interval * double1) AS requests,
  quantileExactWeighted(0.5)(double2, _sample_interval) AS p50_ms,
  quantileExactWeighted(0.95)(double2, _sample_interval) AS p95_ms,
  quantileExactWeighted(0.99)(double2, _sample_interval) AS p99_ms
FROM mls_key_directory_production
WHERE index1 = 'request' AND timestamp > NOW() - INTERVAL '1' HOUR
GROUP BY method, route
ORDER BY p95_ms DESC
