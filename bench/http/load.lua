-- For wrk: sends a GET with a token of a file, whose lines are of one length.
-- Arguments: the file, the length of a line, the first line, how many of them, 'again' or 'once'.
-- With 'once' no token is sent twice: the run ends when they run out.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long micros; } bench_time;
  int gettimeofday(bench_time *time, void *zone);
]]
local clock = ffi.new("bench_time")

local function now()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.seconds) + tonumber(clock.micros) / 1e6
end

local function format(line)
  return "GET /orders HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
    "\r\nUser-Agent: bench\r\nAccept: application/json\r\nConnection: keep-alive\r\nAuthorization: Bearer " ..
    line .. "\r\n\r\n"
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local file, left, requests, sent

function init(args)
  local length, first, count = tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  file = assert(io.open(args[1], "r"))
  file:seek("set", length * first)
  left, sent, started, ended = count, 0, 0, 0
  if args[5] == "again" then
    requests = {}
    for i = 1, count do requests[i] = format(file:read("*l")) end
  end
end

function request()
  if started == 0 then started = now() end
  sent = sent + 1
  if requests then return requests[sent % #requests + 1] end
  if left == 0 then
    if ended == 0 then ended = now() end
    wrk.thread:stop()
    -- The last word before the thread stops. It is not waited for, and asks for nothing with a token.
    return "GET /end HTTP/1.1\r\nHost: bench\r\n\r\n"
  end
  left = left - 1
  return format(file:read("*l"))
end

function done(summary, latency)
  local thread, errors = threads[1], summary.errors
  local ended, seconds = thread:get("ended"), summary.duration / 1e6
  local ran_out = ended > 0
  if ran_out then seconds = ended - thread:get("started") end
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"refused":%d,"failed":%d,"ranOut":%s}\n',
    summary.requests, seconds, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, tostring(ran_out)))
end
