"""Authlib and Flask as an authorization server, in memory. The client that asks chooses the form of the access token.

The first argument is JSON: { path: the path of the issuer, such as /tenant; none if left out }.

Grants, PKCE, client authentication, introspection, ID tokens and signatures are Authlib's. Version 1.2 makes no
RFC 9068 claims of its own, so these are put together here; the token of the client "bare" is Authlib's as it comes.
"""
import json
import os
import sys
import time
import uuid

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer  # noqa: E402
from authlib.jose import JsonWebEncryption, JsonWebKey, JsonWebSignature, jwt  # noqa: E402
from authlib.oauth2.rfc6749 import ClientMixin, grants  # noqa: E402
from authlib.oauth2.rfc7009 import RevocationEndpoint  # noqa: E402
from authlib.oauth2.rfc7523 import JWTBearerTokenGenerator  # noqa: E402
from authlib.oauth2.rfc7636 import CodeChallenge  # noqa: E402
from authlib.oauth2.rfc7662 import IntrospectionEndpoint  # noqa: E402
from authlib.oidc.core import UserInfo  # noqa: E402
from authlib.oidc.core.grants import OpenIDCode  # noqa: E402
from flask import Flask, jsonify, request  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

PATH = json.loads(sys.argv[1]).get("path", "")
AUDIENCE = "https://api.example.test"
REDIRECT_URI = "http://127.0.0.1/callback"
SECRET = "a secret that the server and the API share"
USERS = {"alice": "wonderland"}


def make_key(kind, size_or_curve, kid, **members):
    return JsonWebKey.generate_key(kind, size_or_curve, {"kid": kid, "use": "sig", **members}, is_private=True)


RSA = make_key("RSA", 2048, "rsa")
KEYS = {
    "ES256": make_key("EC", "P-256", "p256", alg="ES256"),
    "ES384": make_key("EC", "P-384", "p384", alg="ES384"),
    "ES512": make_key("EC", "P-521", "p521", alg="ES512"),
    "ES256K": make_key("EC", "secp256k1", "k256", alg="ES256K"),
    "EdDSA": make_key("OKP", "Ed25519", "ed", alg="EdDSA"),
    # One key without alg, for every algorithm of its type.
    **{name: RSA for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")},
    "HS256": JsonWebKey.import_key(SECRET, {"kty": "oct", "kid": "shared"}),
}
ENCRYPTION = JsonWebKey.generate_key("RSA", 2048, {"kid": "encryption", "use": "enc"}, is_private=True)


def public_jwk(key):
    # 1.2 leaves use and alg out unless they are asked for.
    asked = {name: key.options[name] for name in ("use", "alg") if key.options.get(name)}
    return key.as_dict(is_private=False, **asked)


def key_set():
    keys = {key.kid: key for name, key in KEYS.items() if name != "HS256"}
    return {"keys": [public_jwk(key) for key in [*keys.values(), ENCRYPTION]]}


class Client(ClientMixin):
    def __init__(self, client_id, form, is_public=False):
        self.client_id = client_id
        self.form = form
        self.client_secret = None if is_public else f"{client_id}-secret"

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return REDIRECT_URI

    def get_allowed_scope(self, scope):
        return " ".join(name for name in (scope or "").split() if name in ("openid", "read", "write"))

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == REDIRECT_URI

    def check_client_secret(self, client_secret):
        return client_secret is not None and client_secret == self.client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        known = ("client_secret_basic", "client_secret_post") if self.client_secret else ("none",)
        return method in known

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in ("client_credentials", "authorization_code", "refresh_token")


FORMS = ["opaque", "bare", "no-kid", "typ-jwt", "scope-array", "aud-array", "other-audience", "JWE", *KEYS]
CLIENTS = {name: Client(name, name) for name in FORMS}
CLIENTS["api"] = Client("api", "opaque")
CLIENTS["spa"] = Client("spa", "ES256", is_public=True)
CLIENTS["spa-opaque"] = Client("spa-opaque", "opaque", is_public=True)
CODES = {}
ACCESS_TOKENS = {}
REFRESH_TOKENS = {}


class User:
    def __init__(self, name):
        self.name = name

    def get_user_id(self):
        return self.name


class Code:
    def __init__(self, **members):
        self.__dict__.update(members)
        self.auth_time = int(time.time())

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_auth_time(self):
        return self.auth_time

    def get_nonce(self):
        return self.nonce


class Token:
    def __init__(self, client, user, issued):
        self.client, self.user, self.revoked = client, user, False
        self.scope = issued.get("scope", "")
        self.issued_at = int(time.time())
        self.expires_at = self.issued_at + issued["expires_in"]

    def check_client(self, client):
        return self.client is client

    def is_expired(self):
        return time.time() > self.expires_at

    def is_revoked(self):
        return self.revoked


def rfc_9068_claims(client, user, scope):
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user.get_user_id() if user else client.client_id,
        "client_id": client.client_id,
        "iat": now,
        "exp": now + 3600,
        "jti": uuid.uuid4().hex,
        "scope": scope,
    }


