"""Django OAuth Toolkit as an authorization server, in one process with a database in memory.

The first argument is JSON:
  jwt       true: access tokens are RS256 JWTs, by the generator of oauthlib, which writes no kid
  nameless  true: these JWTs have no iss, as the generator of oauthlib leaves it out unless told
  timeZone  times are local times of this zone without a mark (USE_TZ=False); UTC with one if left out

POST /test/rotate makes a new signing key and publishes the old one beside it; POST /test/retire withdraws the old one.
"""
import json
import os
import sys
import time
import uuid
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.conf import settings
from jwcrypto import jwk

GIVEN = json.loads(sys.argv[1])
AUDIENCE = "https://api.example.test"
REDIRECT_URI = "http://127.0.0.1/callback"
# A settings module would bring this about; settings.configure() does not.
os.environ["TZ"] = GIVEN.get("timeZone", "UTC")
time.tzset()

LOGIN_PAGE = """<form method="post">{% csrf_token %}{{ form.as_p }}
<input type="hidden" name="next" value="{{ next }}"><button>Log in</button></form>"""


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def make_key():
    key = jwk.JWK.generate(kty="RSA", size=2048)
    return key.export_to_pem(private_key=True, password=None).decode()


def provider_settings(key, retired=()):
    given = {
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": key,
        "OIDC_RSA_PRIVATE_KEYS_INACTIVE": list(retired),
        "SCOPES": {name: name for name in ("openid", "read", "write", "introspection")},
        "DEFAULT_SCOPES": ["read"],
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
        "PKCE_REQUIRED": True,
    }
    if GIVEN.get("jwt"):
        given["ACCESS_TOKEN_GENERATOR"] = "__main__.sign_access_token"
        # Left out, refresh tokens would be made like access tokens, and nothing would tell them apart.
        given["REFRESH_TOKEN_GENERATOR"] = "oauthlib.oauth2.rfc6749.tokens.random_token_generator"
    return given


settings.configure(
    SECRET_KEY="a key for tests alone",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="__main__",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.middleware.common.CommonMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "oauth2_provider.middleware.OAuth2TokenMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"login.html": LOGIN_PAGE}),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    # Tables are made as the models are now: the way there, migration by migration, takes seconds.
    MIGRATION_MODULES={name: None for name in ("auth", "contenttypes", "sessions", "oauth2_provider")},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    LOGIN_URL="/accounts/login/",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ="timeZone" not in GIVEN,
    TIME_ZONE=GIVEN.get("timeZone", "UTC"),
    OAUTH2_PROVIDER=provider_settings(make_key()),
    LOGGING_CONFIG=None,
)

import django  # noqa: E402

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402
from oauth2_provider.settings import oauth2_settings  # noqa: E402
from oauthlib.common import generate_signed_token  # noqa: E402


def sign_access_token(request, refresh_token=False):
    request.claims = {
        **({} if GIVEN.get("nameless") else {"iss": settings.TEST_ISSUER}),
        "aud": AUDIENCE,
        # What ID tokens and UserInfo say of a person.
        "sub": str(request.user.pk) if request.user else request.client.client_id,
        "client_id": request.client.client_id,
        "scope": " ".join(request.scopes),
        # Two tokens of one second would be the same, and the database wants them to differ.
        "jti": uuid.uuid4().hex,
    }
    return generate_signed_token(oauth2_settings.OIDC_RSA_PRIVATE_KEY, request)


def use_keys(key, retired=()):
    settings.OAUTH2_PROVIDER = provider_settings(key, retired)
    oauth2_settings.reload()
    return HttpResponse(status=204)


@csrf_exempt
def rotate(request):
    return use_keys(make_key(), [oauth2_settings.OIDC_RSA_PRIVATE_KEY])


@csrf_exempt
def retire(request):
    return use_keys(oauth2_settings.OIDC_RSA_PRIVATE_KEY)


urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("accounts/login/", LoginView.as_view(template_name="login.html")),
    path("test/rotate", rotate),
    path("test/retire", retire),
]

# Client id, secret, grant. The second secret has what form encoding is for (RFC 6749 section 2.3.1).
CLIENTS = [
    ("machine", "machine-secret", "client-credentials"),
    ("api", "100% a+b/c: d=e&f", "client-credentials"),
    ("other", "other-secret", "client-credentials"),
    ("web", "web-secret", "authorization-code"),
    ("spa", "", "authorization-code"),
]


def seed():
    user = get_user_model().objects.create_user("alice", password="wonderland")
    for client_id, secret, grant in CLIENTS:
        get_application_model().objects.create(
            client_id=client_id,
            client_secret=secret,
            client_type="confidential" if secret else "public",
            authorization_grant_type=grant,
            redirect_uris=REDIRECT_URI if grant == "authorization-code" else "",
            algorithm="RS256",
            user=user,
        )


call_command("migrate", run_syncdb=True, verbosity=0)
seed()
# One thread: the database belongs to it.
server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=QuietHandler)
origin = f"http://127.0.0.1:{server.server_port}"
settings.TEST_ISSUER = f"{origin}/o"
print(f"listening on {origin}", flush=True)
server.serve_forever()
