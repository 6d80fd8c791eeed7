-- Alarms of pools that failed, per hour of the last day.
SELECT
  toStartOfInterval(timestamp, INTERVAL '1' HOUR) AS time,
  blob1 AS outcome,
  SUM(_sample_interval * double1) AS alarms
FROM mls_key_directory_production
WHERE index1 = 'alarm' AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY time, outcome
ORDER BY time
