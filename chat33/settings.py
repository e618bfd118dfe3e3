"""Django's settings; every value an operator may change comes from the environment (docs/deploy.md lists them)."""

import os
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from chat33.beat import BEAT
from chat33.logs import logging_config
from chat33.openapi import SCHEMA
from chat33.runtime.layout import layout

env = environ.Env()


def _number(name: str, default: float) -> float:
    """A number of the environment's. Raises ``ImproperlyConfigured`` naming it."""
    given = env.str(name, default="")
    try:
        found = float(given or default)
        timedelta(hours=found)
    except (ValueError, OverflowError):
        raise ImproperlyConfigured(f"{name} is {given!r}; write a number.") from None
    return found


BASE_DIR = Path(__file__).resolve().parent.parent
LAYOUT = layout()
# production, local (make run) or test; who names no database of their own runs locally
ENVIRONMENT = env.str("CHAT33_ENV", default="production" if env.str("DATABASE_URL", default="") else "local")
TESTING = ENVIRONMENT == "test"
LOCAL = ENVIRONMENT in ("local", "test")

# What production must be told and was not (chat33.checks says so)
UNSET = [
    name
    for name in ("CHAT33_BASE_URL", "CHAT33_SECRET_KEY", "CHAT33_ENCRYPTION_KEYS", "CHAT33_METRICS_TOKEN")
    if not env.str(name, default="")
]
DEBUG = env.bool("CHAT33_DEBUG", default=False)
SECRET_KEY_FALLBACKS = env.list("CHAT33_OLD_SECRET_KEYS", default=[])
SECRET_KEY = env.str("CHAT33_SECRET_KEY", default="") or LAYOUT.secret("secret_key")
ENCRYPTION_KEYS = env.list("CHAT33_ENCRYPTION_KEYS", default=[]) or [LAYOUT.secret("encryption_key")]
METRICS_TOKEN = env.str("CHAT33_METRICS_TOKEN", default="") or LAYOUT.secret("metrics_token")
# prometheus_client reads from the environment where a process counts (chat33.lib.metrics)
METRICS_DIR = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(LAYOUT.metrics_dir)))
with suppress(OSError):
    METRICS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

PORT = env.int("PORT", default=8033)
BASE_URL = env.str("CHAT33_BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
SANDBOX_URL = env.str("CHAT33_SANDBOX_URL", default=f"http://127.0.0.1:{PORT + 1}" if LOCAL else "").rstrip("/")
ALLOWED_HOSTS = env.list("CHAT33_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "testserver"] if LOCAL else [])
CSRF_TRUSTED_ORIGINS = env.list("CHAT33_TRUSTED_ORIGINS", default=[BASE_URL])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "csp",
    "django_htmx",
    "django_cotton",
    "heroicons",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "chat33.api",
    "chat33.orgs",
    "chat33.pages",
    "integrations",
    "contacts",
    "posts",
    "tracking",
    "chat33.dashboard",
]

MIDDLEWARE = [
    "chat33.dashboard.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "chat33.dashboard.middleware.Policies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "chat33.pages.saying.Toasts",
    "chat33.dashboard.viewing.ReadOnly",
    "chat33.api.middleware.UnavailableMiddleware",
]

ROOT_URLCONF = "chat33.urls"
WSGI_APPLICATION = "chat33.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chat33.pages.context.page",
                "chat33.dashboard.navigation.rooms",
            ],
        },
    },
]

COTTON_DIR = "components"
CSRF_FAILURE_VIEW = "chat33.dashboard.views.refused"

# PostgreSQL holds every row and is the queue; Redis rings the bell and caches.
_DATABASE = conninfo_to_dict(env.str("DATABASE_URL", default="") or LAYOUT.database_url)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _DATABASE.pop("dbname", "chat33"),
        "USER": _DATABASE.pop("user", ""),
        "PASSWORD": _DATABASE.pop("password", ""),
        "HOST": _DATABASE.pop("host", ""),
        "PORT": _DATABASE.pop("port", ""),
        "CONN_MAX_AGE": None,  # a connection a request costs five times the request
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            **_DATABASE,
            "options": "-c statement_timeout=20000 -c idle_in_transaction_session_timeout=60000",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or LAYOUT.redis_url
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# E-mail: smtp://user:password@host:port, or smtp+tls, or smtp+ssl. Without one, a local installation keeps its e-mails for
# the page /mail/, and another sends none.
EMAIL_URL = env.str("CHAT33_EMAIL_URL", default="")
_EMAIL = env.email_url_config(EMAIL_URL or "filemail://")
EMAIL_BACKEND = _EMAIL["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
    _EMAIL[f"EMAIL_HOST{part}"] or "" for part in ("", "_USER", "_PASSWORD")
)
EMAIL_USE_TLS, EMAIL_USE_SSL = (bool(_EMAIL.get(f"EMAIL_USE_{how}")) for how in ("TLS", "SSL"))
EMAIL_PORT = _EMAIL["EMAIL_PORT"] or (587 if EMAIL_USE_TLS else 465 if EMAIL_USE_SSL else 25)
EMAIL_TIMEOUT = 15  # seconds that the mail server may take for each answer
EMAIL_FILE_PATH = LAYOUT.data_dir / "mail"
SENDS_EMAIL = LOCAL or bool(EMAIL_URL)
DEFAULT_FROM_EMAIL = env.str("CHAT33_FROM_EMAIL", default="Chat33 <noreply@localhost>")

