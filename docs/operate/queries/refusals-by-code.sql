-- Refused requests of the last hour by their code, and how many per route.
SELECT
  blob4 AS problem,
  blob2 AS route,
  SUM(_sample_interval * double1) AS requests
FROM mls_key_directory_production
WHERE index1 = 'request' AND blob4 != '' AND timestamp > NOW() - INTERVAL '1' HOUR
GROUP BY problem, route
ORDER BY requests DESC
