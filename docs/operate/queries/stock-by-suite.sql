-- Stock of the clients that uploaded in the last day, by ciphersuite, and the share that has a last resort.
SELECT
  blob1 AS ciphersuite,
  quantileExactWeighted(0.1)(double1, _sample_interval) AS p10_available,
  quantileExactWeighted(0.5)(double1, _sample_interval) AS p50_available,
  SUM(_sample_interval * double2) / SUM(_sample_interval) AS with_last_resort
FROM mls_key_directory_production
WHERE index1 = 'stock' AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY ciphersuite
ORDER BY ciphersuite
