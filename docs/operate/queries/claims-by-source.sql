-- What claimers got, per five minutes of the last day. A replay is not counted again.
SELECT
  toStartOfInterval(timestamp, INTERVAL '5' MINUTE) AS time,
  blob1 AS source,
  SUM(_sample_interval * double1) AS claims
FROM mls_key_directory_production
WHERE index1 = 'claim' AND double2 = 0 AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY time, source
ORDER BY time
