"""The dashboard's pages, and the doors of those who watch the installation."""

from django.urls import path

from chat33.dashboard import health, metrics

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.exposition, name="metrics"),
]
