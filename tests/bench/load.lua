-- wrk's side of a round. Arguments: method, what wrk's threads share out among themselves (a file of
-- lines "token number, path, key, body" with tabs between), the tokens, how many threads.
-- A list that is used up ends at an address that is not there, which fails the round.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  method, total, at = args[1], tonumber(args[4]), 0
  tokens, lines = {}, {}
  for token in io.lines(args[3]) do tokens[#tokens + 1] = token end
  local count = 0
  for line in io.lines(args[2]) do
    if count % total == number then lines[#lines + 1] = line end
    count = count + 1
  end
end

function request()
  at = at + 1
  if at > #lines and method == "GET" then at = 1 end
  if at > #lines then return wrk.format("GET", "/the-list-is-used-up") end
  local person, path, key, body = lines[at]:match("([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)")
  local headers = {}
  if person ~= "" then headers["Authorization"] = "Bearer " .. tokens[tonumber(person)] end
  if method == "POST" then
    headers["Content-Type"] = "application/json"
    headers["Idempotency-Key"] = key
    return wrk.format(method, path, headers, body)
  end
  return wrk.format(method, path, headers)
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    "BENCH requests=%d microseconds=%d refused=%d broken=%d p50=%d p99=%d\n", summary.requests,
    summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
