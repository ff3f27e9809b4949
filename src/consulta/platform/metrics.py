"""The metrics that matter, by hand: what is scraped at `/metrics`."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("consulta_requests_total", "Answered requests", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "consulta_request_seconds",
    "Time from request to answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BOOKINGS = Counter("consulta_bookings_total", "Moves of bookings", ["status"])
PROVIDER_SECONDS = Histogram(
    "consulta_provider_seconds", "Time a payment provider took", ["provider", "call", "outcome"]
)
JOB_RUNS = Counter("consulta_job_runs_total", "Runs of jobs", ["job", "outcome"])
LAST_TICK = Gauge("consulta_scheduler_last_tick_seconds", "Unix time of the last tick of the clock")
BACKLOG = Gauge("consulta_backlog", "Rows that wait for the worker", ["queue"])
LAPSED = Counter(
    "consulta_lapsed_leases_total", "Work that came back after somebody else had it", ["queue"]
)
MISSED_TICKS = Counter("consulta_scheduler_missed_ticks_total", "Ticks that the clock left out")
OLDEST = Gauge("consulta_backlog_oldest_seconds", "Age of the oldest row that waits", ["queue"])
