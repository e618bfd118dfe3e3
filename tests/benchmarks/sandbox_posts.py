"""What the sandbox made visible, and when: the one clock that everybody is measured by."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from http.client import HTTPConnection
from typing import Any

import requests

PATH = "/x/api/2/tweets"


class Visible:
    """Reads the sandbox's posts, by their texts."""

    def __init__(self, sandbox_url: str) -> None:
        self.url = f"{sandbox_url}/_control/posts"

    def times(self) -> dict[str, list[datetime]]:
        """When each text became visible; more than one time is a post shown twice."""
        reply = requests.get(self.url, params={"platform": "x"}, timeout=20)
        found: dict[str, list[datetime]] = {}
        for post in reply.json()["items"]:
            found.setdefault(post["text"], []).append(datetime.fromisoformat(post["at"]))
        return found

    def wait(self, texts: Sequence[str], *, seconds: float, every: float = 0.5) -> dict[str, list[datetime]]:
        """The times of these texts, once all are there. Raises ``TimeoutError`` naming how many are not."""
        wanted, until = set(texts), time.monotonic() + seconds
        while True:
            found = {text: at for text, at in self.times().items() if text in wanted}
            if len(found) == len(wanted):
                return found
            if time.monotonic() > until:
                raise TimeoutError(f"{len(wanted) - len(found)} of {len(wanted)} posts not visible in {seconds:g} s")
            time.sleep(every)


def send_directly(address: tuple[str, int], work: Sequence[Mapping[str, Any]], *, connections: int) -> None:
    """The floor: nothing but the requests, over connections that stay open. Raises ``RuntimeError`` for a refusal."""
    refused: list[int] = []

    def sender(mine: Sequence[Mapping[str, Any]]) -> None:
        connection = HTTPConnection(*address, timeout=20)
        for item in mine:
            headers = {"Authorization": f"Bearer {item['token']}", "Content-Type": "application/json"}
            connection.request("POST", PATH, json.dumps({"text": item["text"]}), headers)
            reply = connection.getresponse()
            reply.read()
            if reply.status != 201:
                refused.append(reply.status)
        connection.close()

    threads = [threading.Thread(target=sender, args=(work[number::connections],)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise RuntimeError(f"the sandbox refused {len(refused)} posts: {sorted(set(refused))}")
