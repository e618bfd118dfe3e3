"""Organizations to measure with, few posts or many, and a naive server to measure beside."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization, Package, Role, User
from chat33.runtime import procfile
from chat33.runtime.processes import Child, Program, wait_until
from integrations.models import Channel
from integrations.services import create_api_key
from posts.models import Post, PostStatus
from tests.benchmarks import rows
from tests.benchmarks.client import Connection
from tests.benchmarks.instance import Instance
from tests.factories import make_channel, make_member, make_organization, make_post
from tests.ports import free_port

FEW, MANY = 10, 100_000
DEEP = MANY // 100 - 5  # a page of 100, nearly the last
LATER = (utcnow() + timedelta(days=300)).isoformat()


@dataclass
class Tenant:
    """An organization with posts, and how to ask for them."""

    organization: Organization
    owner: User
    key: str
    channels: list[Channel]
    post: Post
    number: Iterator[int] = field(default_factory=itertools.count)

    def body(self) -> dict[str, Any]:
        """A post to create, each with a text of its own."""
        text = f"Created {next(self.number)}"
        return {"accountIds": [self.channels[0].public_id], "text": text, "scheduledAt": LATER}

    def paths(self) -> dict[str, str]:
        """What to read, by name, below the list's address."""
        rare = self.channels[-1]
        return {
            "get": f"/{self.post.public_id}",
            "list 20": "",
            "list 100": "?limit=100",
            "status": f"?status={PostStatus.FAILED}",
            "most frequent platform": "?platform=x",
            "rare platform": f"?platform={rare.platform}",
            "channel": f"?channelId={self.channels[0].public_id}",
            "deep": f"?limit=100&page={DEEP}",
        }


def make_tenant(name: str, count: int) -> Tenant:
    """Nine channels that post often and, last, one that hardly does; a tenth of the posts failed."""
    package, _ = Package.objects.get_or_create(name="Measured", defaults={"limits": {"POSTS": "100000/h"}})
    organization = make_organization(name=name, package=package)
    owner = make_member(organization, Role.OWNER, email=f"{name.replace(' ', '.').lower()}@example.com")
    _, key = create_api_key(organization=organization, name="bench", by=owner)
    platforms = ("x", "x", "x", "x", "instagram", "instagram", "facebook", "facebook", "tiktok", "youtube")
    channels = [make_channel(organization, platform) for platform in platforms]
    template = make_post(channels[0], text="A text of some length, as people write them for X and elsewhere. " * 3)
    often, rare = [str(channel.pk) for channel in channels[:-1]], str(channels[-1].pk)
    when = f"now() - interval '1 year' + n * interval '1 year' / {count}"
    rows.copies(
        template,
        count - 1,
        channel_id=f"CASE WHEN mod(n, 1000) = 0 THEN {rare} ELSE (ARRAY[{', '.join(often)}])[1 + mod(n, 9)] END",
        status=f"CASE WHEN mod(n, 10) = 0 THEN '{PostStatus.FAILED}' ELSE '{PostStatus.PUBLISHED}' END",
        created_at=when,
        published_at=when,
        scheduled_at=when,
    )
    return Tenant(organization, owner, key, channels, template)


@contextmanager
def naive_server(instance: Instance, module: str, *, probe: str = "/0/posts") -> Iterator[tuple[int, Child]]:
    """A naive application behind the server of the Procfile, with the same number of processes and threads."""
    port = free_port()
    environ = {**procfile.environment(instance.layout, os.environ, host="127.0.0.1", port=instance.port)}
    environ["CHAT33_WEB_SOCKET"] = ""  # it has a port of its own
    command = procfile.read()["web"].replace("chat33.wsgi", module).replace("${PORT:-8033}", str(port))
    child = Child(
        Program(
            name="naive-web",
            argv=("/bin/sh", "-c", f"exec {command}"),
            log=instance.layout.log_dir / "naive-web.log",
            env={**os.environ, **environ},
        )
    )

    def answers() -> bool:
        try:
            Connection(port).send("GET", probe)
        except OSError:
            return False
        return True

    try:
        if not wait_until(answers, seconds=30):
            raise RuntimeError("the naive server does not answer")
        yield port, child
    finally:
        child.stop()
