-- The most failures in a row that a pool's write to D1 had behind it in the last 15 minutes.
SELECT
  if(SUM(_sample_interval * double1) > 0, MAX(double3), 0) AS value
FROM mls_key_directory_production
WHERE index1 = 'delivery' AND timestamp > NOW() - INTERVAL '15' MINUTE
