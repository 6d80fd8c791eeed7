-- Alarms of pools that threw in the last hour.
SELECT
  SUM(_sample_interval * double1) AS value
FROM mls_key_directory_production
WHERE index1 = 'alarm' AND blob1 = 'failed' AND timestamp > NOW() - INTERVAL '1' HOUR
