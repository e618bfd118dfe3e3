"""The people we talk to, as a Django app."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
