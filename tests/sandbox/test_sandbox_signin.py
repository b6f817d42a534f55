from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from conftest import Books, code

from connector.sandbox.credentials import CLIENT_ID, CLIENT_SECRET, REALM_ID, REFRESH_TOKEN

CLIENT = (CLIENT_ID, CLIENT_SECRET)
DAY = 24 * 3600
LIVES = ("x_refresh_token_expires_in", "x_refresh_token_hard_expires_in")


def token(books: Books, auth: tuple[str, str] = CLIENT, headers: dict[str, str] | None = None, **form: str) -> Any:
    return requests.post(f"{books.url}/oauth/token", auth=auth, data=form, headers=headers, timeout=5)


def renew(books: Books, refresh: str) -> Any:
    return token(books, grant_type="refresh_token", refresh_token=refresh)


def test_discovery_names_all_six_addresses_of_this_server(books: Books) -> None:
    found = requests.get(f"{books.url}/oauth/discovery", timeout=5).json()
    assert found["issuer"] == f"{books.url}/oauth"
    for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert found[name].startswith(f"{books.url}/oauth/")


def test_authorize_comes_back_at_once_with_a_code_that_is_good_once(books: Books) -> None:
    asked = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "state": "s&1",
        "redirect_uri": "http://127.0.0.1:9/back?a=1",
    }
    answer = requests.get(f"{books.url}/oauth/authorize", params=asked, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["location"])
    given = parse_qs(back.query)
    assert (answer.status_code, back.netloc, back.path) == (302, "127.0.0.1:9", "/back")
    assert (given["a"], given["state"], given["realmId"]) == (["1"], ["s&1"], [REALM_ID])
    form = {"grant_type": "authorization_code", "code": given["code"][0], "redirect_uri": asked["redirect_uri"]}
    pair = token(books, **form).json()
    assert (pair["token_type"], pair["expires_in"], pair["x_refresh_token_expires_in"]) == ("bearer", 3600, 8726400)
    assert (token(books, **form).status_code, token(books, **form).json()["error"]) == (400, "invalid_grant")
    wrong = requests.get(f"{books.url}/oauth/authorize", params=asked | {"client_id": "x"}, timeout=5)
    assert wrong.status_code == 400


def test_a_bad_client_is_told_so_and_nothing_more(books: Books) -> None:
    answer = token(books, auth=(CLIENT_ID, "wrong"), grant_type="refresh_token", refresh_token=REFRESH_TOKEN)
    assert (answer.status_code, answer.text) == (401, '{"error":"invalid_client"}')
    assert answer.headers["www-authenticate"] == 'Basic realm="Intuit"'


def test_the_hard_expiry_comes_when_asked_for(books: Books) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
    asked = {"x-include-refresh-token-hard-expires-in": "true"}
    assert token(books, headers=asked, **form).json()["x_refresh_token_hard_expires_in"] > 100 * DAY
    assert "x_refresh_token_hard_expires_in" not in token(books, **form).json()


@pytest.mark.parametrize(
    ("wording", "body"),
    [
        ("incorrect", {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}),
        ("invalid", {"error_description": "Token invalid", "error": "invalid_grant"}),
        ("bare", {"error": "invalid_grant"}),
        ("type", {"error": "invalid_grant", "error_description": "Incorrect Token type or clientID"}),
    ],
)
def test_a_bad_refresh_token_is_refused_in_every_wording(books: Books, wording: str, body: dict[str, str]) -> None:
    books.control("switches", {"invalid_grant": wording})
    answer = renew(books, "nonsense")
    assert (answer.status_code, answer.json()) == (400, body)


@pytest.mark.parametrize(
    ("rotation", "hours", "rotates"),
    [
        ("always", 0, True),
        ("after 24 h", 0, False),
        ("after 24 h", 25, True),
        ("never", 25, False),
    ],
)
def test_refresh_tokens_rotate_as_the_switch_says(books: Books, rotation: str, hours: int, rotates: bool) -> None:
    books.control("switches", {"refresh_rotation": rotation, "clock_ahead_seconds": hours * 3600})
    assert (renew(books, books.refresh).json()["refresh_token"] != books.refresh) == rotates


