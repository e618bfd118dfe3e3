"""The thing measured: what ``make run`` starts, in a data directory and on ports of its own."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from chat33.runtime.health import readiness
from chat33.runtime.layout import Layout
from chat33.runtime.processes import Child, Program, tail, wait_until

READY_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Instance:
    """Where it is."""

    layout: Layout
    port: int
    process: psutil.Process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    def facts(self) -> dict[str, Any]:
        """The demo organization's keys."""
        kept: dict[str, Any] = json.loads(self.layout.demo_file.read_text())
        return kept


def environment(layout: Layout, port: int) -> dict[str, str]:
    """What the instance's processes, and this one, are told. Only the wall against floods is moved out of the way; its
    work is still done.
    """
    return {
        "CHAT33_ENV": "local",
        "CHAT33_DATA_DIR": str(layout.data_dir),
        "CHAT33_LIMIT_API": "1000000/m",
        "CHAT33_LOG_LEVEL": "INFO",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "chat33.settings",
        "PORT": str(port),
    }


@contextmanager
def running_instance(layout: Layout, port: int) -> Iterator[Instance]:
    """A whole instance that is ready; it ends with the block."""
    layout.create()
    log = layout.log_dir / "instance.log"
    program = Program(
        name="instance",
        argv=(sys.executable, "-m", "chat33.runtime", "run"),
        log=log,
        env={**os.environ, **environment(layout, port)},
        stop_seconds=STOP_SECONDS,
    )
    child = Child(program)
    try:
        wait_until(
            lambda: child.exit_code() is not None or readiness("127.0.0.1", port)[0] == 200, seconds=READY_SECONDS
        )
        if readiness("127.0.0.1", port)[0] != 200:
            raise SystemExit(f"The instance did not start:\n{tail(log)}")
        yield Instance(layout, port, psutil.Process(child.process.pid))
    except Exception:
        for name in ("instance", "web", "worker"):
            print(f"--- {name}'s last words\n{tail(layout.log_dir / f'{name}.log')}", file=sys.stderr)
        raise
    finally:
        child.stop()
