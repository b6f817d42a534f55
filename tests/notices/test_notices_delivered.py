"""What the channels do with a message: a real mail server and a real webhook, kind and unkind ones."""

import json
import re
import socket
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from post_office import Hook, Post, certificate
from told_troubles import COMPANY, DAY, HOSTILE, KEY, NOW, Channel, troubles, with_name

from connector.errors import ConnectorError
from connector.log import hide
from connector.notices.mail import Mail
from connector.notices.trouble import Message
from connector.notices.webhook import Webhook
from connector.notices.words import trial
from connector.route import Network

PEOPLE = ("ap@example.com", "ops@example.com")
TEST = trial(COMPANY, NOW)


def mail(server: str, people: tuple[str, ...] = PEOPLE, ca_bundle: str = "") -> Mail:
    return Mail(server, people, Network(ca_bundle=ca_bundle))


def fails(channel: Mail | Webhook, message: Message = TEST) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        channel.send(message)
    return caught.value


def hostile() -> Message:
    (message,) = Channel().at(NOW, troubles(with_name(KEY, HOSTILE)))
    return message


# Mail.


def test_a_mail_is_plain_text_from_where_its_readers_are(post: Post) -> None:
    delivered = mail(post.url).send(TEST)

    (got,) = post.mails
    assert delivered.what == "the mail server took it for ap@example.com, ops@example.com"
    assert got["From"] == "Affiliate connector <connector@example.com>"
    assert got["To"] == "ap@example.com, ops@example.com"
    assert got["Subject"] == "Connector: a test message"
    assert got.get_content_type() == "text/plain"
    assert got.get_content_charset() == "utf-8"
    assert got["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.com>", got["Message-ID"])
    assert abs(parsedate_to_datetime(got["Date"]).timestamp() - time.time()) < 60
    assert post.texts() == [TEST.text]


def test_the_same_message_tried_again_has_the_same_id_and_the_next_days_another(post: Post) -> None:
    first, again = (Channel().at(NOW, troubles(KEY))[0] for _ in range(2))
    channel = Channel()
    channel.at(NOW, troubles(KEY))
    (next_day,) = channel.at(NOW + DAY, troubles(KEY))
    for message in (first, again, next_day):
        mail(post.url).send(message)

    one, two, three = [got["Message-ID"] for got in post.mails]
    assert one == two != three


def test_hostile_names_add_no_header_and_no_character_that_acts(post: Post) -> None:
    mail(post.url).send(hostile())

    (got,) = post.mails
    (raw,) = post.raw
    assert [name for name in got if name.lower() == "subject"] == ["Subject"]
    assert "Subject: paid" in post.texts()[0].split("\n")[5]  # an indented line of the text, and nothing more
    assert not set(post.texts()[0]) & set("\x1b\r\u202e\u2028")
    assert raw.isascii()
    assert max(map(len, post.texts()[0].split("\n"))) <= 302


def test_a_subject_can_hold_no_second_line(post: Post) -> None:
    mail(post.url).send(Message("one\r\nBcc: other@example.com", "text\n"))

    (got,) = post.mails
    assert got["Bcc"] is None
    assert got["Subject"] == "one\ufffd\ufffdBcc: other@example.com"


def test_user_and_password_are_sent_and_the_user_is_the_sender() -> None:
    with Post(password="p@ss/word") as post:
        mail(f"smtp://robot%40example.com:p%40ss%2Fword@127.0.0.1:{post.port}").send(TEST)

        assert post.from_ == ["robot@example.com"]


def test_a_wrong_password_is_refused_and_shown_nowhere() -> None:
    hide("hunter2-canary")
    with Post(password="other") as post:
        error = fails(mail(f"smtp://robot%40example.com:hunter2-canary@127.0.0.1:{post.port}"))

    assert (error.code, error.exit_code) == ("notice-refused", 3)
    assert "does not accept user and password (535" in error.what
    assert "[notify] email smtp" in error.remedy
    assert "hunter2" not in error.what + error.remedy
    assert error.__suppress_context__


def test_a_password_with_letters_that_cannot_be_told_is_refused_without_it() -> None:
    with Post(password="other") as post:
        error = fails(mail(f"smtp://robot%40example.com:caf%C3%A9-canary@127.0.0.1:{post.port}"))

    assert error.exit_code == 3
    assert "canary" not in error.what


def test_a_password_never_goes_without_tls_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with Post(password="secret") as post:
        monkeypatch.setattr("connector.notices.mail._is_loopback", lambda _: False)
        error = fails(mail(f"smtp://robot%40example.com:secret@127.0.0.1:{post.port}"))

        assert "offers no TLS" in error.what
        assert error.exit_code == 3
        assert post.mails == []


