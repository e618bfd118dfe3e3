"""The dashboard's pages, and the doors of those who watch the installation."""

from django.urls import path
from django.views.generic import RedirectView

from chat33.dashboard import health, metrics

urlpatterns = [
    path("", RedirectView.as_view(url="/developers/api/"), name="home"),  # until the dashboard has pages
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.exposition, name="metrics"),
]
