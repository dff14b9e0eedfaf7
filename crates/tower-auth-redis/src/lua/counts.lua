#!lua
-- A bucket is the time after which it is full again, and the moment at which that was so: seconds and
-- nanoseconds, because no number here holds both. A clock that goes back takes nothing and gives nothing.
local MOST_S, MOST_N = 18446744073, 709551615
local time = redis.call('TIME')
local now_s, now_n = tonumber(time[1]), tonumber(time[2]) * 1000

local function sum(a_s, a_n, b_s, b_n)
  local s, n = a_s + b_s, a_n + b_n
  if n >= 1e9 then s, n = s + 1, n - 1e9 end
  if s > MOST_S or (s == MOST_S and n > MOST_N) then return MOST_S, MOST_N end
  return s, n
end

-- No less than nothing.
local function difference(a_s, a_n, b_s, b_n)
  local s, n = a_s - b_s, a_n - b_n
  if n < 0 then s, n = s - 1, n + 1e9 end
  if s < 0 then return 0, 0 end
  return s, n
end

local lacks, went_back = {}, false
for _, key in ipairs(KEYS) do
  local kept = redis.call('GET', key)
  if not kept then
    lacks[key] = {0, 0}
  else
    local s, n, at_s, at_n = string.match(kept, '^(%d+)%.(%d+) (%d+)%.(%d+)$')
    if not s then return redis.error_reply('ERR tower-auth: another program\'s value') end
    s, n, at_s, at_n = tonumber(s), tonumber(n), tonumber(at_s), tonumber(at_n)
    if at_s > now_s or (at_s == now_s and at_n > now_n) then went_back = true end
    lacks[key] = {difference(s, n, difference(now_s, now_n, at_s, at_n))}
  end
end

local function write(key)
  local s, n = lacks[key][1], lacks[key][2]
  if s == 0 and n == 0 then
    redis.call('DEL', key)
  else
    local kept = string.format('%.0f.%09.0f %.0f.%09.0f', s, n, now_s, now_n)
    redis.call('SET', key, kept, 'PX', string.format('%.0f', s * 1000 + math.ceil(n / 1e6)))
  end
end

local function argument(count, place)
  return tonumber(ARGV[1 + (count - 1) * 4 + place])
end

local mode, answer, fits = ARGV[1], {1}, true
if mode == 'admit' then
  for count, key in ipairs(KEYS) do
    local s, n = sum(lacks[key][1], lacks[key][2], argument(count, 1), argument(count, 2))
    local most_s, most_n = argument(count, 3), argument(count, 4)
    if s > most_s or (s == most_s and n > most_n) then fits = false end
    answer[#answer + 1], answer[#answer + 2] = s, n
  end
end
if not fits then
  answer[1] = 0
  if went_back then
    for _, key in ipairs(KEYS) do write(key) end
  end
  return answer
end
answer = {1}
local change = mode == 'give_back' and difference or sum
for count, key in ipairs(KEYS) do
  lacks[key] = {change(lacks[key][1], lacks[key][2], argument(count, 1), argument(count, 2))}
  answer[#answer + 1], answer[#answer + 2] = lacks[key][1], lacks[key][2]
end
for _, key in ipairs(KEYS) do write(key) end
return answer
