-- Requests of the last 5 minutes for which an issuer's keys could not be had.
SELECT
  SUM(_sample_interval * double1) AS value
FROM mls_key_directory_production
WHERE index1 = 'authentication' AND blob1 = 'keys_unavailable' AND timestamp > NOW() - INTERVAL '5' MINUTE
