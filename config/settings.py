"""All settings. Production is the default; bin/serve switches ``TOUCHSTONE_EMBEDDED`` on.

Every variation comes from the environment (docs/reference/settings.md lists the variables).
"""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from config import environment
from config.environment import BASE_DIR

env = environment.opened()

EMBEDDED = env.bool("TOUCHSTONE_EMBEDDED", False)
SECRET_KEY = env.str("SECRET_KEY", None)
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost"] if EMBEDDED else [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
BEHIND_TLS_PROXY = env.bool("TOUCHSTONE_BEHIND_TLS_PROXY", False)
# What else takes something out of a stored batch: called with study, file, its name and the time.
BATCH_FOLLOWERS = ["evaluation.batch_verdicts.follow"]
DATA_DIR = Path(env.str("TOUCHSTONE_DATA_DIR", str(BASE_DIR / "var")))
DATABASES = {
    "default": environment.database(
        env,
        default=f"sqlite:///{DATA_DIR / 'touchstone.sqlite3'}",
        pool_size=env.int("TOUCHSTONE_DB_POOL", 0),
    )
}
JOBS_AT_ONCE = env.bool("TOUCHSTONE_JOBS_AT_ONCE", False)
# While raters work, loading pauses so many times as long as it works; 0 never pauses.
JOBS_YIELD = env.float("TOUCHSTONE_JOBS_YIELD", 2.0)
# A release's files are deleted so many days after it was asked for; 0 keeps them.
RELEASE_DAYS = env.int("TOUCHSTONE_RELEASE_DAYS", 0)
LOG_LEVEL = env.str("TOUCHSTONE_LOG_LEVEL", "INFO")
EMAIL_URL = env.dj_email_url("EMAIL_URL", "dummymail:")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "touchstone@localhost")
# What the texts of replies are looked through with; each change of it raises its version.
SCRUB_RULES_FILE = environment.file(
    env.str("TOUCHSTONE_SCRUB_RULES", ""), default=BASE_DIR / "annotation" / "scrub_rules.json"
)
# One machine with SQLite is enough for tens of raters; beyond this the start warns.
SQLITE_RATERS_MAX = env.int("TOUCHSTONE_SQLITE_RATERS_MAX", 30)
environment.seal(env)

SECRET_KEY = environment.checked_key(SECRET_KEY)
for _old_key in SECRET_KEY_FALLBACKS:
    environment.checked_key(_old_key, name="SECRET_KEY_FALLBACKS")
vars().update(EMAIL_URL)
DEBUG = False

DJANGO_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin",
]
LIBRARIES = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_structlog",
    "django_tasks",
    "django_tasks_db",
    "drf_spectacular",
    "knox",
    "rest_framework",
    "rules.apps.AutodiscoverRulesConfig",
]
INSTALLED_APPS = ["config.apps.ConfigConfig", "annotation", "evaluation", *DJANGO_APPS, *LIBRARIES]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.sizes.SmallEnough",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.languages.OwnLanguage",
    "config.gates.DenyUnlessGated",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.logs.RequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
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
                "django.template.context_processors.i18n",
            ],
        },
    }
]

# Accounts
AUTH_USER_MODEL = "annotation.User"
KNOX_TOKEN_MODEL = "annotation.ApiToken"  # noqa: S105 - a table's name
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "config.accounts.InvitedOnly"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_TLS_PROXY else 0
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

# Cookies and transport
SESSION_COOKIE_NAME = "touchstone_session" if EMBEDDED else "__Host-session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not EMBEDDED
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())
CSRF_COOKIE_NAME = "touchstone_csrf" if EMBEDDED else "__Host-csrf"
CSRF_COOKIE_HTTPONLY = False  # htmx sends the token from the page; the cookie is compared
SECURE_SSL_REDIRECT = not EMBEDDED
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
SECURE_HSTS_SECONDS = 0 if EMBEDDED else int(timedelta(days=730).total_seconds())
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not EMBEDDED
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Embedded on plain HTTP the browser must not be told to stay on HTTPS.
if EMBEDDED:
    SILENCED_SYSTEM_CHECKS = [
        "security.W004",
        "security.W008",
        "security.W012",
        "security.W016",
    ]

# Pages
LANGUAGE_CODE = "en"
# The rater's pages; researchers' and admins' pages are in English.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "touchstone_language" if EMBEDDED else "__Host-language"
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "config.storage.StaticFiles"},
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "touchstone_cache",
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# A rubric being composed has fields for every option in every language.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6_000
FILE_UPLOAD_PERMISSIONS = 0o600

# Jobs
TASKS = {
    "default": {
        "BACKEND": "django_tasks.backends.immediate.ImmediateBackend"
        if JOBS_AT_ONCE
        else "django_tasks_db.DatabaseBackend"
    }
}

# API
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["config.api_permissions.Denied"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api_parsers.StrictJson"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api_errors.handle",
}
REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "TOKEN_PREFIX": "ts_"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Touchstone",
    "DESCRIPTION": "Batches, agreement, judges and releases. Errors: {code, message, details}.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"level": LOG_LEVEL}
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
