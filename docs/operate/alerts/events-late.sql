-- The most attempts in vain that an event had behind it in the last hour.
SELECT
  if(SUM(_sample_interval * double1) > 0, MAX(double3), 0) AS value
FROM mls_key_directory_production
WHERE index1 = 'event' AND timestamp > NOW() - INTERVAL '1' HOUR
