"""The sign-in: kept before it is used, refreshed once, and one clear sentence at the end."""

import datetime
import json
import threading
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from kept import KeptSignIn, settings_for, signed_in
from pretend import Box
from raw_server import Raw, cut_off, hang_up, says

from connector.errors import ServiceDown, SettingsInvalid, SignInNeeded
from connector.quickbooks.limiter import Limiter
from connector.quickbooks.signin import SignIn, SignInStatus, Stored, status_of
from connector.quickbooks.transport import Company
from connector.sandbox.credentials import REALM_ID, REFRESH_TOKEN

HOUR = datetime.timedelta(hours=1)


def later(by: datetime.timedelta) -> Any:
    return lambda: datetime.datetime.now(datetime.UTC) + by


def test_a_first_sign_in_uses_the_token_of_the_settings_and_keeps_the_new_one(box: Box, kept: KeptSignIn) -> None:
    sign_in = SignIn(settings_for(box.url), kept, REFRESH_TOKEN)
    token = sign_in.access_token()
    assert kept.stored is not None
    assert kept.stored.access_token == token
    assert kept.stored.refresh_token != REFRESH_TOKEN
    assert kept.stored.previous_refresh_token == REFRESH_TOKEN
    assert kept.stored.realm_id == REALM_ID
    assert sign_in.access_token() == token
    assert len(kept.saves) == 1


def test_another_process_uses_what_was_kept(box: Box, kept: KeptSignIn) -> None:
    token = SignIn(settings_for(box.url), kept, REFRESH_TOKEN).access_token()
    assert SignIn(settings_for(box.url), kept).access_token() == token
    assert len(box.log("/oauth/token")) == 1


def test_a_token_is_renewed_five_minutes_before_its_end(box: Box, kept: KeptSignIn) -> None:
    settings = settings_for(box.url)
    token = SignIn(settings, kept, REFRESH_TOKEN).access_token()
    assert SignIn(settings, kept, clock=later(HOUR - datetime.timedelta(minutes=6))).access_token() == token
    assert SignIn(settings, kept, clock=later(HOUR - datetime.timedelta(minutes=4))).access_token() != token


def test_a_clock_that_went_back_renews(box: Box, kept: KeptSignIn) -> None:
    settings = settings_for(box.url)
    token = SignIn(settings, kept, REFRESH_TOKEN).access_token()
    assert SignIn(settings, kept, clock=later(-HOUR)).access_token() != token


def test_a_new_token_that_could_not_be_kept_is_not_used(box: Box, kept: KeptSignIn) -> None:
    kept.fails = True
    sign_in = SignIn(settings_for(box.url), kept, REFRESH_TOKEN)
    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            sign_in.access_token()
    assert kept.stored is None
    kept.fails = False
    # The process died between the answer and the keeping: the next one signs in with the old token again.
    assert SignIn(settings_for(box.url), kept, REFRESH_TOKEN).access_token()


def test_the_previous_token_serves_where_the_present_one_is_refused(box: Box, kept: KeptSignIn) -> None:
    settings = settings_for(box.url)
    SignIn(settings, kept, REFRESH_TOKEN).access_token()
    assert kept.stored is not None
    values = json.loads(kept.stored.to_bytes())
    good = values["refresh_token"]
    kept.stored = Stored.from_bytes(
        json.dumps(values | {"refresh_token": "lost", "previous_refresh_token": good}).encode()
    )
    SignIn(settings, kept, clock=later(HOUR)).access_token()
    assert kept.stored.previous_refresh_token == good
    assert len(box.log("/oauth/token")) == 3


def test_a_new_token_in_the_settings_serves_where_the_kept_ones_are_dead(box: Box, kept: KeptSignIn) -> None:
    kept.stored = signed_in()
    sign_in = SignIn(settings_for(box.url), kept, REFRESH_TOKEN, clock=later(HOUR))
    assert sign_in.access_token() != "access-token-1"


def test_with_every_token_dead_one_sentence_says_what_to_do(box: Box, kept: KeptSignIn) -> None:
    kept.stored = signed_in()
    sign_in = SignIn(settings_for(box.url), kept, clock=later(HOUR))
    with pytest.raises(SignInNeeded, match="no longer accepts") as caught:
        sign_in.access_token()
    assert caught.value.code == "quickbooks-sign-in"
    assert "CONNECTOR_QUICKBOOKS__REFRESH_TOKEN" in caught.value.remedy
    assert len(box.log("/oauth/token")) == 1


def test_without_any_token_nothing_is_asked(box: Box, kept: KeptSignIn) -> None:
    with pytest.raises(SignInNeeded, match="nobody has signed in"):
        SignIn(settings_for(box.url), kept).access_token()
    assert box.log("/oauth") == []


def test_a_sign_in_of_another_company_is_none(box: Box, kept: KeptSignIn) -> None:
    kept.stored = signed_in()
    settings = settings_for(box.url)
    other = type(settings)("sandbox", "123", "id", "secret", settings.api_url, settings.discovery_url)
    with pytest.raises(SignInNeeded, match="nobody has signed in"):
        SignIn(other, kept).access_token()


