"""A second web server's application: our settings and middleware, the naive pages' addresses."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
settings.ROOT_URLCONF = "tests.benchmarks.naive_pages"
