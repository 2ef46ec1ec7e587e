// What Redis is asked about the stream of events where one step has several parts, as Lua. KEYS: the stream, its dead letters, the lease of its reader, how many entries
// were lost that everything was purged for, and why it is still to be.

/** As the scripts have them. */
export type StreamKeys = readonly [stream: string, dead: string, lease: string, lost: string, owed: string];

export function streamKeys(stream: string, group: string): StreamKeys {
  const of = `${stream}:${group}`;
  return [stream, `${stream}:dead`, `${of}:reader`, `${of}:lost`, `${of}:owed`];
}

/** ARGV: who, for how many ms. Answers whose it is then. */
export const HOLD_LEASE = `
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[1] then return { 'theirs', holder } end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
return { holder and 'still' or 'ours' }
`;

/**
 * ARGV: group, where one that was never there begins, whether this process has seen it. Answers why everything is to be purged: the group was gone and is there
 * again, or what was owed before; `nothing` else. Said and kept in one step: whoever asks may not get the answer.
 */
export const ENSURE_GROUP = `
local was = ARGV[3] == '1' or redis.call('EXISTS', KEYS[4]) == 1
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], was and '0' or ARGV[2], 'MKSTREAM')
if made['err'] then
  if string.sub(made['err'], 1, 9) ~= 'BUSYGROUP' then return made end
elseif was then
  redis.call('SET', KEYS[5], 'group')
end
return { redis.call('GET', KEYS[5]) or 'nothing' }
`;

/** ARGV: group, consumer, how long nobody acknowledged it, cursor, how many. As XAUTOCLAIM; what is pending and gone from the stream is owed from then on, since Redis forgets it. */
export const CLAIM = `
local claimed = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
if claimed[3] and #claimed[3] > 0 then redis.call('SET', KEYS[5], 'entries') end
return claimed
`;

/** ARGV: who. */
export const END_LEASE = `
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
return { 'done' }
`;

/** ARGV: group, id, how many letters are kept, why, its fields as JSON. Once, however often it is asked: only what is pending is set aside. */
export const SET_ASIDE = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return { 'gone' } end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'entry', ARGV[2], 'why', ARGV[4], 'fields', ARGV[5])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return { 'done' }
`;

/**
 * ARGV: group. How many wait, the id of the oldest of them, the time, how many letters there are, and how many entries were ever removed that the group never
 * read: known where all or none of what is there was read, else -2. Redis counts from 7.0 on; of an older one, and after XDEL, nobody knows: -1. Then how many of
 * them are answered for: what was lost before the first look was in no cache. Newer servers begin the count anew.
 */
export const MEASURE = `
local stream, group = {}, {}
local function read(flat, into) for at = 1, #flat, 2 do into[flat[at]] = flat[at + 1] end end
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'absent' } end
read(redis.call('XINFO', 'STREAM', KEYS[1]), stream)
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local found = {}
  read(flat, found)
  if found['name'] == ARGV[1] then group = found end
end
local last = group['last-delivered-id']
if not last then return { 'absent' } end
local unread = redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', 1)
local pending = redis.call('XPENDING', KEYS[1], ARGV[1])
local oldest = pending[2] or (unread[1] and unread[1][1]) or ''
local length = redis.call('XLEN', KEYS[1])
local waiting = #unread
if waiting > 0 then
  local lag = group['lag']
  waiting = lag and math.min(lag, length) or #redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', 10000)
end
local lost = -1
local added, given = stream['entries-added'], group['entries-read']
if added and given and stream['max-deleted-entry-id'] == '0-0' then
  local isBehind = #redis.call('XRANGE', KEYS[1], '-', last, 'COUNT', 1) == 0
  if isBehind then lost = math.max(0, added - length - given) elseif #unread == 0 then lost = math.max(0, added - given) else lost = -2 end
end
local known = redis.call('GET', KEYS[4])
if not known or (lost >= 0 and lost < tonumber(known)) then
  known = math.max(0, lost)
  redis.call('SET', KEYS[4], known)
end
local time = redis.call('TIME')
return { 'measured', waiting + pending[1], oldest, time[1] * 1000 + math.floor(time[2] / 1000), redis.call('XLEN', KEYS[2]), lost, tonumber(known) }
`;
