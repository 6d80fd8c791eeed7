-- 95th percentile of the ms that claims from one user took in the last 15 minutes.
SELECT
  if(SUM(_sample_interval * double1) > 0, quantileExactWeighted(0.95)(double2, _sample_interval), 0) AS value
FROM mls_key_directory_production
WHERE index1 = 'request' AND blob1 = 'POST' AND blob2 = '/v1/users/:user/claims' AND timestamp > NOW() - INTERVAL '15' MINUTE
