"""The pages' foundation as a Django app, for its template tags."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "chat33.pages"
    label = "pages"
