"""All settings in one file, from the environment. `.env.example` lists every variable."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from recqr_site.record import PROJECT_DIR, kept_secret_key, record_dir

env = environ.Env()
if (PROJECT_DIR / ".env").exists():
    env.read_env(PROJECT_DIR / ".env")


def switch(name: str) -> bool:
    """A variable that is on or off; anything else stops the start."""
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"": False, "0": False, "false": False, "no": False, "off": False}
    text = str(env.str(name, default="")).strip().lower()
    if text not in words:
        raise ImproperlyConfigured(f"{name} is “{text}”: set it to 1 or 0.")
    return words[text]


def number(name: str, default: int) -> int:
    """A variable that is a whole number from 1; anything else stops the start."""
    text = str(env.str(name, default=str(default))).strip()
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise ImproperlyConfigured(f"{name} is “{text}”: set it to a whole number from 1.")
    return int(text)


def secret_key() -> str:
    """`SECRET_KEY`, or the record's own. Refuses keys that are empty, short or an example."""
    if "SECRET_KEY" not in env.ENVIRON:
        return kept_secret_key()
    key = str(env.str("SECRET_KEY"))
    if len(key) < 32 or len(set(key)) < 8 or key.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            "SECRET_KEY is empty, too short or known: set at least 32 random characters, "
            "or leave it out and a key is made and kept in the record."
        )
    return key


def database() -> dict[str, Any]:
    """`DATABASE_URL` as Django's connection settings, pooled per process."""
    if not env.ENVIRON.get("DATABASE_URL"):
        raise ImproperlyConfigured(
            "DATABASE_URL is not set and the embedded PostgreSQL was not started: "
            "run commands through manage.py, or set DATABASE_URL to your own server."
        )
    if urlsplit(env.ENVIRON["DATABASE_URL"]).scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgres://: ReCQR needs PostgreSQL."
        )
    config = dict(env.db_url("DATABASE_URL"))
    options = dict(config.get("OPTIONS", {}))
    options["pool"] = {"min_size": 1, "max_size": number("DATABASE_POOL", default=4), "timeout": 5}
    return {**config, "OPTIONS": options, "CONN_HEALTH_CHECKS": True}


def celery_broker(redis_url: str) -> str:
    """The same Redis in Celery's words: a Unix socket is `redis+socket://` with `virtual_host`."""
    if not redis_url.startswith("unix://"):
        return redis_url
    parts = urlsplit(redis_url)
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


BASE_DIR = PROJECT_DIR
RECORD_DIR: Path = record_dir()

SECRET_KEY = secret_key()
DEBUG = switch("DEBUG")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "recqr_site",
    "review",
    "generation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "template_partials",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "recqr_site.compressing.PageCompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "review.pages.signing_in.ReturningLoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "review.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "recqr_site.urls"
WSGI_APPLICATION = "recqr_site.wsgi.application"
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
            ],
        },
    }
]

DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "review.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(RECORD_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = RECORD_DIR / "media"
# The largest source that a person may upload.
UPLOAD_MOST_GB = number("UPLOAD_MOST_GB", default=20)
# The most that one record of an import may hold; a larger one is rejected, its neighbours go in.
IMPORT_RECORD_MB = number("IMPORT_RECORD_MB", default=4)
IMPORT_TURNS = number("IMPORT_TURNS", default=500)
IMPORT_TEXT_CHARACTERS = number("IMPORT_TEXT_CHARACTERS", default=20_000)
STORAGES = {
    "default": {"BACKEND": "review.storage.WholeFileStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "recqr_site.static_files.HashedFilesStorage"
    },
}

# Pages name the hashed files alone, and nobody asks for source maps compressed.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

# Whether admins may have imports fetch images by their addresses; the command may in any case.
FETCH_URLS = switch("FETCH_URLS")

REDIS_URL: str = env.str("REDIS_URL", default="")
if not REDIS_URL:
    raise ImproperlyConfigured(
        "REDIS_URL is not set and the embedded Redis was not started: "
        "run commands through manage.py, or set REDIS_URL to your own server."
    )

CELERY_BROKER_URL = celery_broker(REDIS_URL)
# Celery's results would live only in Redis; what became of an item is a row in PostgreSQL.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
# Every task has its queue here, a test sees to it: slow models never hold up a check.
CELERY_TASK_ROUTES = {
    "generation.tasks.drain_run": {"queue": "llm"},
    "generation.tasks.tend_batches": {"queue": "llm"},
    "generation.tasks.search_run": {"queue": "retrieval"},
    # Minutes of searching: no check waits behind it.
    "generation.benchmark_files.tasks.*": {"queue": "llm"},
    "generation.checks.tasks.drain_checks": {"queue": "retrieval"},
    "generation.deceiving.tasks.drain_traits": {"queue": "retrieval"},
    "generation.searching.tasks.build_index": {"queue": "retrieval"},
    "generation.tasks.sweep": {"queue": "default"},
    "generation.report_tasks.*": {"queue": "default"},
    # Seconds of work in a large corpus: no check waits behind it.
    "generation.likeness.tasks.*": {"queue": "default"},
    "generation.vectors.tasks.fill_vectors": {"queue": "retrieval"},
    # Waits for PostgreSQL for a minute, and must hold up no check.
    "generation.vectors.tasks.tend_indexes": {"queue": "llm"},
    "generation.vectors.tasks.sweep_vectors": {"queue": "default"},
    "review.tasks.*": {"queue": "default"},
    "review.picture_tasks.*": {"queue": "default"},
    "review.report_tasks.*": {"queue": "default"},
    "review.calibration.certifying.tasks.*": {"queue": "default"},
    "review.calibration.sampling.tasks.*": {"queue": "default"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A door that publishes must never hang on a dead broker: the sweep finds what was not sent.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(RECORD_DIR / "run" / "beat-schedule")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "review.api.authentication.BearerTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "review.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ReCQR",
    "DESCRIPTION": "Review of query rewrites for conversational image retrieval.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Checks have an `outcome` with other choices: a client library names its types by these.
    "ENUM_NAME_OVERRIDES": {
        "CallOutcomeEnum": "generation.models.CallOutcome",
        "RunKindEnum": "generation.models.RunKind",
        "WaveKindEnum": "review.models.WaveKind",
        "RunStatusEnum": "generation.models.RunStatus",
        "RetrieverKindEnum": "generation.models.RetrieverKind",
        "TraitEnum": "review.models.Trait",
    },
}

# Behind a proxy that ends TLS, HTTPS=1 marks cookies as secure and trusts its header.
HTTPS = switch("HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Two copies on one host differ only by port, and browsers share cookies between ports.
COOKIE_SUFFIX = env.str("COOKIE_SUFFIX", default="")
SESSION_COOKIE_NAME = f"recqr_session{COOKIE_SUFFIX}"
CSRF_COOKIE_NAME = f"recqr_csrf{COOKIE_SUFFIX}"
# Words of a dialogue may hold anything; should one ever reach a page as HTML, it runs nothing.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="")
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
OPENAI_MODEL = env.str("OPENAI_MODEL", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
