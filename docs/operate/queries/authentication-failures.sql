-- Requests that were not let in, by kind, per five minutes of the last day: a rotation is a step of unknown_key, an attack is not.
SELECT
  toStartOfInterval(timestamp, INTERVAL '5' MINUTE) AS time,
  blob1 AS kind,
  SUM(_sample_interval * double1) AS requests
FROM mls_key_directory_production
WHERE index1 = 'authentication' AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY time, kind
ORDER BY time
