"""Scenes with Locust's own statistics, played in a process of their own, because importing Locust patches it.

Prints one JSON object: what each scene saw. The test beside this file judges it.
"""

import csv
import io
import json
import sys
import time
import traceback

import gevent
import locust.stats
from locust.env import Environment
from locust.rpc.protocol import Message
from locust.stats import (
    StatsCSV,
    get_percentile_stats_summary,
    get_stats_summary,
    setup_distributed_stats_event_listeners,
)

from jupyter_rtc_locust.reporting.locust_statistics import LocustStatistics
from jupyter_rtc_locust.timing.recorder import AWARENESS_ECHO, SAVE, UPDATE_ECHO, Recorder

TIMES = [0.2 + 0.001 * number for number in range(1000)]


def local(**options):
    environment, recorder = Environment(), Recorder()
    environment.create_local_runner()
    return environment, recorder, LocustStatistics(environment, recorder, **options)


def figures(entry):
    return {
        "count": entry.num_requests,
        "failures": entry.num_failures,
        "untimed": entry.num_none_requests,
        "min": entry.min_response_time,
        "max": entry.max_response_time,
        "mean": entry.avg_response_time,
        "median": entry.median_response_time,
        "p95": entry.get_response_time_percentile(0.95),
        "p99": entry.get_response_time_percentile(0.99),
        "keys": len(entry.response_times),
        "by_second": sum(entry.num_reqs_per_sec.values()),
        "last_request_is_now": abs((entry.last_request_timestamp or 0) - time.time()) < 60,
    }


def both(environment):
    return {"entry": figures(environment.stats.get(UPDATE_ECHO, "RTC")), "total": figures(environment.stats.total)}


def errors(environment):
    return [
        {**error.to_dict(), "shown": error.to_name(), "first_seen": None, "last_seen": None}
        for error in environment.stats.errors.values()
    ]


def one_process():
    environment, recorder, statistics = local()
    echo = recorder.timer(UPDATE_ECHO)
    for number, milliseconds in enumerate(TIMES):
        echo(milliseconds)
        if number % 100 == 0:
            statistics.flush()
    statistics.flush()
    statistics.flush()
    table = io.StringIO()
    StatsCSV(environment, locust.stats.PERCENTILES_TO_REPORT).requests_csv(csv.writer(table))
    return both(environment) | {
        "page": environment.stats.get(UPDATE_ECHO, "RTC").to_dict(),
        "console": get_stats_summary(environment.stats) + get_percentile_stats_summary(environment.stats),
        "csv": list(csv.DictReader(io.StringIO(table.getvalue()))),
        "json": len(json.dumps(environment.stats.serialize_stats())),
    }


def current_figures():
    """Twenty seconds, 40 samples in each: 5 ms in the first ten, 0.4 ms afterwards; on a clock under control."""
    clock = [1_800_000_000.25]
    real, time.time = time.time, lambda: clock[0]
    try:
        environment, recorder, statistics = local()
        environment.stats.clear_all()
        for second in range(22):
            for _ in range(20):
                recorder.record(UPDATE_ECHO, 5.0 if second < 10 else 0.4)
                recorder.record(SAVE, 5.0 if second < 10 else 0.4)
            statistics.flush()
            clock[0] += 1
        total = environment.stats.total
        return {
            "current_rps": total.current_rps,
            "total_rps": total.total_rps,
            "current_median": total.get_current_response_time_percentile(0.5),
            "current_p95": total.get_current_response_time_percentile(0.95),
            "whole_p95": total.get_response_time_percentile(0.95),
        }
    finally:
        time.time = real


def to_master(ours_first):
    worker, master = Environment(), Environment()
    worker.stats.use_response_times_cache = False
    recorder = Recorder()
    worker_statistics = None
    if ours_first:
        worker_statistics = LocustStatistics(worker, recorder)
    for environment in (worker, master):
        setup_distributed_stats_event_listeners(environment.events, environment.stats)
    worker.events.request.add_listener(
        lambda request_type, name, response_time, response_length, exception, **_: (
            worker.stats.log_request(request_type, name, response_time, response_length),
            exception and worker.stats.log_error(request_type, name, exception),
        )
    )
    if not ours_first:
        worker_statistics = LocustStatistics(worker, recorder)
    LocustStatistics(master, Recorder())
    per_report = []
    for report in range(4):
        for milliseconds in TIMES[report::4]:
            recorder.record(UPDATE_ECHO, milliseconds)
        if report == 1:
            worker_statistics.flush()
        recorder.failed(UPDATE_ECHO, "no echo within 15 s")
        data = {}
        worker.events.report_to_master.fire(client_id="worker", data=data)
        carried = Message.unserialize(Message("stats", data, "worker").serialize())
        master.events.worker_report.fire(client_id="worker", data=carried.data)
        per_report.append(master.stats.total.num_requests)
    return both(master) | {
        "per_report": per_report,
        "errors": errors(master),
        "left_on_worker": worker.stats.total.num_requests + worker.stats.get(UPDATE_ECHO, "RTC").num_requests,
    }


