"""The Procfile is the one place that says how each process is started, here and in production."""

import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from chat33.runtime.errors import StartupError
from chat33.runtime.layout import ROOT, Layout
from chat33.runtime.processes import Program

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>.+)")

STOP_SIGNALS = {"worker": signal.SIGQUIT, "chores": signal.SIGQUIT}
"""A worker's SIGQUIT is Celery's soft shutdown: finish within a limit, give back the rest (Celery 5.7, "Workers")."""

STOP_SECONDS = {"edge": 4.0, "web": 4.0, "worker": 10.0, "chores": 10.0, "beat": 4.0, "sandbox": 1.0}


def read(path: Path = ROOT / "Procfile") -> dict[str, str]:
    """The commands of a Procfile by the name of their process. Raises ``StartupError`` at a line that is none."""
    commands = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        found = LINE.fullmatch(line)
        if found is None:
            raise StartupError(f"{path} has a line that is no process: {line!r}. Write `name: command`.")
        commands[found["name"]] = found["command"]
    return commands


def replace_process(name: str, environ: Mapping[str, str]) -> None:
    """Become the process ``name``: how containers and service managers run one line of the Procfile.

    Raises ``StartupError`` if there is no such line.
    """
    commands = read()
    if name not in commands:
        raise StartupError(f"The Procfile has no {name!r}: choose one of {', '.join(commands)}.")
    if name == "web" and environ.get("CHAT33_WEB_SOCKET"):
        clear_socket(Path(environ["CHAT33_WEB_SOCKET"]))
    os.chdir(ROOT)
    os.execve("/bin/sh", ["sh", "-c", f"exec {commands[name]}"], {**environ, **search_paths(environ)})


def clear_socket(path: Path) -> None:
    """Take away what a killed web server left where the next one will listen; it would not do so itself."""
    if path.is_socket():
        path.unlink()


def programs(layout: Layout, env: Mapping[str, str]) -> list[Program]:
    """The programs of the Procfile with ``env`` added to their environment; a shell fills in the variables."""
    return [
        Program(
            name=name,
            argv=("/bin/sh", "-c", f"exec {command}"),
            log=layout.log_dir / f"{name}.log",
            env=env,
            stop_signal=STOP_SIGNALS.get(name, signal.SIGTERM),
            stop_seconds=STOP_SECONDS.get(name, 3.0),
        )
        for name, command in read().items()
    ]


def environment(layout: Layout, environ: Mapping[str, str], *, host: str, port: int) -> dict[str, str]:
    """What every process of a local instance is told, whatever else the developer's environment says."""
    return {
        "CHAT33_ENV": environ.get("CHAT33_ENV") or "local",
        "CHAT33_DATA_DIR": str(layout.data_dir),
        "CHAT33_SUPERVISED": str(layout.data_dir),
        "PROMETHEUS_MULTIPROC_DIR": str(layout.metrics_dir),
        "CHAT33_HOST": host,
        "PORT": str(port),
        "CHAT33_SANDBOX_PORT": str(port + 1),
        "CHAT33_WEB_SOCKET": str(layout.web_socket),
        "PYTHONUNBUFFERED": "1",
        **search_paths(environ),
    }


def search_paths(environ: Mapping[str, str]) -> dict[str, str]:
    """Where a command of the Procfile finds its programs and our packages: with the Python that runs us."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)]),
        "PYTHONPATH": str(ROOT),
    }
