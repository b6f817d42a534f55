"""
What every source has to keep. A third party's source passes it with one subclass:

    class TestMine(SourceContract):
        source_class = Mine

        @pytest.fixture
        def place(self) -> Place: ...
"""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import ClassVar

import pytest
from odd_server import Odd, odd_server

from connector.errors import AnswerUnreadable, ConnectorError, ServiceDown, SignInNeeded, Throttled
from connector.invoice import Invoice
from connector.money import CURRENCIES
from connector.sources import http
from connector.sources.pull import pull
from connector.sources.source import Connection, Source, Window
from connector.sources.spool import Spool

WRONG_KEY = "canary-4f1d9c-wrong-key"
TYPES = {"text": str, "number": Decimal, "date": date}


@dataclass
class Place:
    """Where a source is tried: a connection that works, and a window that holds several invoices."""

    connection: Connection
    window: Window


class SourceContract:
    source_class: ClassVar[type[Source]]

    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError

    @pytest.fixture
    def odd(self) -> Iterator[Odd]:
        with odd_server() as server:
            yield server

    @pytest.fixture(autouse=True)
    def _short_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "FIRST_WAIT", 0.001)
        monkeypatch.setattr(http, "THROTTLE_WAIT", 0.01)

    @pytest.fixture
    def spool(self) -> Iterator[Spool]:
        with Spool() as spool:
            yield spool

    def pulled(self, connection: Connection, window: Window, spool: Spool) -> list[Invoice]:
        pull(self.source_class(connection), window, spool)
        return [invoice for chunk in spool.chunks(connection.name, 7) for invoice in chunk]

    def failure(self, connection: Connection, window: Window, spool: Spool) -> ConnectorError:
        with pytest.raises(ConnectorError) as caught:
            self.pulled(connection, window, spool)
        error = caught.value
        assert error.source == connection.name
        assert error.code
        assert error.remedy
        assert spool.count(connection.name) == 0
        seen = "".join(traceback.format_exception(error)) + repr(error) + repr(error.problem)
        assert connection.api_key not in seen
        return error

    def test_it_declares_each_field_once_with_a_type_and_a_sentence(self) -> None:
        names = [field.name for field in self.source_class.fields]
        assert len(names) == len(set(names)) > 0
        assert all(field.type in TYPES and field.help.endswith(".") for field in self.source_class.fields)
        assert self.source_class.status in names
        assert self.source_class.id in names
        assert self.source_class.payee is None or self.source_class.payee in names
        assert self.source_class.type
        assert self.source_class.title
        assert all(values for values in self.source_class.options.values())

    def test_every_invoice_keeps_to_the_declaration(self, place: Place, spool: Spool) -> None:
        invoices = self.pulled(place.connection, place.window, spool)
        assert len(invoices) > 1
        declared = {field.name: TYPES[field.type] for field in self.source_class.fields}
        for invoice in invoices:
            assert invoice.source == place.connection.name
            assert invoice.id
            assert invoice.fields.keys() == declared.keys()
            for name, value in invoice.fields.items():
                assert value is None or type(value) is declared[name], name
            assert invoice.amount is None or type(invoice.amount) is Decimal
            assert invoice.currency is None or invoice.currency in CURRENCIES
            assert invoice.status == invoice.fields[self.source_class.status]
            assert type(invoice.paid) is type(invoice.void) is bool

    def test_ids_are_unique_and_two_pulls_are_alike_in_one_order(self, place: Place, spool: Spool) -> None:
        first = self.pulled(place.connection, place.window, spool)
        second = self.pulled(place.connection, place.window, spool)
        assert first == second
        assert len({invoice.id for invoice in first}) == len(first)
        assert [invoice.date or date.max for invoice in first] == sorted(invoice.date or date.max for invoice in first)

    def test_the_raw_record_reads_as_the_same_invoice_again(self, place: Place, spool: Spool) -> None:
        connection = place.connection
        for invoice in self.pulled(connection, place.window, spool):
            raw = json.loads(json.dumps(dict(invoice.raw)))
            assert self.source_class.read(raw, source=connection.name, currency=connection.currency) == invoice

    def test_the_key_is_in_no_log(self, place: Place, spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
        for name in ("", "urllib3", "urllib3.connectionpool"):
            caplog.set_level(logging.DEBUG, logger=name or None)
        self.pulled(place.connection, place.window, spool)
        self.failure(replace(place.connection, api_key=WRONG_KEY), place.window, spool)
        assert place.connection.api_key not in caplog.text
        assert WRONG_KEY not in caplog.text
        assert place.connection.api_key not in repr(place.connection)

    def test_a_wrong_key_asks_for_a_sign_in_and_names_the_setting(self, place: Place, spool: Spool) -> None:
        error = self.failure(replace(place.connection, api_key=WRONG_KEY), place.window, spool)
        assert isinstance(error, SignInNeeded)
        assert error.code == "source-key-refused"
        assert f"sources.{place.connection.name}.api_key" in error.remedy

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_key_asks_for_a_sign_in(self, place: Place, spool: Spool, odd, status: int) -> None:
        odd.say(odd.answer(status=status))
        assert isinstance(self.failure(replace(place.connection, base_url=odd.url), place.window, spool), SignInNeeded)
        assert len(odd.asked) == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"   ",
            b"<!doctype html><html><body>Please log in</body></html>",
            b"{}",
            b"null",
            b"7",
            b'{"error": "something broke"}',
            b'[{"a": 1}, 5]',
            b'{"total_rows": 0, "total_rows": 0}',
            b"[NaN]",
            b"[" * 100_000,
            b"\xff\xfe\x00",
            b"<html><body/></html>",
        ],
        ids=lambda body: repr(body[:24]),
    )
    def test_an_answer_of_another_shape_never_reads_as_no_invoices(
        self, place: Place, spool: Spool, odd, body: bytes
    ) -> None:
        odd.say(body)
        error = self.failure(replace(place.connection, base_url=odd.url), place.window, spool)
        assert isinstance(error, AnswerUnreadable)
        assert error.code == "source-shape"

    def test_an_answer_cut_off_anywhere_never_reads_as_no_invoices(
        self, place: Place, spool: Spool, odd, whole_answer: Callable[[], bytes]
    ) -> None:
        body = whole_answer()
        connection = replace(place.connection, base_url=odd.url)
        for length in range(0, len(body) - 1, max(1, len(body) // 25)):
            odd.say(body[:length])
            assert isinstance(self.failure(connection, place.window, spool), AnswerUnreadable)

    def test_an_answer_that_ends_before_its_length_is_temporary(self, place: Place, spool: Spool, odd) -> None:
        odd.say(odd.answer(b"[", cut=True))
        error = self.failure(replace(place.connection, base_url=odd.url), place.window, spool)
        assert type(error) is ServiceDown
        assert len(odd.asked) == 4

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_failing_server_is_tried_four_times_and_then_down(
        self, place: Place, spool: Spool, odd, status: int
    ) -> None:
        odd.say(odd.answer(b"<html>sorry</html>", status=status))
        error = self.failure(replace(place.connection, base_url=odd.url), place.window, spool)
        assert type(error) is ServiceDown
        assert error.code == "source-down"
        assert len(odd.asked) == 4

    def test_nobody_there_is_a_service_that_is_down(self, place: Place, spool: Spool) -> None:
        nobody = replace(place.connection, base_url="http://127.0.0.1:9")
        error = self.failure(nobody, place.window, spool)
        assert type(error) is ServiceDown
        assert "nobody answers" in error.what

    @pytest.mark.parametrize("status", [204, 302, 400, 404, 410])
    def test_any_other_status_is_refused_at_once(self, place: Place, spool: Spool, odd, status: int) -> None:
        odd.say(odd.answer(status=status, headers={"Location": "/elsewhere"}))
        error = self.failure(replace(place.connection, base_url=odd.url), place.window, spool)
        assert isinstance(error, AnswerUnreadable)
        assert error.code == "source-refused"
        assert len(odd.asked) == 1

    def test_too_many_requests_are_waited_out_and_then_said(self, place: Place, spool: Spool, odd) -> None:
        odd.say(odd.answer(status=429, headers={"Retry-After": "0"}))
        error = self.failure(replace(place.connection, base_url=odd.url), place.window, spool)
        assert isinstance(error, Throttled)
        assert error.code == "source-throttled"
        assert 2 <= len(odd.asked) <= 4

    def test_one_temporary_failure_changes_nothing(
        self, place: Place, spool: Spool, odd, whole_answer: Callable[[], bytes]
    ) -> None:
        odd.say(odd.answer(status=503), odd.answer(whole_answer()))
        assert self.pulled(replace(place.connection, base_url=odd.url), place.window, spool)

    @pytest.fixture
    def whole_answer(self, place: Place) -> Callable[[], bytes]:
        """A small answer of the source's own, with one invoice in it."""
        raise NotImplementedError
