-- Requests that were answered with 503, in percent of all of the last 5 minutes.
SELECT
  100 * sumIf(_sample_interval * double1, blob3 = '503') / if(SUM(_sample_interval * double1) > 0, SUM(_sample_interval * double1), 1) AS value
FROM mls_key_directory_production
WHERE index1 = 'request' AND timestamp > NOW() - INTERVAL '5' MINUTE