def test_a_replaced_refresh_token_is_good_for_a_day_or_dead(books: Books) -> None:
    fresh = renew(books, books.refresh).json()["refresh_token"]
    newest = renew(books, books.refresh).json()["refresh_token"]
    books.control("switches", {"old_refresh_tokens": "dead"})
    assert renew(books, fresh).status_code == 400
    books.control("switches", {"old_refresh_tokens": "valid", "clock_ahead_seconds": DAY + 60})
    assert renew(books, fresh).status_code == 400
    assert renew(books, newest).status_code == 200
    books.control("switches", {"clock_ahead_seconds": 110 * DAY})
    assert renew(books, newest).status_code == 400


def test_a_sign_in_ends_when_its_own_life_does_however_often_it_is_refreshed(books: Books) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": books.refresh}
    asked = {"x-include-refresh-token-hard-expires-in": "true"}
    books.control("switches", {"refresh_token_seconds": 30 * DAY, "refresh_hard_seconds": 40 * DAY})
    first = token(books, headers=asked, **form).json()
    books.control("switches", {"clock_ahead_seconds": 20 * DAY})
    second = token(books, headers=asked, **form | {"refresh_token": first["refresh_token"]}).json()
    lives = [round(pair[name] / DAY) for pair in (first, second) for name in LIVES]
    assert lives == [30, 40, 20, 20]
    books.control("switches", {"clock_ahead_seconds": 41 * DAY})
    assert renew(books, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refused_token_may_come_in_the_applications_envelope(books: Books) -> None:
    books.control("switches", {"unauthenticated_shape": "A", "clock_ahead_seconds": 3601})
    answer = books.get("preferences")
    assert (answer.status_code, code(answer)) == (401, "100")


def test_an_access_token_lives_an_hour_and_its_end_is_the_gateways(books: Books) -> None:
    assert books.get("preferences").status_code == 200
    books.control("switches", {"clock_ahead_seconds": 3601})
    answer = books.get("preferences")
    assert (answer.status_code, code(answer)) == (401, "3200")
    assert answer.json()["fault"]["error"][0]["detail"].startswith("Token expired: eyJ")
    assert answer.json()["fault"]["type"] == "AUTHENTICATION"
    assert answer.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    books.sign_in()
    assert books.get("preferences").status_code == 200
    books.control("arm", {"fault": "expire-access-tokens"})
    assert books.get("preferences").status_code == 401


def test_no_token_is_malformed_and_another_realm_is_forbidden(books: Books) -> None:
    answer = requests.get(f"{books.base}/preferences", timeout=5)
    assert answer.json()["fault"]["error"][0]["detail"] == "Malformed bearer token"
    other = books.session.get(books.base.replace(REALM_ID, "1") + "/preferences", timeout=5)
    assert (other.status_code, code(other)) == (403, "3100")
    books.control("switches", {"realm_forbidden": True})
    assert books.get("preferences").status_code == 403


def test_revoking_ends_both_tokens(books: Books) -> None:
    who = books.session.get(f"{books.url}/oauth/userinfo", timeout=5)
    assert who.json()["sub"] == "sandbox-user"
    url = f"{books.url}/oauth/revoke"
    assert requests.post(url, json={"token": books.refresh}, timeout=5).status_code == 401
    answer = requests.post(url, json={"token": books.refresh}, auth=CLIENT, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert books.get("preferences").status_code == 401
    assert books.session.get(f"{books.url}/oauth/userinfo", timeout=5).status_code == 401
    assert renew(books, books.refresh).status_code == 400
    assert requests.post(url, json={"token": books.refresh}, auth=CLIENT, timeout=5).status_code == 400
