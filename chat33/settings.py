"""Django's settings; every value an operator may change comes from the environment (docs/deploy.md lists them)."""

SECRET_KEY = "replaced-soon"  # noqa: S105
USE_TZ = True
