-- Events that their receiver rejected, each attempt counted, or that were given up, in the last hour.
SELECT
  SUM(_sample_interval * double1) AS value
FROM mls_key_directory_production
WHERE index1 = 'event' AND blob2 IN ('rejected', 'given_up') AND timestamp > NOW() - INTERVAL '1' HOUR
