-- Clients that gave a claim nothing for want of a fitting package, in percent of all that no budget turned away, of the last 15 minutes. A replay is not counted again.
SELECT
  100 * sumIf(_sample_interval * double1, blob2 IN ('exhausted', 'incompatible')) / if(SUM(_sample_interval * double1) > 0, SUM(_sample_interval * double1), 1) AS value
FROM mls_key_directory_production
WHERE index1 = 'claim' AND blob2 != 'rate_limited' AND double2 = 0 AND timestamp > NOW() - INTERVAL '15' MINUTE