def failures():
    environment, recorder, statistics = local(secrets=["hunter22"])
    recorder.record(UPDATE_ECHO, 0.4)
    for _ in range(3):
        recorder.failed(UPDATE_ECHO, "no echo within 15 s")
    recorder.failed(SAVE, "GET /?token=abc123 with hunter22 said \x1b[31mno")
    recorder.unanswered(AWARENESS_ECHO, 9000.0, "never came back")
    statistics.flush()
    silent = figures(environment.stats.get(AWARENESS_ECHO, "RTC"))
    return both(environment) | {"errors": errors(environment), "silent": silent}


def failure_in_a_callback_of_the_loop():
    """A listener that blocks must not run in the hub, where blocking is an error."""
    environment, recorder, _ = local()
    heard, problems = [], []

    @environment.events.request.add_listener
    def blocking(name, exception, **_):
        gevent.sleep(0.01)
        heard.append([name, str(exception)])

    def callback():
        try:
            recorder.failed(SAVE, "noticed by a timer")
            recorder.failed(SAVE, "and again")
        except BaseException as problem:
            problems.append(repr(problem))

    gevent.get_hub().loop.run_callback(callback)
    deadline = time.monotonic() + 20
    while len(heard) < 2 and time.monotonic() < deadline:
        gevent.sleep(0.005)
    return {
        "heard": heard,
        "problems": problems,
        "errors": errors(environment),
        "crashed": locust.log.unhandled_greenlet_exception,
    }


def events_for_each_sample():
    rounding = locust.stats.bucket_response_time
    try:
        environment, recorder, statistics = local(fire_events=True)
        heard = []
        environment.events.request.add_listener(lambda **arguments: heard.append(arguments))
        before = time.time()
        for milliseconds in TIMES:
            recorder.record(UPDATE_ECHO, milliseconds)
        recorder.failed(UPDATE_ECHO, "lost")
        at_once = len(heard)
        statistics.flush()
        statistics.flush()
        return both(environment) | {
            "at_once": at_once,
            "heard": len(heard),
            "samples": [each["response_time"] for each in heard if each["exception"] is None] == TIMES,
            "whole_run": recorder.histograms()[UPDATE_ECHO].count,
            "started_plausibly": all(before - 1 < each["start_time"] <= time.time() for each in heard),
            "arguments": sorted(heard[0]),
        }
    finally:
        locust.stats.bucket_response_time = rounding


def resets():
    seen = {}
    environment, recorder, statistics = local()
    environment.reset_stats = True
    recorder.record(UPDATE_ECHO, 1)
    recorder.failed(UPDATE_ECHO, "early")
    environment.events.spawning_complete.fire(user_count=1)
    statistics.flush()
    seen["--reset-stats"] = [environment.stats.total.num_requests, recorder.histograms()[UPDATE_ECHO].count]
    environment.reset_stats = False
    recorder.record(UPDATE_ECHO, 2)
    environment.events.spawning_complete.fire(user_count=1)
    statistics.flush()
    seen["without the option"] = environment.stats.total.num_requests
    recorder.record(UPDATE_ECHO, 3)
    environment.events.reset_stats.fire()
    environment.stats.reset_all()
    statistics.flush()
    seen["button"] = [environment.stats.total.num_requests, recorder.histograms()[UPDATE_ECHO].count]
    recorder.record(UPDATE_ECHO, 4)
    environment.stats.clear_all()
    environment.events.test_start.fire(environment=environment)
    statistics.flush()
    seen["new test"] = [environment.stats.total.num_requests, recorder.histograms()[UPDATE_ECHO].count]
    recorder.record(UPDATE_ECHO, 5)
    statistics.flush()
    seen["after it"] = figures(environment.stats.get(UPDATE_ECHO, "RTC"))["max"]
    return seen


def endings():
    seen = {}
    for event in ("test_stop", "quitting"):
        environment, recorder, _ = local()
        recorder.record(UPDATE_ECHO, 1)
        getattr(environment.events, event).fire(environment=environment)
        seen[event] = environment.stats.total.num_requests
    return seen


def every_second():
    environment, recorder, statistics = local()
    statistics.start()
    statistics.start()
    recorder.record(UPDATE_ECHO, 1)
    deadline = time.monotonic() + 20
    while environment.stats.total.num_requests == 0 and time.monotonic() < deadline:
        gevent.sleep(0.05)
    by_greenlet = environment.stats.total.num_requests
    recorder.record(UPDATE_ECHO, 1)
    statistics.stop()
    return {"by_greenlet": by_greenlet, "after_stop": environment.stats.total.num_requests}


SCENES = {
    "one process": one_process,
    "current figures": current_figures,
    "to master, ours first": lambda: to_master(True),
    "to master, Locust first": lambda: to_master(False),
    "failures": failures,
    "failure in a callback": failure_in_a_callback_of_the_loop,
    "events": events_for_each_sample,
    "resets": resets,
    "endings": endings,
    "every second": every_second,
}


def main():
    seen = {}
    for name, scene in SCENES.items():
        try:
            seen[name] = scene()
        except Exception:
            seen[name] = {"problem": traceback.format_exc()}
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
