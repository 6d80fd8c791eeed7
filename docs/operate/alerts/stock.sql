-- The tenth percentile of packages in stock after an upload in the last day, for each ciphersuite: one number for each row.
SELECT
  blob1 AS ciphersuite,
  quantileExactWeighted(0.1)(double1, _sample_interval) AS value
FROM mls_key_directory_production
WHERE index1 = 'stock' AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY ciphersuite
