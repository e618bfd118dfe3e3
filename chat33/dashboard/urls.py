"""The dashboard's pages, and the doors of those who watch the installation."""

from django.urls import path
from django.views.generic import RedirectView

from chat33.dashboard import health, metrics, views

urlpatterns = [
    path("", RedirectView.as_view(url="/developers/api/"), name="home"),  # until the dashboard has pages
    path("welcome/", views.no_organization, name="no_organization"),
    path("ui/", views.gallery, name="gallery"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.exposition, name="metrics"),
]
