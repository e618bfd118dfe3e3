"""The Procfile is the one list of commands, and each can be run alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chat33.celery import app
from chat33.runtime import procfile
from chat33.runtime.errors import StartupError
from chat33.runtime.layout import ROOT, Layout


def runtime(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chat33.runtime", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_procfile_names_the_six_processes() -> None:
    assert list(procfile.read()) == ["edge", "web", "worker", "chores", "beat", "sandbox"]


def test_a_line_that_is_no_process_is_told(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("# comment\n\nweb: serve\nnonsense\n")
    with pytest.raises(StartupError, match=r"'nonsense'\. Write `name: command`"):
        procfile.read(tmp_path / "Procfile")


def test_workers_listen_to_every_queue_that_a_task_is_sent_to() -> None:
    lines = " ".join(procfile.read().values())
    queues = ",".join(re.findall(r"CHAT33_(?:WORKER|CHORES)_QUEUES:-([\w,]+)", lines))
    app.loader.import_default_modules()
    used = {
        getattr(task, "queue", None) or "default" for name, task in app.tasks.items() if not name.startswith("celery.")
    }
    assert used
    assert used <= set(queues.split(","))


def test_the_processes_are_told_where_they_run(tmp_path: Path) -> None:
    env = procfile.environment(Layout(tmp_path), {"PATH": "/bin"}, host="127.0.0.1", port=9000)
    assert (env["PORT"], env["CHAT33_SANDBOX_PORT"], env["CHAT33_ENV"]) == ("9000", "9001", "local")
    assert env["PATH"] == f"{Path(sys.executable).parent}{os.pathsep}/bin"


def test_exec_becomes_the_process_of_that_name() -> None:
    help_of_granian = runtime("exec", "web", CHAT33_HOST="--help")
    assert help_of_granian.returncode != 0
    assert "granian" in help_of_granian.stderr


def test_exec_of_an_unknown_name_tells_the_known_ones() -> None:
    told = runtime("exec", "mail")
    assert told.returncode == 1
    assert (
        told.stderr == "chat33: The Procfile has no 'mail': choose one of edge, web, worker, chores, beat, sandbox.\n"
    )


def test_healthy_says_no_where_nobody_answers() -> None:
    assert runtime("healthy", PORT="1").returncode == 1
