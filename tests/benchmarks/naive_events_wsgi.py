"""A server's application for the naive events: Django without any middleware."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

django.setup(set_prefix=False)
settings.ROOT_URLCONF = "tests.benchmarks.naive_events"
settings.MIDDLEWARE = []
application = WSGIHandler()