def test_a_wrong_app_is_told_apart_from_a_wrong_sign_in(box: Box, kept: KeptSignIn) -> None:
    settings = settings_for(box.url)
    wrong = type(settings)("sandbox", REALM_ID, "other", "wrong", settings.api_url, settings.discovery_url)
    with pytest.raises(SignInNeeded) as caught:
        SignIn(wrong, kept, REFRESH_TOKEN).access_token()
    assert caught.value.code == "quickbooks-client"
    assert "client_secret" in caught.value.remedy


@pytest.mark.parametrize("processes", [1, 2])
def test_two_threads_and_two_processes_refresh_once(box: Box, kept: KeptSignIn, processes: int) -> None:
    settings = settings_for(box.url)
    sign_ins = [SignIn(settings, kept, REFRESH_TOKEN) for _ in range(processes)]
    tokens: list[str] = []
    threads = [
        threading.Thread(target=lambda one=one: tokens.append(one.access_token())) for one in sign_ins for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(tokens)) == 1
    assert len(tokens) == 4 * processes
    assert len(box.log("/oauth/token")) == 1


def test_a_lost_answer_is_asked_for_once_more_with_the_same_token(raw: Raw, kept: KeptSignIn) -> None:
    pair = {"access_token": "a2", "refresh_token": "r2", "expires_in": 3600, "x_refresh_token_expires_in": 8726400}
    raw.answers = [says(200, {"token_endpoint": f"{raw.url}/token"}), cut_off, says(200, pair)]
    kept.stored = signed_in()
    assert SignIn(settings_for(raw.url), kept, clock=later(HOUR)).access_token() == "a2"
    assert [request.rpartition(b"refresh_token=")[2] for request in raw.requests[1:]] == [b"refresh-1", b"refresh-1"]
    assert b"x-include-refresh-token-hard-expires-in: true" in raw.requests[1]


@pytest.mark.parametrize(
    "answer", [hang_up, says(503, b"<html>"), says(500, {"error": "x"}), says(200, {}), says(200, b"<html>")]
)
def test_a_sign_in_service_that_fails_is_down_and_nothing_is_lost(raw: Raw, kept: KeptSignIn, answer: Any) -> None:
    raw.answers = [says(200, {"token_endpoint": f"{raw.url}/token"}), answer]
    kept.stored = before = signed_in()
    with pytest.raises(ServiceDown) as caught:
        SignIn(settings_for(raw.url), kept, clock=later(HOUR)).access_token()
    assert caught.value.code == "quickbooks-down"
    assert kept.stored is before
    assert len(raw.requests) == 3


def test_tokens_go_over_https_or_stay_on_this_machine(raw: Raw, kept: KeptSignIn) -> None:
    raw.answers = [says(200, {"token_endpoint": "http://example.com/token"})]
    with pytest.raises(SettingsInvalid, match="token_endpoint"):
        SignIn(settings_for(raw.url), kept, REFRESH_TOKEN).access_token()
    for address in ("http://example.com/v3", "ftp://127.0.0.1/v3", "https://me:secret@example.com/v3", "example.com"):
        with pytest.raises(SettingsInvalid):
            settings_for(raw.url, api_url=address)


def test_a_read_that_meets_an_expired_token_renews_it_and_goes_on(box: Box, kept: KeptSignIn) -> None:
    settings = settings_for(box.url)
    with Company(settings, SignIn(settings, kept, REFRESH_TOKEN), Limiter(99, 99, 99)) as company:
        company.preferences()
        box.control("arm", fault="expire-access-tokens")
        company.preferences()
    assert len(box.log("/oauth/token")) == 2


def test_a_token_that_a_write_found_refused_is_not_sent_again(box: Box, kept: KeptSignIn) -> None:
    settings = settings_for(box.url)
    with Company(settings, SignIn(settings, kept, REFRESH_TOKEN), Limiter(99, 99, 99)) as company:
        company.preferences()
        box.control("arm", fault="expire-access-tokens")
        vendor = b'{"DisplayName":"Foo"}'
        assert company.send("Vendor", vendor, "request-1", "create").kind == "unknown"
        assert company.send("Vendor", vendor, "request-1", "create").kind == "applied"


def came_back(sign_in: SignIn) -> dict[str, str]:
    address = sign_in.authorize_url("http://localhost:8000/callback", "state-1")
    answer = requests.get(address, allow_redirects=False, timeout=5)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def test_a_browser_signs_in_and_out(box: Box, kept: KeptSignIn) -> None:
    sign_in = SignIn(settings_for(box.url), kept)
    back = came_back(sign_in)
    assert back["state"] == "state-1"
    sign_in.log_in(back["code"], "http://localhost:8000/callback", back["realmId"])
    assert kept.stored is not None
    assert sign_in.access_token() == kept.stored.access_token
    with pytest.raises(SignInNeeded, match="refuses the code"):
        sign_in.log_in(back["code"], "http://localhost:8000/callback", back["realmId"])
    left = kept.stored
    assert sign_in.log_out()
    assert kept.stored is None
    assert sign_in.log_out() is None
    with pytest.raises(SignInNeeded, match="no longer accepts"):
        SignIn(settings_for(box.url), KeptSignIn(left), clock=later(HOUR)).access_token()


