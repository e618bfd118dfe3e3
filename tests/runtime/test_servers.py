"""The embedded servers start, stop, keep what they were given, and come back after any death."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis

from chat33.runtime.errors import StartupError
from chat33.runtime.layout import ROOT, Layout
from chat33.runtime.postgres import Postgres
from chat33.runtime.redis import EmbeddedRedis
from chat33.runtime.servers import RunningServers
from chat33.runtime.unprivileged import give, owner_for

NONE_GIVEN: dict[str, str] = {}


def run(layout: Layout) -> RunningServers:
    return RunningServers(layout, environ=NONE_GIVEN)


def remember(layout: Layout, word: str) -> None:
    with psycopg.connect(layout.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])
    with Redis.from_url(layout.redis_url, single_connection_client=True) as redis:
        redis.rpush("words", word)
        assert redis.waitaof(1, 0, 60_000) == [1, 0]  # on disk, which it is within a second


def remembered(layout: Layout) -> tuple[list[str], list[str]]:
    with psycopg.connect(layout.database_url) as connection:
        rows = [row[0] for row in connection.execute("SELECT word FROM words ORDER BY word")]
    words = Redis.from_url(layout.redis_url, decode_responses=True).lrange("words", 0, -1)
    return rows, sorted(str(word) for word in words)


def living(layout: Layout) -> list[psutil.Process]:
    return [*Postgres(layout).leftovers(), *EmbeddedRedis(layout).leftovers()]


def test_what_was_stored_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with run(layout):
        remember(layout, "first")
    assert living(layout) == []
    with run(layout):
        assert remembered(layout) == (["first"], ["first"])


def test_a_start_ends_servers_that_a_killed_one_left_running_and_loses_nothing(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    abandoned = run(layout)
    abandoned.__enter__()
    remember(layout, "before")
    left = [child.process.pid for child in abandoned.children.values()]
    abandoned.lock.release()  # all that a kill -9 of the starter does

    with run(layout) as running:
        assert remembered(layout) == (["before"], ["before"])
        assert not {child.process.pid for child in running.children.values()} & set(left)
    for child in abandoned.children.values():
        assert child.process.wait(60) is not None


def test_killed_servers_start_again_over_their_stale_sockets_and_pid_files(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with run(layout) as running:
        remember(layout, "before")
        for child in running.children.values():
            child.process.kill()
    with subprocess.Popen(["sleep", "60"]) as stranger:  # the number in the lock is somebody's again
        (layout.postgres_dir / "postmaster.pid").write_text(f"{stranger.pid}\n{layout.postgres_dir}\n0\n5432\n")
        with run(layout):
            assert remembered(layout) == (["before"], ["before"])
        stranger.kill()


def test_the_servers_cannot_be_reached_over_the_network_nor_by_other_users(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with run(layout):
        for process in living(layout):
            with suppress(psutil.NoSuchProcess, FileNotFoundError):  # PostgreSQL's workers come and go
                assert [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
        assert layout.socket_dir.stat().st_mode & 0o077 == 0
        assert layout.postgres_dir.stat().st_mode & 0o077 == 0


def test_chat33_is_no_superuser_and_what_it_commits_is_on_disk(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with run(layout), psycopg.connect(layout.database_url) as connection:
        role = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
        assert role == (False, True)
        settings = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")}
        assert settings == {"fsync": ("on",), "synchronous_commit": ("on",)}
        assert Redis.from_url(layout.redis_url).config_get("append*")["appendonly"] == "yes"


def test_a_data_directory_with_a_long_path_works(tmp_path: Path) -> None:
    layout = Layout(tmp_path / ("long-" * 30) / 'it\'s "here"')
    with run(layout):
        remember(layout, "far away")
        assert remembered(layout) == (["far away"], ["far away"])
        assert layout.socket_dir.stat().st_mode & 0o777 == 0o700


def test_servers_that_the_environment_names_are_not_embedded(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/chat33", "REDIS_URL": "redis://elsewhere"}
    with RunningServers(Layout(tmp_path / "data"), environ=given) as running:
        assert running.children == {}


def test_a_second_starter_is_told_who_holds_the_data_directory(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with run(layout), pytest.raises(StartupError, match=f"in use by process {os.getpid()}: end it, or set CHAT33"):
        run(layout).__enter__()


def test_a_server_that_cannot_start_tells_its_last_words(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with run(layout):
        pass
    (layout.postgres_dir / "postgresql.auto.conf").write_text("work_mem = 'a lot'\n")
    with pytest.raises(StartupError, match=r"postgres did not start .*postgresql\.auto\.conf.*see .*postgres\.log"):
        run(layout).__enter__()
    assert living(layout) == []


@pytest.mark.skipif(os.getuid() != 0 or not sys.platform.startswith("linux"), reason="only root has to become another")
class TestAsRoot:
    def test_the_servers_run_in_a_directory_closed_to_everyone_but_root(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        layout = Layout(home / "data")
        with run(layout):
            remember(layout, "kept")
            assert remembered(layout) == (["kept"], ["kept"])

    def test_a_cluster_of_another_user_is_run_as_that_user(self, tmp_path: Path) -> None:
        """The way inside containers, where a user namespace is refused and the files are given to an account."""
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        layout = Layout(home / "data")
        with run(layout):
            remember(layout, "before")
        owner = owner_for(layout.postgres_dir)
        assert owner is not None
        given = type(owner)(owner.account_uid, owner.account_gid, owner.account_uid, owner.account_gid)
        give(layout.postgres_dir, given)

        with run(layout) as running:
            assert psutil.Process(running.children["postgres"].process.pid).uids().effective == given.uid
            remember(layout, "later")
            assert remembered(layout)[0] == ["before", "later"]

    def test_the_servers_run_in_a_container_that_refuses_namespaces(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        script = (
            "import psycopg\n"
            "from pathlib import Path\n"
            "from chat33.runtime.layout import Layout\n"
            "from chat33.runtime.servers import RunningServers\n"
            f"layout = Layout(Path({str(home / 'data')!r}))\n"
            "for _ in range(2):\n"
            "    with RunningServers(layout, environ={}) as running:\n"
            "        psycopg.connect(layout.database_url).execute('SELECT 1')\n"
            "        pid = running.children['postgres'].process.pid\n"
            "        print(Path(f'/proc/{pid}/status').read_text())\n"
        )
        command = [sys.executable, "-m", "tests.runtime.contained", sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, cwd=ROOT)
        if done.returncode == 77:
            pytest.skip("no namespace to contain anything in")
        assert done.returncode == 0, done.stderr
        owner = owner_for(home / "data" / "postgresql" / "18")
        assert owner is not None
        assert owner.uid == owner.account_uid
        assert done.stdout.count(f"Uid:\t{owner.uid}\t") == 2
        assert done.stdout.count("CapEff:\t0000000000000002\n") == 2

    def test_no_process_of_postgresql_keeps_the_powers_of_root(self, tmp_path: Path) -> None:
        layout = Layout(tmp_path / "data")
        with run(layout) as running:
            status = Path(f"/proc/{running.children['postgres'].process.pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert int(fields["CapEff"], 16) == 0


def test_stopping_ends_a_server_that_does_not_want_to(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with run(layout) as running:
        redis = running.children["redis"]
        redis.process.send_signal(signal.SIGSTOP)
        limit = sum(child.program.stop_seconds for child in running.children.values())
        asked = time.monotonic()
    assert time.monotonic() - asked < limit + 10
    assert redis.process.returncode == -signal.SIGKILL
    assert living(layout) == []
