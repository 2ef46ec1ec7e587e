-- The URLs that wrk asks for, as scenarios.ts has them, and what it found as one line of JSON.
local spread, run, keys = os.getenv('BENCH_SPREAD'), os.getenv('BENCH_RUN'), tonumber(os.getenv('BENCH_HOT_KEYS'))
local asked, heads = 0, {}

local function own()
  return wrk.format('GET', wrk.path .. run .. '-' .. asked)
end

function init()
  if spread == 'hot' then
    for key = 1, keys do heads[key] = wrk.format('GET', wrk.path .. (key - 1)) end
  else
    heads[1] = wrk.format('GET', wrk.path)
  end
  io.write('begun\n')
  io.flush()
end

-- Without a function of this name wrk makes its request once, which is the cheapest.
if spread ~= 'one' then
  function request()
    asked = asked + 1
    if spread == 'hot' then return heads[math.random(keys)] end
    if spread == 'fresh' or asked % 10 == 0 then return own() end
    return heads[1]
  end
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"bytes":%d,"p50Ms":%.3f,"p99Ms":%.3f,"failures":{"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    failed.status, failed.connect, failed.read, failed.write, failed.timeout))
end
