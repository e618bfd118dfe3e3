"""The whole instance as a newcomer meets it: one command up, one signal down, and up again after any death."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests

from chat33.runtime import record
from chat33.runtime.layout import ROOT, Layout
from chat33.runtime.postgres import Postgres
from chat33.runtime.processes import lives, wait_until
from chat33.runtime.redis import EmbeddedRedis
from tests.ports import free_port

NAMES = {"edge", "web", "worker", "chores", "beat", "sandbox", "postgres", "redis"}


class Instance:
    """One ``make run`` on a data directory and a port of its own."""

    def __init__(self, data_dir: Path, port: int, log: Path) -> None:
        self.layout = Layout(data_dir)
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        unset = ("DATABASE_URL", "REDIS_URL", "CHAT33_ENV", "DJANGO_SETTINGS_MODULE")
        env = {name: value for name, value in os.environ.items() if name not in unset}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chat33.runtime", "run"],
                cwd=ROOT,
                env={**env, "CHAT33_DATA_DIR": str(data_dir), "PORT": str(port)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self, seconds: float = 90) -> "Instance":
        shown = wait_until(lambda: "is ready after" in self.said() or self.process.poll() is not None, seconds=seconds)
        assert shown, self.said()
        assert self.process.poll() is None, self.said()
        assert self.ready()
        return self

    def ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=3).status_code == 200
        except requests.ConnectionError:
            return False

    def said(self) -> str:
        return self.log.read_text()

    def pids(self) -> dict[str, int]:
        return {entry.name: entry.pid for entry in record.read(self.layout.state_file)}

    def living(self) -> list[str]:
        """Every process that still works for this instance, however it was started."""
        found = [*Postgres(self.layout).leftovers(), *EmbeddedRedis(self.layout).leftovers()]
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("CHAT33_SUPERVISED") == str(self.layout.data_dir):
                    found.append(process)
        return [str(process) for process in found if lives(process)]

    def posts(self, key: str) -> list[str]:
        reply = requests.get(f"{self.url}/api/v1/posts", headers={"x-api-key": key}, timeout=5)
        reply.raise_for_status()
        return [item["id"] for item in reply.json()["items"]]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to end; the seconds that took."""
        asked = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
        return time.monotonic() - asked


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    running = Instance(tmp_path / "data", free_port(), tmp_path / "said")
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def again(instance: Instance) -> Instance:
    port = int(instance.url.rpartition(":")[2])
    return Instance(instance.layout.data_dir, port, instance.log.with_suffix(".again"))


@pytest.mark.fault
def test_the_printed_command_publishes_a_post_and_a_second_start_still_has_it(instance: Instance) -> None:
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # others on this machine slow everybody down
    instance.wait_ready()
    after = re.search(r"is ready after ([\d.]+) s", instance.said())
    assert after is not None
    assert float(after[1]) < 20 * crowd
    command = re.search(r"curl .*?}'", instance.said(), re.DOTALL)
    assert command is not None
    answer = subprocess.run(
        ["/bin/sh", "-c", f"{command[0]} -sS"], capture_output=True, text=True, check=True, timeout=20
    )
    post = json.loads(answer.stdout)["posts"][0]["id"]
    key = json.loads(instance.layout.demo_file.read_text())["api_key"]
    address = f"{instance.url}/api/v1/posts/{post}"

    def published() -> bool:
        return bool(requests.get(address, headers={"x-api-key": key}, timeout=5).json()["status"] == "PUBLISHED")

    assert wait_until(published, seconds=15, every=0.2)
    assert instance.stop() < 15
    assert instance.process.returncode == 0
    assert instance.living() == []

    second = again(instance).wait_ready()
    try:
        assert second.posts(key)[0] == post
    finally:
        second.stop(signal.SIGINT)
    assert second.living() == []


@pytest.mark.fault
def test_after_a_kill_of_the_supervisor_the_next_start_recovers_by_itself(instance: Instance) -> None:
    instance.wait_ready()
    left = instance.pids()
    assert set(left) == NAMES
    instance.process.kill()
    instance.process.wait()
    assert psutil.pid_exists(left["postgres"])

    second = again(instance).wait_ready()
    try:
        assert not {left[name] for name in left} & {second.pids()[name] for name in NAMES}
        assert "Ended what an earlier start left running" in second.said()
    finally:
        second.stop()
    assert second.living() == []


@pytest.mark.fault
def test_after_everything_was_killed_at_once_the_next_start_recovers_by_itself(instance: Instance) -> None:
    instance.wait_ready()
    os.kill(instance.process.pid, signal.SIGKILL)
    for pid in instance.pids().values():
        os.killpg(pid, signal.SIGKILL)
    instance.process.wait()
    second = again(instance).wait_ready()
    second.stop()
    assert second.living() == []


@pytest.mark.fault
@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_killed_part_comes_back_and_the_instance_is_ready_again(instance: Instance, name: str) -> None:
    instance.wait_ready()
    killed = instance.pids()[name]
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: instance.pids().get(name, killed) != killed, seconds=4)
    assert wait_until(instance.ready, seconds=20, every=0.2)
    time.sleep(1)
    assert instance.ready()


@pytest.mark.fault
def test_a_worker_that_lives_but_does_nothing_is_started_anew(instance: Instance) -> None:
    instance.wait_ready()
    stuck = instance.pids()["worker"]
    os.kill(stuck, signal.SIGSTOP)
    assert wait_until(lambda: instance.pids().get("worker", stuck) != stuck, seconds=150, every=1)
    assert "worker runs but does nothing that could be heard." in instance.said()
    assert wait_until(instance.ready, seconds=20, every=0.2)


def test_a_port_in_use_is_told_in_one_line_with_who_has_it_and_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refused(tmp_path, PORT=str(port))
    assert told.startswith(f"chat33: Port {port}, for the web, is in use by process {os.getpid()} ")
    assert "choose another, as in `make run PORT=9000`" in told


def test_a_port_that_is_no_port_is_told_in_one_line(tmp_path: Path) -> None:
    assert "PORT is 'http': set it to a number" in refused(tmp_path, PORT="http")


def test_an_unwritable_data_directory_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    told = refused(tmp_path)
    assert "cannot be written" in told
    assert "set CHAT33_DATA_DIR" in told


def test_a_second_start_on_the_same_data_directory_is_told_who_runs_there(instance: Instance) -> None:
    assert wait_until(lambda: instance.layout.state_file.exists(), seconds=60)
    told = refused(instance.layout.data_dir.parent)
    assert f"is in use by process {instance.process.pid}: end it, or set CHAT33_DATA_DIR and PORT" in told


def test_a_signal_during_the_start_ends_it_in_order(instance: Instance) -> None:
    assert wait_until(lambda: "postgres" in instance.pids(), seconds=60)
    assert instance.stop() < 15
    assert "Stopped before it was ready." in instance.said()
    assert instance.living() == []


def refused(directory: Path, **env: str) -> str:
    """The one line of a start that cannot be."""
    done = subprocess.run(
        [sys.executable, "-m", "chat33.runtime", "run"],
        cwd=ROOT,
        env={**os.environ, "CHAT33_DATA_DIR": str(directory / "data"), "PORT": str(free_port()), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr
