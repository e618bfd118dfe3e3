"""What runs is started again when it dies, and ends in order when asked, with everything that it started."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from math import ceil
from pathlib import Path

import psutil
import pytest

from chat33.runtime import record
from chat33.runtime.errors import StartupError
from chat33.runtime.layout import Layout
from chat33.runtime.logs import shorten
from chat33.runtime.processes import Child, Program, lives, wait_until
from chat33.runtime.supervisor import STOP_ORDER, Supervisor, supervising


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data")
    made.create()
    return made


@pytest.fixture
def supervisor(layout: Layout) -> Iterator[Supervisor]:
    with supervising(layout, lambda _: None) as running:
        yield running


def shell(layout: Layout, name: str, script: str, **more: object) -> Callable[[], Program]:
    program = Program(name, ("/bin/sh", "-c", script), layout.log_dir / f"{name}.log", env=marks(layout), **more)  # type: ignore[arg-type]
    return lambda: program


def marks(layout: Layout) -> dict[str, str]:
    return {"CHAT33_SUPERVISED": str(layout.data_dir)}


def pid_of(supervisor: Supervisor, name: str) -> int:
    child = supervisor.units[name].child
    return child.process.pid if child is not None else 0


def end(child: Child) -> None:
    child.process.kill()
    child.process.wait()


def ticking(supervisor: Supervisor, happened: Callable[[], bool], *, seconds: float = 30) -> bool:
    def tick() -> bool:
        supervisor.tick(time.monotonic())
        return happened()

    return wait_until(tick, seconds=seconds)


def test_a_killed_process_is_running_again_within_two_seconds(layout: Layout, supervisor: Supervisor) -> None:
    first = supervisor.start("worker", shell(layout, "worker", "exec sleep 60"))
    end(first)
    now = supervisor.units["worker"].started
    supervisor.tick(now)
    supervisor.tick(now + 2)
    assert pid_of(supervisor, "worker") not in (0, first.process.pid)
    assert [entry.pid for entry in record.read(layout.state_file)] == [pid_of(supervisor, "worker")]


def test_what_a_killed_process_had_started_does_not_outlive_it(layout: Layout, supervisor: Supervisor) -> None:
    log = layout.log_dir / "web.log"
    first = supervisor.start("web", shell(layout, "web", "sleep 60 & echo $!; wait"))
    assert wait_until(lambda: bool(log.read_text().strip()), seconds=30)
    helper = psutil.Process(int(log.read_text().split()[0]))
    first.process.kill()
    assert ticking(supervisor, lambda: pid_of(supervisor, "web") not in (0, first.process.pid))
    assert wait_until(lambda: not lives(helper), seconds=30)


def test_one_that_keeps_dying_is_tried_less_and_less_often(layout: Layout, supervisor: Supervisor) -> None:
    last = supervisor.start("worker", shell(layout, "worker", "exec sleep 60"))
    begun, starts = ceil(supervisor.units["worker"].started), []
    for eighth in range(140):
        end(last)
        supervisor.tick(begun + eighth / 8)
        if (child := supervisor.units["worker"].child) is not None:
            last = child
            starts.append(eighth / 8)
    assert starts == [0.125, 0.75, 1.875, 4.0, 8.125, 12.25, 16.375]


def test_all_end_in_order_whoever_uses_something_first(layout: Layout, supervisor: Supervisor) -> None:
    journal = layout.data_dir / "journal"
    names = [name for stage in STOP_ORDER for name in stage if name != "setup"]
    for name in names:
        script = f"trap 'sleep 0.2; echo {name} >> {journal}; exit' TERM; echo up; while :; do sleep 0.05; done"
        supervisor.start(name, shell(layout, name, script, stop_seconds=60.0))
    ready = [layout.log_dir / f"{name}.log" for name in names]
    assert wait_until(lambda: all("up" in path.read_text() for path in ready), seconds=30)
    supervisor.stop(seconds=240)
    ended = journal.read_text().split()
    assert set(ended[:5]) == {"edge", "web", "beat", "worker", "chores"}
    assert ended[5:] == ["sandbox", "redis", "postgres"]
    assert record.read(layout.state_file) == []


def _is_up(layout: Layout, name: str) -> bool:
    return "up" in (layout.log_dir / f"{name}.log").read_text()


def test_stopping_takes_no_longer_than_its_limit_whatever_the_processes_want(layout: Layout) -> None:
    with supervising(layout, lambda _: None) as supervisor:
        pids = []
        for name in ("web", "worker", "sandbox", "redis", "postgres"):
            script = "trap '' TERM; echo up; while :; do sleep 0.05; done"
            pids.append(supervisor.start(name, shell(layout, name, script, stop_seconds=60.0)).process.pid)
            assert wait_until(partial(_is_up, layout, name), seconds=30)
        asked = time.monotonic()
        supervisor.stop(seconds=3.5)
        assert time.monotonic() - asked < 3.5 + 10
        assert not any(psutil.pid_exists(pid) for pid in pids)


def test_what_a_killed_supervisor_left_running_is_ended_by_the_next(layout: Layout) -> None:
    killed = Supervisor(layout, lambda _: None)
    alive = killed.start("worker", shell(layout, "worker", "exec sleep 60"))
    orphaned = killed.start("web", shell(layout, "web", "sleep 60 & echo $!; wait"))
    log = layout.log_dir / "web.log"
    assert wait_until(lambda: bool(log.read_text().strip()), seconds=30)
    helper = psutil.Process(int(log.read_text().split()[0]))
    orphaned.process.kill()
    orphaned.process.wait()

    assert record.end_recorded(layout, order=STOP_ORDER, seconds=2) == ["web", "worker"]
    assert alive.process.poll() is not None
    assert not lives(helper)


def test_a_stranger_who_has_the_number_of_a_recorded_process_is_left_alone(layout: Layout) -> None:
    killed = Supervisor(layout, lambda _: None)
    stranger = killed.start("worker", shell(layout, "worker", "exec sleep 60"))
    written = layout.state_file.read_text()
    layout.state_file.write_text(written.replace(str(stranger.identity.created), str(stranger.identity.created - 100)))
    other = Layout(layout.data_dir.parent / "other")
    other.create()
    other.state_file.write_text(layout.state_file.read_text())
    try:
        assert record.end_recorded(other, order=STOP_ORDER, seconds=2) == []
        assert stranger.process.poll() is None
    finally:
        stranger.stop()


def test_a_record_that_was_cut_short_does_not_stop_a_start(layout: Layout) -> None:
    layout.state_file.write_text('[{"name": "web", "pi')
    assert record.end_recorded(layout, order=STOP_ORDER, seconds=1) == []


def test_a_step_that_fails_tells_its_last_words(layout: Layout, supervisor: Supervisor) -> None:
    failing = shell(layout, "setup", "echo 'no such column'; exit 1")()
    with pytest.raises(StartupError, match=r"setup failed: see .*setup\.log[\s\S]*no such column"):
        supervisor.run_once(failing, check=lambda: None)


def test_a_server_that_cannot_be_prepared_again_is_tried_on_and_told(layout: Layout) -> None:
    told: list[str] = []
    prepared = [shell(layout, "redis", "exec sleep 0.1")()]

    def prepare() -> Program:
        if not prepared:
            raise StartupError("no space left")
        return prepared.pop()

    with supervising(layout, told.append) as supervisor:
        supervisor.start("redis", prepare)
        ticking(supervisor, lambda: len(told) >= 2)
    assert "redis ended with status 0; starting it again" in told[0]
    assert "redis could not be started again, trying on: no space left" in told[1]


def test_a_long_log_is_cut_and_its_writer_writes_on(layout: Layout, supervisor: Supervisor) -> None:
    log = layout.log_dir / "web.log"
    supervisor.start("web", shell(layout, "web", "while :; do echo 0123456789; sleep 0.01; done"))
    assert wait_until(lambda: log.stat().st_size > 200, seconds=30)
    shorten(log, limit=100)
    assert log.with_name("web.log.1").stat().st_size > 200
    assert wait_until(lambda: log.stat().st_size > 0, seconds=30)
    assert log.read_bytes().startswith(b"0123456789\n")
