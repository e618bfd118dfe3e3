"""Tasks are a bell: short, bounded in time, each in a queue that somebody listens to."""

import ast
import inspect
import re
import textwrap
from typing import Any

import pytest
from django.conf import settings

from chat33.celery import app
from chat33.runtime.layout import ROOT

app.loader.import_default_modules()
TASKS: dict[str, Any] = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_there_are_tasks() -> None:
    assert set(TASKS) >= {
        "posts.wake_publishers",
        "posts.publish_due_posts",
        "integrations.send_callbacks",
        "posts.prune",
    }


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_names_its_queue_and_its_limits(name: str) -> None:
    task = TASKS[name]

    assert task.queue in listened_to()
    assert 0 < task.soft_time_limit < task.time_limit <= settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_is_three_statements_at_most(name: str) -> None:
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(TASKS[name].run)))).body
    assert isinstance(function, ast.FunctionDef)
    assert ast.get_docstring(function)

    assert sum(isinstance(node, ast.stmt) for child in function.body[1:] for node in ast.walk(child)) <= 3


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_message_carries_no_work(name: str) -> None:
    """Whatever is to be done is in the rows: a message lost or delivered twice changes nothing."""
    assert not inspect.signature(inspect.unwrap(TASKS[name].run)).parameters


def test_beat_rings_for_tasks_that_are_there_and_its_rings_do_not_pile_up() -> None:
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in TASKS, name
        often = isinstance(entry["schedule"], float)
        assert not often or entry["options"]["expires"] <= max(5, entry["schedule"]), name


def listened_to() -> set[str]:
    """The queues of the Procfile's processes."""
    found = re.findall(r"--queues \$\{\w+:-([\w,]+)\}", (ROOT / "Procfile").read_text())
    return {queue for queues in found for queue in queues.split(",")}
