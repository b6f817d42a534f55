"""Intuit's sign-in: discovery, authorize (it agrees at once), token, revoke, userinfo."""

import base64
import binascii
import secrets
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from connector.sandbox.answers import strike, unauthenticated
from connector.sandbox.credentials import CLIENT_ID, CLIENT_SECRET
from connector.sandbox.journal import Journal
from connector.sandbox.quickbooks.company import Company
from connector.sandbox.quickbooks.wire import decode
from connector.sandbox.tokens import InvalidGrant

Work = Callable[[Company, Request, bytes], Response]
_JSON = "application/json;charset=utf-8"
_NO_STORE = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}


def oauth_routes(company: Company, journal: Journal) -> list[Route]:
    """The routes under /oauth."""

    def route(path: str, method: str, work: Work) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            armed = journal.take(request)
            now = company.now()
            answer = strike(armed, lambda: work(company, request, body), now) if armed else work(company, request, body)
            journal.record("oauth", request, answer.status_code)
            return answer

        return Route(path, endpoint, methods=[method])

    return [
        route("/discovery", "GET", _discovery),
        route("/authorize", "GET", _authorize),
        route("/token", "POST", _token),
        route("/revoke", "POST", _revoke),
        route("/userinfo", "GET", _userinfo),
        route("/jwks", "GET", lambda _company, _request, _body: JSONResponse({"keys": []})),
    ]


def _discovery(company: Company, request: Request, body: bytes) -> Response:
    here = str(request.base_url).rstrip("/")
    here = here if here.endswith("/oauth") else f"{here}/oauth"
    return JSONResponse(
        {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "userinfo_endpoint": f"{here}/userinfo",
            "revocation_endpoint": f"{here}/revoke",
            "jwks_uri": f"{here}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "com.intuit.quickbooks.accounting"],
        }
    )


def _authorize(company: Company, request: Request, body: bytes) -> Response:
    asked = request.query_params
    back = asked.get("redirect_uri", "")
    if asked.get("client_id") != CLIENT_ID or not back or asked.get("response_type") != "code":
        return JSONResponse({"error": "invalid_request"}, 400)
    given = {"code": company.tokens.code(company.now()), "state": asked.get("state", ""), "realmId": company.realm}
    company.revision += 1
    return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{urlencode(given)}", 302)


def _token(company: Company, request: Request, body: bytes) -> Response:
    if not _is_client(request):
        return _bad_client()
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    tokens, switches, now = company.tokens, company.switches, company.now()
    try:
        match form.get("grant_type"):
            case "authorization_code":
                pair = tokens.redeem(form.get("code", ""), switches, now)
            case "refresh_token":
                pair = tokens.renew(form.get("refresh_token", ""), switches, now)
            case _:
                return JSONResponse({"error": "unsupported_grant_type"}, 400, _NO_STORE)
    except InvalidGrant as fault:
        return JSONResponse(fault.body, 400, _NO_STORE, media_type=_JSON)
    company.revision += 1
    answer = {
        "x_refresh_token_expires_in": pair.refresh_life,
        "refresh_token": pair.refresh,
        "access_token": pair.access,
        "token_type": "bearer",
        "expires_in": pair.access_life,
    }
    if request.headers.get("x-include-refresh-token-hard-expires-in") == "true":
        answer["x_refresh_token_hard_expires_in"] = pair.hard_life
    return JSONResponse(answer, 200, _NO_STORE | {"intuit_tid": secrets.token_hex(16)}, media_type=_JSON)


def _revoke(company: Company, request: Request, body: bytes) -> Response:
    if not _is_client(request):
        return _bad_client()
    try:
        given = decode(body)
    except ValueError:
        given = None
    token = given.get("token") if isinstance(given, dict) else None
    if not company.tokens.revoke(str(token)):
        return JSONResponse({"error": "invalid_request"}, 400)
    company.revision += 1
    return Response(status_code=200)


def _userinfo(company: Company, request: Request, body: bytes) -> Response:
    now = company.now()
    if trouble := company.tokens.trouble(request.headers.get("authorization", ""), now):
        return unauthenticated(company.switches.text("unauthenticated_shape"), trouble, now)
    return JSONResponse({"sub": "sandbox-user", "email": "owner@sandbox.example", "emailVerified": True})


def _is_client(request: Request) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        pair = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and pair == f"{CLIENT_ID}:{CLIENT_SECRET}"


def _bad_client() -> Response:
    headers = {"Www-Authenticate": 'Basic realm="Intuit"'}
    return JSONResponse({"error": "invalid_client"}, 401, headers, media_type=_JSON)
