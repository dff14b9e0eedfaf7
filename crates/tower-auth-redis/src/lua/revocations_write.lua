local function note_count() redis.call('HSET', state, 'count', redis.call('HLEN', entries)) end

local function index(id, revision, kept_until)
  redis.call('ZADD', feed, revision, id)
  redis.call('ZADD', ends, kept_until, id)
end

-- What is left of a store that lost a part is a store without a history.
local function repair()
  redis.call('DEL', feed, ends)
  local kept, last = redis.call('HGETALL', entries), latest()
  for place = 1, #kept, 2 do
    local revision, kept_until = string.match(kept[place + 1], '^(%d+) (%d+) ')
    if revision then
      index(kept[place], revision, kept_until)
      last = math.max(last, tonumber(revision))
    else
      redis.call('HDEL', entries, kept[place])
    end
  end
  redis.call('HDEL', state, 'epoch')
  redis.call('HSET', state, 'latest', text(last))
  note_count()
end

local function forget()
  while true do
    local over = redis.call('ZRANGE', ends, '-inf', text(millis), 'BYSCORE', 'LIMIT', 0, 1000)
    if #over == 0 then break end
    for _, id in ipairs(over) do
      redis.call('HDEL', entries, id)
      redis.call('ZREM', feed, id)
      redis.call('ZREM', ends, id)
    end
  end
  note_count()
end

-- What is there of some ids, and how much in all.
if mode == 'look' then
  local is_lost = not has_history()
  if is_lost and ARGV[2] == 'restore' then
    if not is_whole() then repair() end
  elseif is_lost then
    return {'lost'}
  end
  forget()
  local answer = {'found', text(millis), redis.call('HGET', state, 'count')}
  for place = 3, #ARGV do
    answer[#answer + 1] = redis.call('HGET', entries, ARGV[place]) or ''
  end
  return answer
end

-- Entries, each in the place of what was found before: where that is another one by now, nothing is written.
if mode == 'put' then
  if not is_whole() then return {'lost'} end
  if ARGV[2] ~= 'restore' then
    if redis.call('HEXISTS', state, 'epoch') == 0 then return {'lost'} end
    local is_new = redis.call('HEXISTS', entries, ARGV[4]) == 0
    if is_new and redis.call('HLEN', entries) >= tonumber(ARGV[3]) then return {'again'} end
  end
  for place = 4, #ARGV, 4 do
    if (redis.call('HGET', entries, ARGV[place]) or '') ~= ARGV[place + 1] then return {'again'} end
  end
  local revision = latest()
  for place = 4, #ARGV, 4 do
    local id, kept_until, json = ARGV[place], ARGV[place + 2], ARGV[place + 3]
    revision = math.max(micros, revision + 1)
    redis.call('HSET', entries, id, text(revision) .. ' ' .. kept_until .. ' ' .. json)
    index(id, text(revision), kept_until)
  end
  redis.call('HSET', state, 'latest', text(revision))
  note_count()
  redis.pcall('PUBLISH', channel, '')
  return {'done', text(millis), text(revision)}
end

-- The marker comes last.
if mode == 'begin' then
  if not is_whole() then return {'lost'} end
  redis.call('HSETNX', state, 'epoch', ARGV[2])
  redis.call('HSETNX', state, 'latest', text(micros))
  redis.pcall('PUBLISH', channel, '')
  return {'done'}
end
return redis.error_reply('ERR tower-auth: no such mode')
