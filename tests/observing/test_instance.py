"""A whole instance tells of all its processes in one scrape, and counts from nought after a start."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from chat33.runtime.processes import wait_until
from tests.ports import free_port
from tests.runtime.test_run import Instance


@pytest.fixture
def stale(tmp_path: Path) -> Path:
    """What a process of an earlier start had counted."""
    path = tmp_path / "data" / "metrics" / "counter_host-1.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    return path


@pytest.fixture
def instance(tmp_path: Path, stale: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """One that was just started."""
    monkeypatch.setenv("CHAT33_LOG_LEVEL", "INFO")
    running = Instance(tmp_path / "data", free_port(), tmp_path / "said")
    yield running
    if running.process.poll() is None:
        running.stop()


def test_what_an_earlier_start_counted_is_forgotten(instance: Instance, stale: Path) -> None:
    assert wait_until(lambda: not stale.exists(), seconds=60)


@pytest.mark.fault
def test_one_scrape_tells_of_the_web_and_of_the_workers(instance: Instance) -> None:
    instance.wait_ready()
    facts = json.loads(instance.layout.demo_file.read_text())
    token = json.loads(instance.layout.secrets_file.read_text())["metrics_token"]
    (channel,) = [account["id"] for account in facts["accounts"] if account["platform"] == "x"]
    body = {"accountIds": [channel], "text": "Hello", "callbackUrl": f"{facts['sandbox_url']}/nowhere"}
    headers = {"x-api-key": facts["api_key"], "X-Request-ID": "the-request-1"}
    assert requests.post(f"{instance.url}/api/v1/posts", json=body, headers=headers, timeout=5).status_code == 201

    def scraped() -> dict[str, float]:
        reply = requests.get(f"{instance.url}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=5)
        families = text_string_to_metric_families(reply.text)
        return {
            f"{sample.name} {sorted(sample.labels.values())}": sample.value
            for family in families
            for sample in family.samples
        }

    expected = {
        "chat33_http_requests_total ['201', 'POST', 'api/v1/posts']": 1,
        "chat33_posts_finished_total ['published', 'x']": 1,
        "chat33_callback_attempts_total ['retry']": 1,
    }
    assert wait_until(lambda: expected.items() <= scraped().items(), seconds=15, every=0.5), scraped()

    def told(log: str, event: str) -> bool:
        lines = (instance.layout.log_dir / f"{log}.log").read_text().splitlines()
        return any(event in line and "the-request-1" in line for line in lines)

    for log, event in (("web", "request "), ("worker", "post_finished"), ("chores", "callback_attempted")):
        assert wait_until(partial(told, log, event), seconds=30), log  # it is written after the row
