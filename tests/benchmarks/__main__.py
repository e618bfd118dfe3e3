"""``python -m tests.benchmarks [scheduler] [edge] [requestlog] [search] [results] [api] …``: measure, and print each figure
beside its floor and its naive alternative. All of it runs here, on loopback, in a data directory of its own that is gone
afterwards.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import django
import psutil
from django.core.management import call_command
from django.db import connections

from chat33.runtime.layout import ROOT, Layout
from chat33.runtime.servers import RunningServers
from tests.benchmarks.figures import Report
from tests.benchmarks.instance import environment, running_instance
from tests.ports import free_port

LONGEST = 1800  # seconds after which something is wrong
ON_SERVERS = ("scheduler", "edge", "requestlog", "search", "results")  # need PostgreSQL alone
ON_INSTANCE = ("api", "pages", "publishing")  # need all that `make run` starts


def main() -> int:
    """Exit status 1 when a promise was broken; a missed goal of speed is printed, no more."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="benchmark", help=f"of {', '.join(ON_SERVERS + ON_INSTANCE)}")
    names = parser.parse_args().names or [*ON_SERVERS, *ON_INSTANCE]
    if unknown := set(names) - {*ON_SERVERS, *ON_INSTANCE}:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"not done within {LONGEST} s"))
    signal.alarm(LONGEST)
    began = time.monotonic()
    print(_machine(), flush=True)
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "var", ignore_cleanup_errors=True) as directory:
        reports = _measure(names, Layout(Path(directory).resolve()))
    print(f"\n{time.monotonic() - began:.0f} s in all")
    broken = [figure for report in reports for figure in report.figures if figure.promise and not figure.met]
    return 1 if broken else 0


def _measure(names: list[str], layout: Layout) -> list[Report]:
    port = free_port()
    os.environ.update({**environment(layout, port), "CHAT33_LOG_LEVEL": "WARNING"})
    django.setup()
    reports = []
    if set(names) & set(ON_SERVERS):
        with RunningServers(layout, environ={}):
            call_command("migrate", verbosity=0)
            reports += [_run(name, layout) for name in ON_SERVERS if name in names]
            connections.close_all()
    if set(names) & set(ON_INSTANCE):
        with running_instance(layout, port) as instance:
            reports += [_run(name, instance) for name in ON_INSTANCE if name in names]
            connections.close_all()
    return reports


def _run(name: str, where: object) -> Report:
    """Loaded now and not before, since rows can be imported only when Django is set up."""
    report: Report = import_module(f"tests.benchmarks.{name}").measure(where)
    print("\n".join(report.lines()), flush=True)
    return report


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}; "
        f"load average before: {load}"
    )


sys.exit(main())
