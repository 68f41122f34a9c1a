-- Adds to a number; a new one gets its time to live. ARGV: what to add, milliseconds to live.
redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) == -1 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
-- As text: Lua's numbers have 53 bits.
return redis.call('GET', KEYS[1])