# People
AUTH_USER_MODEL = "orgs.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "chat33.orgs.forms.SignupForm",
    "login": "chat33.orgs.logins.LoginForm",
    "add_email": "chat33.orgs.logins.AddEmailForm",
    "change_password": "chat33.orgs.logins.ChangePasswordForm",
    "set_password": "chat33.orgs.logins.SetPasswordForm",
    "reset_password": "chat33.orgs.logins.ResetPasswordForm",
    "reset_password_from_key": "chat33.orgs.logins.ResetPasswordKeyForm",
    "reauthenticate": "chat33.orgs.logins.ReauthenticateForm",
}
MFA_FORMS = {
    "authenticate": "chat33.orgs.logins.AuthenticateForm",
    "reauthenticate": "chat33.orgs.logins.ReauthenticateByCodeForm",
    "activate_totp": "chat33.orgs.logins.ActivateTotpForm",
}
ACCOUNT_ADAPTER = "chat33.orgs.adapter.AccountAdapter"
SIGNUP_OPEN = env.bool("CHAT33_SIGNUP_OPEN", default=LOCAL)
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if SENDS_EMAIL else "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of what changed in how one logs in
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Those of allauth besides: 20 sign-ups and resets a minute an address, one verification e-mail in three minutes, and more.
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = (
    False if TESTING else {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
)
MFA_ADAPTER = "chat33.orgs.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Chat33"
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a telephone's clock may be off
HEADLESS_ONLY = False
HEADLESS_CLIENTS = ("browser",)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())

# The operators' admin; what is named here by path is in chat33.dashboard
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Chat33",
    "SITE_HEADER": "Chat33",
    "SITE_SUBHEADER": "Operators, in UTC",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "chat33.dashboard.console.favicon"}],
    "SITE_SYMBOL": "forum",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "chat33.dashboard.console.environment",
    "DASHBOARD_CALLBACK": "chat33.dashboard.overview.overview",
    "GLOBAL_CALLBACK": "chat33.dashboard.console.without_inline_style",
    "STYLES": ["chat33.dashboard.console.stylesheet"],
    "LOGIN": {"form": "chat33.dashboard.login.OperatorLoginForm"},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "chat33.dashboard.console.sidebar"},
    "COMMAND": {"search_callback": "chat33.dashboard.lookup.everywhere"},
}

# Language and time
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["chat33.formats"]
USE_TZ = True

# Files
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("CHAT33_STATIC_DIR", default=str(LAYOUT.static_dir)))
WHITENOISE_USE_FINDERS = LOCAL
MEDIA_ROOT = LAYOUT.media_dir
SCRATCH_DIR = LAYOUT.data_dir / "scratch"  # files while they are looked at; pruned after a day
S3_BUCKET = env.str("CHAT33_S3_BUCKET", default="")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("CHAT33_S3_ENDPOINT", default="") or None,
            "region_name": env.str("CHAT33_S3_REGION", default="") or None,
        },
    }
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "chat33.dashboard.storage.StaticFiles"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
WEB_THREADS = env.int("CHAT33_WEB_THREADS", default=2)  # of a web process, as the Procfile has it
FILE_UPLOAD_MAX_MEMORY_SIZE = 262_144

