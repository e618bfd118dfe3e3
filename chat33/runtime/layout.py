"""Where one installation keeps its state: files, sockets, secrets and the addresses of its embedded servers."""

import base64
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from chat33.runtime.errors import StartupError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

SOCKET_PATH_LIMIT = 103
"""Bytes of the longest Unix socket path: ``sun_path`` holds 108 on Linux, 104 on macOS, a closing zero included."""

POSTGRES_SOCKET = ".s.PGSQL.5432"
"""PostgreSQL names its socket after the port (PostgreSQL 18, "Connections and Authentication")."""

DATABASE = "chat33"


@dataclass(frozen=True)
class Layout:
    """The directories and addresses that follow from one data directory; making one touches no disk."""

    data_dir: Path

    @property
    def postgres_dir(self) -> Path:
        """The embedded PostgreSQL's cluster."""
        return self.data_dir / "postgresql" / "18"

    @property
    def redis_dir(self) -> Path:
        """The embedded Redis' append-only file and configuration."""
        return self.data_dir / "redis"

    @property
    def log_dir(self) -> Path:
        """One log file a process."""
        return self.data_dir / "log"

    @property
    def metrics_dir(self) -> Path:
        """What each process has counted since the start."""
        return self.data_dir / "metrics"

    @property
    def run_dir(self) -> Path:
        """What is of use only while something runs: the lock, the record of processes, sockets."""
        return self.data_dir / "run"

    @property
    def state_file(self) -> Path:
        """The processes started and not yet seen to end, with their start times."""
        return self.run_dir / "processes.json"

    @property
    def lock_file(self) -> Path:
        """Locked by whoever starts and stops the processes of this data directory."""
        return self.run_dir / "lock"

    @property
    def beat_schedule(self) -> Path:
        """Celery beat's memory of when it last rang."""
        return self.data_dir / "beat"

    @property
    def media_dir(self) -> Path:
        """Uploaded media, when kept in files."""
        return self.data_dir / "media"

    @property
    def static_dir(self) -> Path:
        """What ``collectstatic`` gathers for the web server."""
        return self.data_dir / "static"

    @property
    def sandbox_dir(self) -> Path:
        """What the sandbox of the networks remembers."""
        return self.data_dir / "sandbox"

    @property
    def demo_file(self) -> Path:
        """The demo organization's addresses and keys, mode 600."""
        return self.data_dir / "demo.json"

    @property
    def secrets_file(self) -> Path:
        """The installation's secrets, mode 600, made on first use."""
        return self.data_dir / "secrets.json"

    @property
    def name(self) -> str:
        """A short name of this data directory that no other one on the machine has."""
        return f"chat33-{hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]}"

    @property
    def socket_dir(self) -> Path:
        """Where the embedded servers listen: in the data directory, or in the temporary one if its path is too long."""
        inside = self.run_dir
        if len(os.fsencode(inside / POSTGRES_SOCKET)) <= SOCKET_PATH_LIMIT:
            return inside
        return Path(tempfile.gettempdir()).resolve() / f"{self.name}-{os.getuid()}"

    @property
    def redis_socket(self) -> Path:
        """The embedded Redis' socket."""
        return self.socket_dir / "redis.sock"

    @property
    def web_socket(self) -> Path:
        """Where Django listens; the edge before it has the port."""
        return self.socket_dir / "web.sock"

    @property
    def database_url(self) -> str:
        """The embedded PostgreSQL for libpq: ``postgresql://chat33@/chat33?host=<socket directory>``."""
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(self.socket_dir), safe='')}"

    @property
    def redis_url(self) -> str:
        """The embedded Redis for redis-py, database 0."""
        return f"unix://{quote(str(self.redis_socket))}?db=0"

    def create(self) -> None:
        """Make the directories, each for this user alone.

        Raises ``StartupError`` if the data directory cannot be written or the socket directory is somebody else's.
        """
        try:
            for path in (self.data_dir, self.postgres_dir.parent, self.redis_dir, self.log_dir, self.run_dir,
                         self.media_dir, self.static_dir, self.sandbox_dir):  # fmt: skip
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.run_dir / ".writable").write_text("")
            (self.run_dir / ".writable").unlink()
        except OSError as error:
            raise StartupError(
                f"The data directory {self.data_dir} cannot be written ({error.strerror}): "
                "make it yours or set CHAT33_DATA_DIR to a directory that is."
            ) from error
        _make_private(self.socket_dir)

    def secret(self, name: str) -> str:
        """One of this installation's secrets: ``secret_key``, ``encryption_key`` (Fernet), ``metrics_token``.

        The file is made on first use; of two processes that make it at once, both read what the first one wrote.
        Raises ``StartupError`` if it cannot be written or read.
        """
        try:
            if not self.secrets_file.exists():
                self._make_secrets()
            return str(json.loads(self.secrets_file.read_text())[name])
        except (OSError, ValueError, KeyError) as error:
            raise StartupError(
                f"{self.secrets_file} cannot be used ({error}): make it readable and writable, or set "
                "CHAT33_SECRET_KEY, CHAT33_ENCRYPTION_KEYS and CHAT33_METRICS_TOKEN."
            ) from error

    def _make_secrets(self) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = {
            "secret_key": secrets.token_urlsafe(48),
            "encryption_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "metrics_token": secrets.token_urlsafe(24),
        }
        descriptor, written = tempfile.mkstemp(dir=self.data_dir, prefix=".secrets-")  # mkstemp's mode is 600
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(json.dumps(fresh, indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                self.secrets_file.hardlink_to(written)  # a rename would overwrite the keys of whoever came first
        finally:
            Path(written).unlink()

    @staticmethod
    def celery_url(redis_url: str) -> str:
        """``redis_url`` as Celery spells it: a socket's scheme and parameter differ (Kombu, "Redis Transport")."""
        parts = urlsplit(redis_url)
        if parts.scheme != "unix":
            return redis_url
        database = dict(parse_qsl(parts.query)).get("db", "0")
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"


def layout(environ: Mapping[str, str] | None = None) -> Layout:
    """The layout that ``CHAT33_DATA_DIR`` asks for (default ``var``); a relative path counts from the checkout."""
    environ = os.environ if environ is None else environ
    return Layout(data_dir=(ROOT / (environ.get("CHAT33_DATA_DIR") or "var")).resolve())


def with_redis_database(redis_url: str, number: int) -> str:
    """``redis_url`` with another database number; in a socket's it is a parameter, else the path."""
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        query = urlencode({**dict(parse_qsl(parts.query)), "db": number})
        return f"unix://{parts.netloc}{parts.path}?{query}"
    return urlunsplit((parts.scheme, parts.netloc, f"/{number}", parts.query, ""))


def _make_private(path: Path) -> None:
    """Make ``path`` a directory of this user that nobody else may enter; in a shared parent it may be a trap."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise StartupError(f"{path} belongs to somebody else: remove it or set CHAT33_DATA_DIR to a shorter path.")
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
