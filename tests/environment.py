"""Loaded before anything else: where the tests' PostgreSQL, Redis and files live.

The process that collects the results starts the embedded servers, once for all test processes, and stops them when
it is done. Each test process has a database of its own (pytest-django names it) and a Redis database of its own.
"""

import gc
import os
import tempfile
from pathlib import Path

import pytest

from chat33.runtime.errors import StartupError
from chat33.runtime.layout import layout, with_redis_database
from chat33.runtime.servers import RunningServers

ROOT = Path(__file__).resolve().parent.parent

gc.disable()  # until all is loaded and found, of which nothing is garbage: tests.thrift.settle

os.environ.setdefault("CHAT33_DATA_DIR", str(ROOT / "var" / "test"))
os.environ.setdefault("CHAT33_ENV", "test")
os.environ.setdefault("CHAT33_LOG_LEVEL", "WARNING")
os.environ.setdefault("CHAT33_REQUEST_LOG_DAYS", "0")  # its thread would hold a connection to the tests' database

# Each test process counts for itself.
_COUNTERS = tempfile.TemporaryDirectory(prefix="chat33-metrics-")
os.environ["PROMETHEUS_MULTIPROC_DIR"] = _COUNTERS.name

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""``gw0``, ``gw1``, … in the processes that xdist starts; empty in the one that the developer started."""

if WORKER:
    REDIS_URL = os.environ.get("REDIS_URL") or layout().redis_url
    os.environ["REDIS_URL"] = with_redis_database(REDIS_URL, int(WORKER.removeprefix("gw")) + 1)

SERVERS = pytest.StashKey[RunningServers]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers before xdist starts its processes."""
    if session.config.pluginmanager.has_plugin("dsession"):
        gc.enable()  # the tests are found in those alone
    if WORKER or session.config.option.collectonly:
        return
    servers = RunningServers(layout(), for_tests=True)
    try:
        session.config.stash[SERVERS] = servers.__enter__()
    except StartupError as error:
        pytest.exit(str(error), returncode=1)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop them when every test process has ended."""
    if SERVERS in config.stash:
        config.stash[SERVERS].__exit__()