# Security
SECURE = not LOCAL and not DEBUG
SECURE_SSL_REDIRECT = SECURE and env.bool("CHAT33_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
BEHIND_PROXY = env.bool("CHAT33_BEHIND_PROXY", default=False)
# The edge (tracking.edge) stands before the web when it is told where that is; it vouches for what it says of the client.
WEB_SOCKET = env.str("CHAT33_WEB_SOCKET", default="")
WEB_ADDRESS = f"unix:{WEB_SOCKET}" if WEB_SOCKET else env.str("CHAT33_WEB_URL", default="http://127.0.0.1:8035")
EDGE_CARRIERS = env.int("CHAT33_EDGE_CARRIERS", default=1)  # connections by which an edge stores
BEHIND_ANY = BEHIND_PROXY or bool(WEB_SOCKET) or env.bool("CHAT33_BEHIND_EDGE", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_ANY else None
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_ANY)  # whose address the limits on logging in count
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    # The admin's is a little wider: chat33.dashboard.middleware.Policies.
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
# Hosts that outbound requests may reach although they are not public: the sandbox, in `make run` only.
ALLOW_PRIVATE_HOSTS = env.list("CHAT33_ALLOW_PRIVATE_HOSTS", default=["127.0.0.1", "localhost"] if LOCAL else [])

# Limits: requests a window, or off. A package may override any of them (Package.limits).
LIMITS = {
    "POSTS": env.str("CHAT33_LIMIT_POSTS", default="30/h"),
    "MEDIA": env.str("CHAT33_LIMIT_MEDIA", default="50/h"),
    "API_KEYS": env.str("CHAT33_LIMIT_API_KEYS", default="10/h"),
    "API": env.str("CHAT33_LIMIT_API", default="1200/m"),
    "TEST_CALLBACKS": env.str("CHAT33_LIMIT_TEST_CALLBACKS", default="30/h"),
    "EVENTS": env.str("CHAT33_LIMIT_EVENTS", default="100/m"),
    "PIXEL": env.str("CHAT33_LIMIT_PIXEL", default="6000/m"),
}
# Posts a channel may publish in a rolling 24 hours; the lower of this and what the network tells wins.
DAILY_LIMITS = {
    "instagram": env.str("CHAT33_DAILY_INSTAGRAM", default="25"),
    "facebook": env.str("CHAT33_DAILY_FACEBOOK", default="50"),
    "tiktok": env.str("CHAT33_DAILY_TIKTOK", default="20"),
    "youtube": env.str("CHAT33_DAILY_YOUTUBE", default="6"),
    "x": env.str("CHAT33_DAILY_X", default="300"),
}
RATELIMIT_USE_CACHE = "default"

# How long requests to the API are kept for their organization to look at; none are with 0.
REQUEST_LOG_DAYS = _number("CHAT33_REQUEST_LOG_DAYS", 7)

# How long MMPs' messages are kept as they came, with what they say of devices; for good with 0.
POSTBACK_DAYS = _number("CHAT33_POSTBACK_DAYS", 180)
# Months of tracking that are kept beside the current one; 0 keeps all. Figures by day stay for ever.
EVENTS_MONTHS = int(_number("CHAT33_EVENTS_MONTHS", 25))
CREDITS_MONTHS = int(_number("CHAT33_CREDITS_MONTHS", 0))

# Publishing
LATE_LIMIT = timedelta(hours=_number("CHAT33_LATE_LIMIT_HOURS", 24))
LEASE = timedelta(seconds=_number("CHAT33_LEASE_SECONDS", 25))
PROVIDER_APPS = {
    platform: {
        "client_id": env.str(f"CHAT33_{platform.upper()}_CLIENT_ID", default=""),
        "client_secret": env.str(f"CHAT33_{platform.upper()}_CLIENT_SECRET", default=""),
        "version": env.str(f"CHAT33_{platform.upper()}_VERSION", default=""),
    }
    for platform in DAILY_LIMITS
}

# Celery: a bell for the rows that PostgreSQL holds. These are the settings that lost nothing under faults.
CELERY_BROKER_URL = LAYOUT.celery_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "health_check_interval": 5,
    "retry_on_timeout": True,
    "socket_keepalive": True,
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_DB_REUSE_MAX = 1000  # tasks; a connection a task costs as much as a short one's work
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULE_FILENAME = str(LAYOUT.beat_schedule)
CELERY_BEAT_SCHEDULE = BEAT

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "integrations.auth.ApiKeyAuthentication",
        "integrations.auth.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["chat33.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["chat33.api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "chat33.api.schema.Schema",
    "EXCEPTION_HANDLER": "chat33.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
}
SPECTACULAR_SETTINGS = SCHEMA

LOGGING = logging_config(
    json=env.bool("CHAT33_LOG_JSON", default=not LOCAL), level=env.str("CHAT33_LOG_LEVEL", default="INFO")
)
LOGGING_CONFIG = "logging.config.dictConfig"

if "pytest" in sys.modules or TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
