-- Tokens with an unknown key or a bad signature, in percent of all requests of the last 5 minutes.
SELECT
  100 * sumIf(_sample_interval * double1, index1 = 'authentication' AND blob1 IN ('unknown_key', 'bad_signature')) / if(sumIf(_sample_interval * double1, index1 = 'request') > 0, sumIf(_sample_interval * double1, index1 = 'request'), 1) AS value
FROM mls_key_directory_production
WHERE index1 IN ('authentication', 'request') AND timestamp > NOW() - INTERVAL '5' MINUTE
