-- Failures of authentication by kind, per five minutes of the last day: a rotation is a step, an attack is not.
SELECT
  toStartOfInterval(timestamp, INTERVAL '5' MINUTE) AS time,
  blob4 AS problem,
  SUM(_sample_interval * double1) AS requests
FROM mls_key_directory_production
WHERE index1 = 'request' AND blob3 IN ('401', '403', '503')
  AND blob4 IN ('token_missing', 'token_invalid', 'token_expired', 'wrong_issuer', 'wrong_audience',
    'insufficient_scope', 'not_owner', 'authentication_unavailable', 'authentication_not_configured')
  AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY time, problem
ORDER BY time
