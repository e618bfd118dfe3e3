"""Celery: beat's clock and the workers' doorbell."""

import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat33.settings")

app = Celery("chat33")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Logging is as the settings have it: Celery would raise the root's level to WARNING, and our events would be lost."""