def make_access_token(client, grant_type, user, scope):
    form = client.form
    if form == "opaque":
        return uuid.uuid4().hex
    if form == "bare":
        generator = JWTBearerTokenGenerator(RSA, issuer=ISSUER)
        return generator.generate(grant_type, client, user, scope, 3600)["access_token"]
    algorithm = form if form in KEYS else "ES256"
    key = KEYS[algorithm]
    header = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid}
    claims = rfc_9068_claims(client, user, scope)
    if form == "no-kid":
        del header["kid"]
    if form == "scope-array":
        claims["scope"] = scope.split()
    if form == "aud-array":
        claims["aud"] = ["https://other.example.test", AUDIENCE]
    if form == "other-audience":
        claims["aud"] = "https://other.example.test"
    if form == "typ-jwt":
        # 1.2 writes the typ JWT, whatever the header says.
        return jwt.encode(header, claims, key, check=False).decode()
    signed = JsonWebSignature(algorithms=[algorithm]).serialize_compact(header, json.dumps(claims).encode(), key)
    if form == "JWE":
        outer = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "at+jwt", "kid": "encryption"}
        signed = JsonWebEncryption().serialize_compact(outer, signed, ENCRYPTION)
    return signed.decode()


app = Flask(__name__)
app.config.update(
    OAUTH2_ACCESS_TOKEN_GENERATOR=make_access_token,
    OAUTH2_REFRESH_TOKEN_GENERATOR=True,
    OAUTH2_SCOPES_SUPPORTED=["openid", "read", "write"],
)


def save_token(issued, oauth_request):
    token = Token(oauth_request.client, oauth_request.user, issued)
    ACCESS_TOKENS[issued["access_token"]] = token
    if "refresh_token" in issued:
        REFRESH_TOKENS[issued["refresh_token"]] = token


def find_token(token, token_type_hint):
    if token_type_hint == "access_token":
        return ACCESS_TOKENS.get(token)
    return ACCESS_TOKENS.get(token) or REFRESH_TOKENS.get(token)


server = AuthorizationServer(app, query_client=CLIENTS.get, save_token=save_token)


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "none"]

    def save_authorization_code(self, code, oauth_request):
        data = oauth_request.data
        CODES[code] = Code(
            code=code,
            client=oauth_request.client,
            redirect_uri=oauth_request.redirect_uri,
            scope=oauth_request.scope,
            user=oauth_request.user,
            nonce=data.get("nonce"),
            code_challenge=data.get("code_challenge"),
            code_challenge_method=data.get("code_challenge_method"),
        )

    def query_authorization_code(self, code, client):
        known = CODES.get(code)
        return known if known and known.client is client else None

    def delete_authorization_code(self, authorization_code):
        del CODES[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class IdTokens(OpenIDCode):
    def exists_nonce(self, nonce, oauth_request):
        return False

    def get_jwt_config(self, grant):
        return {"key": RSA, "alg": "RS256", "iss": ISSUER, "exp": 3600}

    def generate_user_info(self, user, scope):
        return UserInfo(sub=user.get_user_id())


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def query_token(self, token, token_type_hint):
        return find_token(token, token_type_hint)

    def check_permission(self, token, client, oauth_request):
        return client.client_id == "api"

    def introspect_token(self, token):
        return {
            "active": True,
            "client_id": token.client.client_id,
            "token_type": "Bearer",
            "scope": token.scope,
            "username": token.user.name if token.user else None,
            "sub": token.user.get_user_id() if token.user else token.client.client_id,
            "aud": AUDIENCE,
            "iss": ISSUER,
            "exp": token.expires_at,
            "iat": token.issued_at,
        }


class Revocation(RevocationEndpoint):
    def query_token(self, token, token_type_hint):
        return find_token(token, token_type_hint)

    def revoke_token(self, token, oauth_request):
        token.revoked = True


server.register_grant(AuthorizationCodeGrant, [IdTokens(require_nonce=True), CodeChallenge(required=True)])
server.register_grant(grants.ClientCredentialsGrant)
server.register_endpoint(Introspection)
server.register_endpoint(Revocation)


@app.post(PATH + "/token")
def token():
    return server.create_token_response()


@app.post(PATH + "/introspect")
def introspect():
    return server.create_endpoint_response("introspection")


@app.post(PATH + "/revoke")
def revoke():
    return server.create_endpoint_response("revocation")


@app.route(PATH + "/authorize", methods=["GET", "POST"])
def authorize():
    if request.method == "GET":
        server.get_consent_grant(end_user=None)
        return '<form method="post"><input name="username"><input name="password"><button>Allow</button></form>'
    name = request.form["username"]
    user = User(name) if USERS.get(name) == request.form["password"] else None
    return server.create_authorization_response(grant_user=user)


@app.get(PATH + "/jwks")
def jwks():
    return jsonify(key_set())


def metadata():
    names = {"authorization": "authorize", "token": "token", "introspection": "introspect", "revocation": "revoke"}
    endpoints = {f"{name}_endpoint": f"{ISSUER}/{path}" for name, path in names.items()}
    return jsonify({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks", "response_types_supported": ["code"], **endpoints})


# RFC 8414 section 3.1: the well-known part comes before the path.
app.add_url_rule("/.well-known/oauth-authorization-server" + PATH, "metadata", metadata)


class QuietHandler(WSGIRequestHandler):
    def log(self, *args):
        pass


http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
origin = f"http://127.0.0.1:{http.server_port}"
ISSUER = origin + PATH
print(f"listening on {origin}", flush=True)
http.serve_forever()