def test_a_code_is_not_spent_where_the_sign_in_could_not_be_kept(box: Box, kept: KeptSignIn) -> None:
    sign_in = SignIn(settings_for(box.url), kept)
    code = came_back(sign_in)["code"]
    kept.full = True
    with pytest.raises(OSError, match="full"):
        sign_in.log_in(code, "http://localhost:8000/callback", REALM_ID)
    with pytest.raises(OSError, match="full"):
        sign_in.authorize_url("http://localhost:8000/callback", "state-1")
    assert box.log("/oauth/token") == []


@pytest.mark.parametrize("out", [False, True], ids=["in", "out"])
def test_who_signs_in_or_out_waits_for_a_refresh_to_end(box: Box, kept: KeptSignIn, *, out: bool) -> None:
    sign_in = SignIn(settings_for(box.url), kept, REFRESH_TOKEN)
    sign_in.access_token()
    back = came_back(sign_in)
    given = () if out else (back["code"], "http://localhost:8000/callback", back["realmId"])
    before = kept.stored
    with kept.lock():
        thread = threading.Thread(target=sign_in.log_out if out else sign_in.log_in, args=given)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        assert (len(box.log("/oauth/token")), box.log("/oauth/revoke")) == (1, [])
    thread.join()
    assert kept.stored != before


def test_who_is_signed_out_at_intuit_already_is_signed_out_here(box: Box, kept: KeptSignIn) -> None:
    kept.stored = signed_in()
    assert SignIn(settings_for(box.url), kept).log_out() is False
    assert kept.stored is None


def test_a_sign_in_of_which_only_the_token_before_still_lives_is_revoked_by_that(box: Box, kept: KeptSignIn) -> None:
    kept.stored = replace(signed_in(), previous_refresh_token=REFRESH_TOKEN)
    assert SignIn(settings_for(box.url), kept).log_out()
    assert [entry["status"] for entry in box.log("/revoke")] == [400, 200]


def test_who_cannot_be_told_of_a_signing_out_changes_nothing(raw: Raw, kept: KeptSignIn) -> None:
    kept.stored = signed_in()
    raw.answers += [says(200, {"revocation_endpoint": f"{raw.url}/revoke"}), says(503, {})]
    sign_in = SignIn(settings_for(raw.url), kept)
    with pytest.raises(ServiceDown):
        sign_in.log_out()
    assert kept.stored is not None
    sign_in.forget()
    assert kept.stored is None


def test_a_browser_that_chose_another_company_is_not_signed_in(box: Box, kept: KeptSignIn) -> None:
    sign_in = SignIn(settings_for(box.url), kept)
    with pytest.raises(SignInNeeded, match="company 123") as caught:
        sign_in.log_in(came_back(sign_in)["code"], "http://localhost:8000/callback", "123", {"123": "Other Ltd"}.get)
    assert "company 123 (Other Ltd), the settings name 4620816365000000000" in caught.value.what
    assert caught.value.code == "quickbooks-other-company"
    assert kept.stored is None


def test_a_write_without_a_sign_in_is_not_sent(box: Box, kept: KeptSignIn) -> None:
    settings = settings_for(box.url)
    with Company(settings, SignIn(settings, kept), Limiter(99, 99, 99)) as company:
        outcome = company.send("Vendor", b'{"DisplayName":"Foo"}', "request-1", "create")
        assert outcome.kind == "not-sent"
        assert "nobody has signed in" in outcome.message
        with pytest.raises(SignInNeeded):
            company.take_turn()
    assert box.log("/quickbooks") == []


def standing(kept: KeptSignIn, days: int = 0) -> SignInStatus:
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    return status_of(kept.stored, REALM_ID, "sandbox", now)


def test_the_status_counts_the_days(box: Box, kept: KeptSignIn) -> None:
    settings = settings_for(box.url)
    assert not standing(kept).signed_in
    SignIn(settings, kept, REFRESH_TOKEN).access_token()
    status = standing(kept, days=10)
    assert status.signed_in
    assert status.days_left is not None
    assert 85 <= status.days_left <= 91
    assert status.hard_days_left is not None
    assert status.hard_days_left > 1000
    assert not standing(kept, days=200).signed_in


def test_a_sign_in_shows_no_token() -> None:
    assert "refresh-1" not in repr(signed_in())
    assert "access-token-1" not in repr(signed_in())
    assert Stored.from_bytes(signed_in().to_bytes()).refresh_token == "refresh-1"
