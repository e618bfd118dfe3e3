"""One data directory decides every path and address, and secrets are made once and for us alone."""

import os
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from chat33.runtime.errors import StartupError
from chat33.runtime.layout import ROOT, Layout, layout, with_redis_database


def test_the_data_directory_is_var_unless_the_environment_says_otherwise() -> None:
    assert layout({}).data_dir == ROOT / "var"
    assert layout({"CHAT33_DATA_DIR": "elsewhere"}).data_dir == ROOT / "elsewhere"
    assert layout({"CHAT33_DATA_DIR": "/srv/chat33"}).data_dir == Path("/srv/chat33")


def test_addresses_are_the_same_whoever_asks() -> None:
    found = Layout(Path("/srv/chat33"))
    assert found.database_url == "postgresql://chat33@/chat33?host=%2Fsrv%2Fchat33%2Frun"
    assert found.redis_url == "unix:///srv/chat33/run/redis.sock?db=0"


@pytest.mark.parametrize(
    ("redis_url", "celery_spelling"),
    [
        ("unix:///srv/run/redis.sock?db=3", "redis+socket:///srv/run/redis.sock?virtual_host=3"),
        ("unix:///srv/run/redis.sock", "redis+socket:///srv/run/redis.sock?virtual_host=0"),
        ("rediss://user:word@host:6380/1", "rediss://user:word@host:6380/1"),
    ],
)
def test_celery_reads_the_same_redis_by_its_own_spelling(redis_url: str, celery_spelling: str) -> None:
    assert Layout.celery_url(redis_url) == celery_spelling


def test_each_test_process_has_a_redis_database_of_its_own() -> None:
    assert with_redis_database("unix:///srv/run/redis.sock?db=0", 2) == "unix:///srv/run/redis.sock?db=2"
    assert with_redis_database("redis://host:6379/0", 2) == "redis://host:6379/2"


def test_sockets_move_to_the_temporary_directory_when_their_path_would_be_too_long(tmp_path: Path) -> None:
    deep = Layout(tmp_path / ("d" * 120))
    other = Layout(tmp_path / ("e" * 120))
    deep.create()
    assert len(os.fsencode(deep.redis_socket)) < 104
    assert deep.socket_dir.stat().st_mode & 0o777 == 0o700
    assert deep.socket_dir != other.socket_dir


def test_a_socket_directory_that_somebody_laid_out_beforehand_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = Layout(tmp_path / ("d" * 120))
    deep.socket_dir.symlink_to(tmp_path)
    with pytest.raises(StartupError, match="belongs to somebody else: remove it or set CHAT33_DATA_DIR"):
        deep.create()


def test_a_data_directory_that_cannot_be_written_is_told_in_one_line_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError) as told:
        Layout(tmp_path / "file" / "data").create()
    assert "set CHAT33_DATA_DIR" in str(told.value)
    assert "\n" not in str(told.value)


def test_secrets_are_made_once_kept_and_closed_to_others(tmp_path: Path) -> None:
    found = Layout(tmp_path / "data")
    first = {name: found.secret(name) for name in ("secret_key", "encryption_key", "metrics_token")}
    assert {name: found.secret(name) for name in first} == first
    assert found.secrets_file.stat().st_mode & 0o777 == 0o600
    assert len(set(first.values())) == 3
    assert Layout(tmp_path / "another").secret("secret_key") != first["secret_key"]
    message = b"kept"
    assert Fernet(first["encryption_key"]).decrypt(Fernet(first["encryption_key"]).encrypt(message)) == message


def test_processes_that_make_the_secrets_at_the_same_time_agree(tmp_path: Path) -> None:
    found = Layout(tmp_path / "data")
    barrier = threading.Barrier(8)
    seen = []

    def read() -> None:
        barrier.wait()
        seen.append(found.secret("secret_key"))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1
    assert [path.name for path in found.data_dir.iterdir()] == ["secrets.json"]


def test_a_broken_secrets_file_is_told_with_what_to_do_and_never_replaced(tmp_path: Path) -> None:
    found = Layout(tmp_path / "data")
    found.secret("secret_key")
    found.secrets_file.write_text("{")
    with pytest.raises(StartupError, match=r"secrets\.json cannot be used .*set CHAT33_SECRET_KEY"):
        found.secret("secret_key")
    assert found.secrets_file.read_text() == "{"
