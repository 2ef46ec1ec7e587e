// What Redis is asked, as Lua: each script is one step that nobody can come between. PURGE-PROTOCOL §4.2, §4.3.
//
// The idea: every key names the incarnation, and the keys agree among each other. A script first finds out whether what is there is whole, of this server
// and of the history that the node has applied; only then it does something. So lost keys, a restart, a failover and a log that went back to an earlier
// state and on from there are all found by the next call of any node, and only `join` repairs, by beginning a new incarnation.
//
// What must stay true: a script that answers `changed` or `replica` has written nothing; numbers of renewals never come twice, or an eviction could hit a
// node that came back; a purge that is too much for `holds` is not numbered.

/** All in one hash slot, and what a client may be permitted: `~{freshet:NAME}:*` and `&{freshet:NAME}:*`. */
export interface RedisKeys {
  /** In the order of KEYS. */
  readonly all: readonly string[];
  readonly log: string;
  readonly acks: string;
}

export function redisKeys(cluster: string): RedisKeys {
  const named = (name: string): string => `{freshet:${cluster}}:${name}`;
  return { all: ['inc', 'seq', 'log', 'nodes', 'ack', 'holds'].map(named), log: named('log'), acks: named('acks') };
}

/** Of holds and versions together: no more than a node has room for. */
export const MAX_HOLDS_SHARED = 4096;

/** A node that is further behind empties itself: that many entries would take longer to deliver than a call may. */
export const MAX_ENTRIES_RENEWED = 10_000;

/** Of the log; Redis keeps up to a hundred more. */
const LOG_LENGTH = 100_000;

/** Kept here for longer than by nodes, so that none of them has less room than Redis says. */
const KEPT_LONGER_MS = 10_000;
const VERSION_KEPT_MS = 3_600_000 + KEPT_LONGER_MS;

const WHAT_IS_THERE = `
local INC, SEQ, LOG, NODES, ACK, HOLDS = unpack(KEYS)

local function server()
  local id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local replication = redis.call('INFO', 'replication')
  return id .. ':' .. string.match(replication, 'master_replid:(%x+)'), string.match(replication, 'role:(%a+)') == 'master'
end

local function seqOf(entry)
  return entry and tonumber(string.match(entry[1], '^%d+')) or 0
end

local function nonceOf(entry)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'n' then return entry[2][i + 1] end
  end
end

-- The incarnation, the sequence and the last entry; nothing where keys are lost or do not belong together.
local function whole(id)
  local inc = redis.call('HMGET', INC, 'id', 'server')
  local seq = tonumber(redis.call('GET', SEQ) or '')
  if not inc[1] or inc[2] ~= id or not seq then return end
  if redis.call('HGET', NODES, '!inc') ~= inc[1] or redis.call('HGET', HOLDS, '!inc') ~= inc[1] then return end
  local last = redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 1)[1]
  if seqOf(last) ~= seq then return end
  return inc[1], seq, last
end

-- By the clock of Redis, ms: for showing only.
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function standings()
  return { redis.call('HGETALL', NODES), redis.call('HGETALL', ACK) }
end

local function acknowledge(node, applied)
  if applied > tonumber(redis.call('HGET', ACK, node) or '-1') then redis.call('HSET', ACK, node, applied) end
end
`;

/** Ends the script where the position is not one of this log. Leaves `seq` and `applied`. */
const AT_POSITION = `${WHAT_IS_THERE}
local applied = tonumber(ARGV[3])
local id, isPrimary = server()
if not isPrimary then return { 'replica' } end
local inc, seq = whole(id)
if inc ~= ARGV[1] or id ~= ARGV[2] or applied > seq then return { 'changed' } end
if applied > 0 then
  local entry = redis.call('XRANGE', LOG, applied .. '-0', applied .. '-0')[1]
  if not entry then
    return { seqOf(redis.call('XRANGE', LOG, '-', '+', 'COUNT', 1)[1]) > applied and 'gap' or 'changed' }
  end
  if nonceOf(entry) ~= ARGV[4] then return { 'changed' } end
end
`;

/** ARGV: a new incarnation, the check value of the secret, where numbers of renewals begin. */
const JOIN = `${WHAT_IS_THERE}
local id, isPrimary = server()
if not isPrimary then return { 'replica' } end
local check = redis.call('HGET', INC, 'check')
if check and check ~= ARGV[2] then return { 'secret-differs' } end
local inc, seq, last = whole(id)
if not inc then
  inc, seq, last = ARGV[1], 0, nil
  redis.call('DEL', INC, LOG, NODES, ACK)
  redis.call('SET', SEQ, 0)
  redis.call('HSET', INC, 'id', inc, 'server', id, 'check', ARGV[2])
  redis.call('HSET', NODES, '!inc', inc, '!count', ARGV[3])
  redis.call('HSET', HOLDS, '!inc', inc)
end
local now = nowMs()
return { 'joined', inc, id, seq, last and nonceOf(last) or '', now, redis.call('HGETALL', HOLDS) }
`;

