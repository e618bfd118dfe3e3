"""A decoder that was taken over by the file it reads finds no memory, no time, no file, no socket and no secret."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from posts import confined
from posts.confined import UnreadableMedia, decode


def inside(attempt: str, *, cpu: int = 5) -> subprocess.CompletedProcess[bytes]:
    """What becomes of an attempt that is made after the decoder has given up its means."""
    script = (
        f"import os, socket, sys\nfrom posts import decoder\ndecoder.confine(cpu={cpu})\n{textwrap.dedent(attempt)}"
    )
    return subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd')",
        "open('/tmp/loot', 'w')",
        "os.open('/etc/passwd', os.O_RDONLY)",
        "socket.socket()",
        "os.pipe()",
        "bytearray(2 << 30)",
        "__import__('resource').setrlimit(__import__('resource').RLIMIT_CPU, (99, 99)) if os.getuid() else 1 / 0",
    ],
)
def test_what_it_can_no_longer_do(attempt: str) -> None:
    done = inside(
        f"try:\n    {attempt}\nexcept (OSError, MemoryError, ValueError, ZeroDivisionError):\n    print('no')"
    )
    assert done.stdout.strip() == b"no", done.stderr


def test_it_cannot_fill_the_disk(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        script = "import os\nfrom posts import decoder\ndecoder.confine(cpu=5)\nos.write(1, b'loot')"
        done = subprocess.run([sys.executable, "-c", script], stdout=out, stderr=subprocess.PIPE, check=False)
    assert done.returncode != 0
    assert (tmp_path / "out").stat().st_size == 0


def test_it_dies_when_its_time_is_up() -> None:
    # without the alarm, which on a busy machine might come first
    done = inside("import signal\nsignal.alarm(0)\nwhile True: pass", cpu=1)
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)


def test_it_dies_when_it_waits_for_ever() -> None:
    # the alarm that is set is told, and goes off sooner than it would
    done = inside("import signal, time\nprint(signal.alarm(1), flush=True)\ntime.sleep(60)")
    assert 0 < int(done.stdout) <= 20
    assert done.returncode == -signal.SIGALRM


def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> bytes:
    """The decoder replaced by another program."""
    program = tmp_path / "program.py"
    program.write_text(script)
    monkeypatch.setattr(confined, "_DECODER", program)
    with program.open("rb") as file:
        return decode("jpeg", file, content_type="image/jpeg")[1]


def test_it_is_told_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:very-secret@host/")
    told = played(monkeypatch, tmp_path, "import os, sys; print('{}'); print(dict(os.environ), sys.path)")
    assert b"secret" not in told.lower()
    assert b"PATH" in told


@pytest.mark.parametrize("end", ["os.abort()", "os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 11)"])
def test_a_decoder_that_crashes_is_a_file_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str
) -> None:
    with pytest.raises(UnreadableMedia) as caught:
        played(monkeypatch, tmp_path, f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); {end}")
    assert caught.value.code == "MEDIA_TOO_COMPLEX"


def test_a_decoder_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(confined, "_WALL", 0.5)
    started = time.monotonic()
    with pytest.raises(UnreadableMedia) as caught:
        played(monkeypatch, tmp_path, "import time; time.sleep(60)")
    assert caught.value.code == "MEDIA_TOO_COMPLEX"
    assert time.monotonic() - started < 30


def test_a_decoder_that_does_not_work_is_our_fault_and_not_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="no module of that name"):
        played(monkeypatch, tmp_path, "raise SystemExit('no module of that name')")
