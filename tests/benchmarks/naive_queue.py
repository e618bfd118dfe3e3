"""The naive publisher: a Celery task a post that sends it with ``requests``. No row, no intent, no log, no second look."""

import os

import requests
from celery import Celery

from chat33.runtime.layout import layout, with_redis_database

app = Celery("naive", broker=layout().celery_url(with_redis_database(layout().redis_url, 9)))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, task_acks_late=True)

URL = os.environ.get("BENCH_X_URL", "")


@app.task(name="naive.publish")
def publish(text: str, token: str) -> None:
    """One post."""
    reply = requests.post(URL, json={"text": text}, headers={"Authorization": f"Bearer {token}"}, timeout=20)
    reply.raise_for_status()
