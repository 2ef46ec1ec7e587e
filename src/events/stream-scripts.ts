// What Redis is asked about the stream of events where one step has several parts, as Lua. KEYS: the stream, its dead letters, the lease of its reader, how many of
// the entries that were ever added its group has read or was told to have lost (it was never there where there is none), and why everything is still to be purged.

/** As the scripts have them. */
export type StreamKeys = readonly [stream: string, dead: string, lease: string, read: string, owed: string];

export function streamKeys(stream: string, group: string): StreamKeys {
  const of = `${stream}:${group}`;
  return [stream, `${of}:dead`, `${of}:reader`, `${of}:read`, `${of}:owed`];
}

/** ARGV: who, for how many ms. Answers whose it is then. */
export const HOLD_LEASE = `
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[1] then return { 'theirs', holder } end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
return { holder and 'still' or 'ours' }
`;

/**
 * What scripts that count share. Redis trims at the head, so of what a group has not read nothing was removed as long as anything older is there. `counted`: how
 * many entries were ever added up to what comes next for the group, where nothing older is there, or nothing newer; nil in between. `canTell`: not of a Redis
 * before 7.0, which counts nothing, nor after XDEL.
 */
const COUNTING = `
local function tableOf(flat)
  local found = {}
  for at = 1, #flat, 2 do found[flat[at]] = flat[at + 1] end
  return found
end
local function groupNamed(name)
  if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local found = tableOf(flat)
    if found['name'] == name then return found end
  end
  return {}
end
local stream = {}
local function canTell()
  stream = tableOf(redis.call('XINFO', 'STREAM', KEYS[1]))
  return stream['entries-added'] and stream['max-deleted-entry-id'] == '0-0'
end
local function counted(last)
  if #redis.call('XRANGE', KEYS[1], '-', last, 'COUNT', 1) == 0 then return stream['entries-added'] - stream['length'] end
  if #redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', 1) == 0 then return stream['entries-added'] end
  return nil
end
`;

/**
 * ARGV: group, where one that was never there begins, whether this process knows that it was. Answers why everything is to be purged: the group was gone and is
 * there again, or what was owed before; `nothing` else. Said and kept in one step: whoever asks may not get the answer. What was removed before the first look
 * was in no cache, so counting begins there; where that is not known, with the least that it can be.
 */
export const ENSURE_GROUP = `${COUNTING}
local wasSeen = redis.call('EXISTS', KEYS[4]) == 1
local was = ARGV[3] == '1' or wasSeen
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], was and '0' or ARGV[2], 'MKSTREAM')
local isNew = not made['err']
if not isNew and string.sub(made['err'], 1, 9) ~= 'BUSYGROUP' then return made end
if isNew and was then redis.call('SET', KEYS[5], 'group') end
if isNew or not wasSeen then
  local group = groupNamed(ARGV[1])
  local read = 0
  if canTell() then read = counted(group['last-delivered-id']) or stream['entries-added'] - (group['lag'] or stream['length']) end
  redis.call('SET', KEYS[4], read)
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
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if pending['err'] and string.sub(pending['err'], 1, 7) ~= 'NOGROUP' then return pending end
if pending['err'] or #pending == 0 then return { 'gone' } end
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[3], '*', 'entry', ARGV[2], 'why', ARGV[4], 'fields', ARGV[5])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return { 'done' }
`;

/**
 * ARGV: group, consumer, how many are wanted. Answers entries that nobody was given before, how many there were with those that are pending, the id of the oldest of them, the
 * time, how many letters there are, how many entries were removed that the group never read, whether Redis can tell, and up to where the group has read. In one
 * step, so that nothing is removed between the count and the reading. What was lost is owed from then on, and nothing is read beside it. (How many entries a group
 * has read Redis counts too; but that is not what it was after a restart, or on a replica.)
 */
export const READ = `${COUNTING}
local group = groupNamed(ARGV[1])
local last = group['last-delivered-id']
if not last then return redis.error_reply('NOGROUP there is no such group') end
local unread = redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', 1)
local pending = redis.call('XPENDING', KEYS[1], ARGV[1])
local oldest = pending[2] or (unread[1] and unread[1][1]) or ''
local waiting = #unread
if waiting > 0 then
  local lag = group['lag']
  waiting = lag and math.min(lag, redis.call('XLEN', KEYS[1])) or #redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', 10000)
end
local tells = canTell()
local before = redis.call('GET', KEYS[4])
local lost = 0
local read = tells and counted(last)
if read then
  if before then lost = math.max(0, read - before) end
  if read ~= tonumber(before or '') then redis.call('SET', KEYS[4], read) end
  if lost > 0 then redis.call('SET', KEYS[5], 'entries') end
end
local entries = {}
if lost == 0 and #unread > 0 and tonumber(ARGV[3]) > 0 then
  entries = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3], 'STREAMS', KEYS[1], '>')[1][2]
  if read or before then redis.call('INCRBY', KEYS[4], #entries) end
  last = entries[#entries][1]
end
local time = redis.call('TIME')
return { entries, waiting + pending[1], oldest, time[1] * 1000 + math.floor(time[2] / 1000), redis.call('XLEN', KEYS[2]), lost, tells and 1 or 0, last }
`;
