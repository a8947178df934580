-- Asks for the paths in the file BENCH_PATHS, one after another. With BENCH_FORM, posts that form to them,
-- each time with a request_id of its own: BENCH_RUN and a number. At the end says what happened, in one line.

local paths = {}
for path in io.lines(os.getenv("BENCH_PATHS")) do
  paths[#paths + 1] = path
end

local form, run = os.getenv("BENCH_FORM"), os.getenv("BENCH_RUN")
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
local ready, turn, sent = {}, 0, 0

function request()
  turn = turn % #paths + 1
  if form then
    sent = sent + 1
    local body = (form:gsub("{n}", run .. "-" .. sent))
    return wrk.format("POST", paths[turn], headers, body)
  end
  ready[turn] = ready[turn] or wrk.format("GET", paths[turn])
  return ready[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d %d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
