-- KEYS: the state (a hash: epoch, latest, count), the entries (a hash: id to "REVISION KEPT_UNTIL JSON"), the
-- feed (ids by revision) and the ends (ids by the time at which they are forgotten).
local state, entries, feed, ends, channel = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[1]
local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local millis = math.floor(micros / 1000)
local mode = ARGV[1]

-- Every number here is less than 2^53.
local function text(number) return string.format('%.0f', number) end

local function latest() return tonumber(redis.call('HGET', state, 'latest') or '0') end

-- Whether everything is there that was kept: not only the marker.
local function is_whole()
  local count = tonumber(redis.call('HGET', state, 'count') or '-1')
  return count == redis.call('HLEN', entries) and count == redis.call('ZCARD', feed)
    and count == redis.call('ZCARD', ends)
end

local function has_history() return redis.call('HEXISTS', state, 'epoch') == 1 and is_whole() end
