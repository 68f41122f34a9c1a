-- Replaces the beginning of a slot that begins as expected. ARGV: expected, head.
local size = redis.call('STRLEN', KEYS[1])
if size == 0 and redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
if #ARGV[1] > 0 and redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
    return 0
end
redis.call('SETRANGE', KEYS[1], 0, ARGV[2])
return 1
