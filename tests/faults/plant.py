"""A whole Chat33 in processes of its own, to be hurt: servers, sandbox, edge, web, workers, beat, each killable by name.

A dead worker is started again by ``tend``, as the supervisor does in a real installation. What counts is what became
visible at the sandbox, not what our own rows say.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import requests
from celery import Celery
from redis import Redis

from chat33.runtime.layout import ROOT, Layout
from chat33.runtime.ports import require_free
from chat33.runtime.processes import Child, Program, signal_group
from chat33.runtime.procfile import clear_socket
from chat33.runtime.servers import RunningServers

PLATFORMS = ("instagram", "facebook", "tiktok", "youtube", "x")
TERMINAL = ("PUBLISHED", "FAILED", "CANCELLED")


class Plant:
    """The processes, and the doors into them."""

    def __init__(self, data_dir: Path, port: int, environ: Mapping[str, str]) -> None:
        self.layout = Layout(data_dir)
        self.port = port
        self.url, self.sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
        self.failpoints = data_dir / "failpoints"
        self.failpoints.mkdir(parents=True, exist_ok=True)
        self.environ = {
            "CHAT33_ENV": "local",
            "CHAT33_DATA_DIR": str(data_dir),
            "CHAT33_FAILPOINTS": str(self.failpoints),
            "CHAT33_LEASE_SECONDS": "3",
            "CHAT33_LIMIT_POSTS": "off",
            "CHAT33_LIMIT_MEDIA": "off",
            "CHAT33_LIMIT_API": "off",
            "CHAT33_LIMIT_EVENTS": "off",
            "CHAT33_LIMIT_PIXEL": "off",
            "CHAT33_WEB_SOCKET": str(self.layout.web_socket),
            **{f"CHAT33_DAILY_{platform.upper()}": "off" for platform in PLATFORMS},
            "PORT": str(port),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": "",
            "REDIS_URL": "",
            **environ,
        }
        self.children: dict[str, Child] = {}
        self.deaths = 0
        self.facts: dict[str, Any] = {}
        self.servers: RunningServers | None = None

    # Processes

    def start(self, name: str) -> Child:
        """Start a process by its name: edge, web, sandbox, beat, worker, or one of those with a suffix (worker-2)."""
        kind = name.partition("-")[0]
        python = sys.executable
        commands = {
            "edge": (python, "-m", "uvicorn", "--factory", "tracking.edge.app:make", "--host", "127.0.0.1",
                     "--port", str(self.port), "--loop", "uvloop", "--http", "tracking.edge.joined:Protocol", "--ws", "none",
                     "--no-access-log", "--no-proxy-headers", "--log-level", "warning"),
            "web": (python, "-m", "granian", "--interface", "wsgi", "--no-ws", "chat33.wsgi:application",
                    "--uds", str(self.layout.web_socket), "--workers", "1", "--blocking-threads", "4"),
            "sandbox": (python, "-m", "integrations.sandbox", "--port", str(self.port + 1),
                        "--data", str(self.layout.sandbox_dir)),
            "worker": (python, "-m", "celery", "-A", "chat33", "worker", "--pool", "threads", "--concurrency", "16",
                       "--without-gossip", "--without-mingle", "--queues", "publish"),
            "chores": (python, "-m", "celery", "-A", "chat33", "worker", "--pool", "threads", "--concurrency", "4",
                       "--without-gossip", "--without-mingle", "--queues", "callbacks,default"),
            "beat": (python, "-m", "celery", "-A", "chat33", "beat", "--pidfile=",
                     "--schedule", str(self.layout.data_dir / f"{name}.schedule")),
        }  # fmt: skip
        if kind == "web":
            clear_socket(self.layout.web_socket)
        program = Program(name=name, argv=commands[kind], log=self.layout.log_dir / f"{name}.log", env=self.environ)
        self.children[name] = Child(program)
        return self.children[name]

    def kill(self, name: str) -> None:
        """SIGKILL, the whole group."""
        signal_group(self.children[name].process.pid, signal.SIGKILL)
        self.children[name].process.wait()

    def tend(self) -> None:
        """Start again what has died."""
        for name, child in list(self.children.items()):
            if child.exit_code() is not None:
                self.deaths += 1
                self.start(name)

    def redis(self) -> Redis:
        """The broker, behind everyone's back."""
        return Redis(unix_socket_path=str(self.layout.redis_socket))

    def ring(self, times: int) -> None:
        """Send the message that wakes a publisher, several times."""
        app = Celery(broker=self.layout.celery_url(self.layout.redis_url))
        with app.connection_for_write() as connection:
            for _ in range(times):
                app.send_task("posts.publish_due_posts", queue="publish", connection=connection, ignore_result=True)

    def manage(self, *command: str) -> str:
        """A management command's output."""
        argv = (sys.executable, "manage.py", *command)
        run = subprocess.run(
            argv, cwd=ROOT, env={**os.environ, **self.environ}, capture_output=True, text=True, check=True
        )
        return run.stdout

    # The database, behind everyone's back

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says; patient while it restarts."""
        until = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(self.layout.database_url, connect_timeout=2) as connection:
                    return list(connection.execute(query.encode()).fetchall())
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    # The doors

    def post(self, platform: str, text: str, **more: Any) -> requests.Response:
        """``POST /posts`` for the demo's account on a platform."""
        account = next(account["id"] for account in self.facts["accounts"] if account["platform"] == platform)
        body = {"accountIds": [account], "text": text, **self.media(platform), **more}
        return requests.post(
            f"{self.url}/api/v1/posts", json=body, headers={"x-api-key": self.facts["api_key"]}, timeout=15
        )

    def media(self, platform: str) -> dict[str, Any]:
        """The least a platform asks for."""
        if platform in ("x", "facebook"):
            return {}
        kind = "image" if platform == "instagram" else "video"
        return {"mediaUrls": [self.facts["media"][kind]], "mediaType": kind}

    def upload(self, name: str, body: bytes) -> str:
        """Take a file in and give its address."""
        reply = requests.post(
            f"{self.url}/api/v1/media/upload", files={"file": (name, body)},
            headers={"x-api-key": self.facts["api_key"]}, timeout=30,
        )  # fmt: skip
        reply.raise_for_status()
        return str(reply.json()["url"])

    def control(self, method: str, path: str, **options: Any) -> Any:
        """The sandbox's control doors."""
        reply = requests.request(method, f"{self.sandbox_url}/_control/{path}", timeout=15, **options)
        reply.raise_for_status()
        return reply.json()

    def visible(self) -> list[dict[str, Any]]:
        """What the public sees."""
        return list(self.control("GET", "posts")["items"])

    def arm(self, point: str) -> None:
        """Let the next process that reaches the point die there."""
        (self.failpoints / point).touch()

    def armed(self) -> list[str]:
        """The points that nobody has reached."""
        return sorted(path.name for path in self.failpoints.iterdir())

    # Waiting

    def wait(self, done: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Tend the processes until something is true. Fails the test when it never is."""
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, f"{what}: not within {seconds:g} s. {self.summary()}"
            self.tend()
            time.sleep(0.2)

    def settle(self, *, seconds: float) -> None:
        """Until no post is on its way any more."""
        query = f"SELECT count(*) FROM posts_post WHERE status NOT IN {TERMINAL}"
        self.wait(lambda: self.rows(query)[0][0] == 0, seconds=seconds, what="posts settled")

    def summary(self) -> str:
        """Where the posts stand, for a failure's message."""
        return str(
            self.rows("SELECT status, error_code, step, count(*) FROM posts_post GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
        )

    def ready(self) -> bool:
        """Whether ``/readyz`` says so."""
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=3).status_code == 200
        return False


@contextmanager
def running_plant(data_dir: Path, port: int, media: Mapping[str, bytes], **environ: str) -> Iterator[Plant]:
    """A plant that is ready, with one worker and one beat; everything ends with the block."""
    for number in (port, port + 1):
        require_free("127.0.0.1", number, what="fault test")
    plant = Plant(data_dir, port, environ)
    with RunningServers(plant.layout, environ={}, for_tests=False) as servers:
        plant.servers = servers
        try:
            plant.start("sandbox")
            plant.manage("migrate", "--verbosity", "0")
            plant.facts = json.loads(plant.manage("demo", "--json"))
            for name in ("edge", "web", "worker", "chores", "beat"):
                plant.start(name)
            plant.wait(plant.ready, seconds=40, what="ready")
            names = {"image": "picture.jpg", "video": "clip.mp4"}
            plant.facts["media"] = {kind: plant.upload(names[kind], body) for kind, body in media.items()}
            yield plant
        finally:
            for child in plant.children.values():
                signal_group(child.process.pid, signal.SIGKILL)
                child.process.wait()
