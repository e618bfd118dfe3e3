"""Celery: beat's clock and the workers' doorbell."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat33.settings")

app = Celery("chat33")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
