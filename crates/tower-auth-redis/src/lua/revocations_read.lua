-- The entries after a revision. It writes nothing, so that a server without memory answers too.
if not has_history() then return {'lost'} end
local after, limit = ARGV[2], tonumber(ARGV[3])
local ids = redis.call('ZRANGE', feed, '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, limit + 1)
local answer = {'page', text(millis), redis.call('HGET', state, 'epoch'), text(latest()), #ids > limit and '0' or '1'}
for place = 1, math.min(#ids, limit) do
  answer[#answer + 1] = redis.call('HGET', entries, ids[place]) or ''
end
return answer
