"""What came back, as a Django app."""

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"
