-- One step at a gate: gives back the slots of calls that have ended, corrects what they used, and
-- lets in as many of one holder's waiting calls, in their order, as every limit allows.
-- A holder is one process's share in the flow. Only the server's clock counts.
--
-- Answers three numbers: how many came in, the bucket that counts them, and why the next one did not:
-- milliseconds after which to ask again, -1 for "as soon as a slot is free", 0 for "all came in".

local slots, requests, tokens, shut, line, turn = unpack(KEYS)
local holder, ended, waiting = ARGV[1], ARGV[2], ARGV[3]
local first, held, in_line = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local in_flight = tonumber(ARGV[7])
local most_requests = tonumber(ARGV[8]) or math.huge
local most_tokens = tonumber(ARGV[9]) or math.huge
local window_ms, slot_ms, shut_ms = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])

local BUCKETS = 60
-- Who waits asks at least once a second: after two it is dead, or wants no more.
local WAITING_MS = 2000
local UNUSED_MS = 180000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local width = window_ms / BUCKETS
local bucket = math.floor(now / width)

-- What the window holds. It is up to one bucket longer than asked, so that no true window passes
-- the limit. Buckets of the future are dropped too: the server's clock was set back.
local function used(key)
  local sum, flat = 0, redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    if math.abs(bucket - flat[i]) > BUCKETS then
      redis.call('HDEL', key, flat[i])
    else
      sum = sum + math.max(0, flat[i + 1])
    end
  end
  return sum
end

redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
for number, at, difference in ended:gmatch('(%d+):(%d+):(-?%d+)') do
  -- A step may come twice (its answer was lost), and buckets may be lost: neither corrects again.
  local had_slot = redis.call('ZREM', slots, holder .. ':' .. number) == 1
  if had_slot and difference ~= '0' and redis.call('HEXISTS', tokens, at) == 1 then
    redis.call('HINCRBY', tokens, at, difference)
  end
end

if shut_ms > math.max(0, redis.call('PTTL', shut)) then
  redis.call('SET', shut, 1, 'PX', shut_ms)
end
local shut_for = math.max(0, redis.call('PTTL', shut))

-- While others wait, nobody holds more than an equal share. Who gives back and asks in one step
-- would never let a slot go, so there the share is rounded down, and the rest is for who asks next.
redis.call('ZREMRANGEBYSCORE', line, '-inf', now)
local others = redis.call('ZCARD', line) - (redis.call('ZSCORE', line, holder) and 1 or 0)
local share = in_flight / (others + 1)
share = ended == '' and math.ceil(share) or math.floor(share)
local free = math.min(in_flight - redis.call('ZCARD', slots), share - held)

-- Who needs more tokens than are left takes the turn, else others' smaller calls would keep the
-- window full for ever.
local whose = redis.call('GET', turn)
local calls, spent = used(requests), used(tokens)

local function obstacle(need)
  if shut_for > 0 then return 'shut' end
  if free <= 0 then return 'slot' end
  if calls >= most_requests or whose and whose ~= holder then return 'rate' end
  -- A call larger than the whole limit passes alone.
  if spent > 0 and spent + need > most_tokens then return 'tokens' end
end

local entered, sum, members, hindrance = 0, 0, {}, nil
for word in waiting:gmatch('%d+') do
  local need = tonumber(word)
  hindrance = obstacle(need)
  if hindrance then break end
  table.insert(members, now + slot_ms)
  table.insert(members, holder .. ':' .. first + entered)
  entered, sum = entered + 1, sum + need
  free, calls, spent = free - 1, calls + 1, spent + need
end

if entered > 0 then
  redis.call('ZADD', slots, unpack(members))
  redis.call('HINCRBY', requests, bucket, entered)
  redis.call('HINCRBY', tokens, bucket, sum)
  for _, key in ipairs({slots, requests, tokens}) do redis.call('PEXPIRE', key, UNUSED_MS) end
end

if in_line > entered then
  redis.call('ZADD', line, now + WAITING_MS, holder)
  redis.call('PEXPIRE', line, UNUSED_MS)
else
  redis.call('ZREM', line, holder)
end

if hindrance == 'tokens' and entered == 0 then
  redis.call('SET', turn, holder, 'PX', WAITING_MS)
elseif whose == holder and (entered > 0 or in_line == 0) then
  redis.call('DEL', turn)
end

local until_next_bucket = math.ceil((bucket + 1) * width - now)
local again = {shut = shut_for, slot = -1, rate = until_next_bucket, tokens = until_next_bucket}
-- One string: the client reads it in a third of the time that three numbers take.
return string.format('%d %d %d', entered, bucket, hindrance and again[hindrance] or 0)
