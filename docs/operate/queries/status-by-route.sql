-- How each route was answered over the last hour.
SELECT
  blob2 AS route,
  blob3 AS status,
  SUM(_sample_interval * double1) AS requests
FROM mls_key_directory_production
WHERE index1 = 'request' AND timestamp > NOW() - INTERVAL '1' HOUR
GROUP BY route, status
ORDER BY requests DESC