/** ARGV: the position, the node, its mode. */
const RENEW = `${AT_POSITION}
if seq - applied > ${MAX_ENTRIES_RENEWED} then return { 'gap' } end
local entries = {}
if seq > applied then
  entries = redis.call('XRANGE', LOG, '(' .. applied .. '-0', '+')
  if seqOf(entries[1]) ~= applied + 1 or #entries ~= seq - applied then return { 'gap' } end
end
local count = redis.call('HINCRBY', NODES, '!count', 1)
redis.call('HSET', NODES, ARGV[5], ARGV[6] .. ' ' .. count, '!at ' .. ARGV[5], nowMs())
acknowledge(ARGV[5], applied)
return { 'renewed', seq, entries }
`;

/** ARGV: the position, the nonce, kind, tags, settle, versions of the purge, and how long nodes keep a hold that is over. */
const COMMIT = `${AT_POSITION}
local nonce, kind, tags, settle, versions = ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9]
local now = nowMs()

local kept = {}
if settle > 0 then
  for i = 1, #tags, 8 do kept['h' .. string.sub(tags, i, i + 7)] = { now + settle } end
  if string.find(kind, 'a') then kept['a'] = { now + settle } end
end
for i = 1, #versions, 16 do
  local field = 'v' .. string.sub(versions, i, i + 7)
  local lowest = struct.unpack('<d', string.sub(versions, i + 8, i + 15))
  kept[field] = { math.max(lowest, kept[field] and kept[field][1] or 0), now }
end

local function isRoom()
  local count = redis.call('HLEN', HOLDS) - 1
  for field in pairs(kept) do count = count + 1 - redis.call('HEXISTS', HOLDS, field) end
  return count <= ${MAX_HOLDS_SHARED}
end

local function forget()
  local all = redis.call('HGETALL', HOLDS)
  for i = 1, #all, 2 do
    local kindOf, ends = string.sub(all[i], 1, 1), nil
    if kindOf == 'v' then ends = tonumber(string.match(all[i + 1], ' (%d+)$')) + ${VERSION_KEPT_MS} end
    if kindOf == 'h' or kindOf == 'a' then ends = tonumber(all[i + 1]) + tonumber(ARGV[10]) + ${KEPT_LONGER_MS} end
    if ends and ends < now then redis.call('HDEL', HOLDS, all[i]) end
  end
end

if next(kept) and not isRoom() then
  forget()
  if not isRoom() then return { 'out-of-holds' } end
end
for field, value in pairs(kept) do
  local before = tonumber(string.match(redis.call('HGET', HOLDS, field) or '0', '^%S+'))
  local text = string.format('%.17g', math.max(before, value[1]))
  redis.call('HSET', HOLDS, field, value[2] and text .. ' ' .. string.format('%.0f', value[2]) or text)
end

seq = redis.call('INCR', SEQ)
local entry = { 'i', inc, 'n', nonce, 'k', kind, 't', tags }
if settle > 0 then entry[#entry + 1] = 'w'; entry[#entry + 1] = settle end
if #versions > 0 then entry[#entry + 1] = 'v'; entry[#entry + 1] = versions end
redis.call('XADD', LOG, 'MAXLEN', '~', ${LOG_LENGTH}, seq .. '-0', unpack(entry))
return { 'committed', seq, standings() }
`;

/** ARGV: the position, the node, the channel of hints. A node that is not listed has nothing to say. */
const ACKNOWLEDGE = `${AT_POSITION}
if redis.call('HEXISTS', NODES, ARGV[5]) == 1 then
  acknowledge(ARGV[5], applied)
  redis.call('PUBLISH', ARGV[6], ARGV[5])
end
return { 'done' }
`;

/** ARGV: the position. */
const STANDINGS = `${AT_POSITION}
return { 'standings', standings(), nowMs() }
`;

/** ARGV: pairs of a node and the number of its renewal. */
const EVICT = `
local NODES, ACK = KEYS[4], KEYS[5]
for i = 1, #ARGV, 2 do
  if string.match(redis.call('HGET', NODES, ARGV[i]) or '', ' (%d+)$') == ARGV[i + 1] then
    redis.call('HDEL', NODES, ARGV[i], '!at ' .. ARGV[i])
    redis.call('HDEL', ACK, ARGV[i])
  end
end
return { 'done' }
`;

/** ARGV: the node. */
const LEAVE = `
redis.call('HDEL', KEYS[4], ARGV[1], '!at ' .. ARGV[1])
redis.call('HDEL', KEYS[5], ARGV[1])
return { 'done' }
`;

export const SCRIPTS = { JOIN, RENEW, COMMIT, ACKNOWLEDGE, STANDINGS, EVICT, LEAVE } as const;