@pytest.mark.parametrize("at_once", [False, True], ids=["STARTTLS", "smtps"])
def test_mail_goes_over_tls_where_the_server_has_it(tmp_path: Path, at_once: bool) -> None:
    trusted, context = certificate(tmp_path)
    scheme = "smtps" if at_once else "smtp"
    with Post(tls=context(), at_once=at_once) as post:
        mail(f"{scheme}://127.0.0.1:{post.port}", ca_bundle=str(trusted)).send(TEST)

        assert post.encrypted == [True]


@pytest.mark.parametrize("at_once", [False, True], ids=["STARTTLS", "smtps"])
def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path, at_once: bool) -> None:
    _, context = certificate(tmp_path)
    scheme = "smtps" if at_once else "smtp"
    with Post(tls=context(), at_once=at_once) as post:
        error = fails(mail(f"{scheme}://127.0.0.1:{post.port}"))

        assert "certificate" in error.what
        assert error.exit_code == 3
        assert post.mails == []


@pytest.mark.parametrize(
    ("how", "exit_code", "words"),
    [
        ({"refuse": {"ap@example.com": "550 no such user", "ops@example.com": "550 no"}}, 3, "(550 no such user)"),
        ({"refuse": {"ap@example.com": "451 later", "ops@example.com": "451 later"}}, 5, "(451 later)"),
        ({"data": "554 looks like spam"}, 3, "refuses the mail (554 looks like spam)"),
        ({"data": "452 no room"}, 5, "refuses the mail (452 no room)"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_a_mail_server_says_for_good_is_refused_and_else_it_is_down(
    how: dict[str, Any], exit_code: int, words: str
) -> None:
    with Post(**how) as post:
        error = fails(mail(post.url))

    assert (error.exit_code, words in error.what) == (exit_code, True), error.what
    assert error.remedy


def test_one_refused_reader_of_two_is_told_and_the_mail_is_not_sent_again() -> None:
    with Post(refuse={"ops@example.com": "550 gone\x1b[2J"}) as post:
        delivered = mail(post.url).send(TEST)

        assert delivered.what.endswith("took it for ap@example.com")
        assert delivered.refused == "not for ops@example.com (550 gone\ufffd[2J)"


def test_a_mail_server_that_is_not_there_or_hangs_up_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert fails(mail(f"smtp://127.0.0.1:{port}")).what.endswith("nobody answers at this address")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(5)

        def hang_up() -> None:
            silent.accept()[0].close()

        hangs_up = threading.Thread(target=hang_up)
        hangs_up.start()
        error = fails(mail(f"smtp://127.0.0.1:{silent.getsockname()[1]}"))
        hangs_up.join()

    assert error.exit_code == 5
    assert "hung up" in error.what


def test_a_mail_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.notices.mail._SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = fails(mail(f"smtp://127.0.0.1:{silent.getsockname()[1]}"))

    assert error.exit_code == 5
    assert "within the time limit" in error.what


# The webhook.


def test_a_webhook_gets_json_with_a_text(hook: Hook) -> None:
    Webhook(hook.url, Network()).send(TEST)

    assert hook.bodies == [{"text": f"{TEST.subject}\n\n{TEST.text}", "mrkdwn": False}]


def test_hostile_names_call_nobody_and_are_no_links(hook: Hook) -> None:
    Webhook(hook.url, Network()).send(hostile())

    (body,) = hook.bodies
    text = body["text"]
    assert "&lt;script&gt;x&lt;/script&gt; &lt;!channel&gt; @\u200bhere" in text
    assert not set(text) & set("<>\x1b\r\u202e\u2028")
    json.dumps(body, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("status", "exit_code", "words"),
    [
        (404, 3, "refuses it (HTTP 404)"),
        (403, 3, "refuses it (HTTP 403)"),
        (302, 3, "sends us to another address, which is never followed (HTTP 302)"),
        (429, 5, "cannot take it now (HTTP 429)"),
        (500, 5, "cannot take it now (HTTP 500)"),
    ],
)
def test_what_a_webhook_says_for_good_is_refused_and_else_it_is_down(
    hook: Hook, status: int, exit_code: int, words: str
) -> None:
    hook.status = status
    error = fails(Webhook(hook.url, Network()))

    assert (error.exit_code, error.what) == (exit_code, f"the webhook {words}")
    assert error.remedy
    assert "hook-of-the-team" not in error.what + error.remedy
    assert hook.asked == 1


def test_a_webhook_that_is_not_there_is_down_and_its_address_is_shown_nowhere() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = fails(Webhook(f"http://127.0.0.1:{port}/services/T0/hook-of-the-team", Network()))

    assert (error.exit_code, error.code) == (5, "notice-down")
    assert "hook-of-the-team" not in repr(error) + error.what
