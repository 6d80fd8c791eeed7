-- Clients that a budget kept from giving anything, in the last 5 minutes, as a multiple of the same 5 minutes a day before; where those had fewer than 20, of 20.
SELECT
  sumIf(_sample_interval * double1, timestamp > NOW() - INTERVAL '5' MINUTE) / if(sumIf(_sample_interval * double1, timestamp <= NOW() - INTERVAL '1440' MINUTE) > 20, sumIf(_sample_interval * double1, timestamp <= NOW() - INTERVAL '1440' MINUTE), 20) AS value
FROM mls_key_directory_production
WHERE index1 = 'claim' AND blob2 = 'rate_limited' AND double2 = 0 AND timestamp > NOW() - INTERVAL '1445' MINUTE
