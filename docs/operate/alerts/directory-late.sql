-- 95th percentile of how late pools' writes to D1 were in the last 15 minutes, in ms, whatever became of them.
SELECT
  if(SUM(_sample_interval * double1) > 0, quantileExactWeighted(0.95)(double4, _sample_interval), 0) AS value
FROM mls_key_directory_production
WHERE index1 = 'delivery' AND timestamp > NOW() - INTERVAL '15' MINUTE
