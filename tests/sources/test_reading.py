"""Strict JSON: what is refused says what it is."""

from decimal import Decimal

import pytest

from connector.sources.reading import keys_seen, parse_json


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "an empty answer"),
        (b"  \n", "an empty answer"),
        (b"<html>", "a web page"),
        (b'{"a": 1, "a": 2}', "a key stands twice"),
        (b'[{"a": 1, "a" : 2}, {"b": 1}]', "a key stands twice"),
        (b'{"a": [{"b": {"c": 1, "c": 2}}]}', "a key stands twice"),
        (b'[{"a": NaN}]', "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b'[{"a": 1}', "cut off"),
        (b'{"a": "b', "cut off"),
        (b"{a: 1}", r"no JSON \(at character 1\)"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xff", "utf-8"),
        (b"[" + b"9" * 5000 + b"]", "a number of absurd size"),
        (b"[1e99999999999999999999]", "a number of absurd size"),
        (b"[1e999999999]", "a number of absurd size"),
        (b"[-1E-999]", "a number of absurd size"),
        (b"[0." + b"1" * 99 + b"]", "a number of absurd size"),
    ],
)
def test_what_is_not_json_is_refused_by_name(body: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_json(body)


def test_numbers_keep_their_digits() -> None:
    assert str(parse_json(b'{"a": [100.0000, 10042]}')) == "{'a': [Decimal('100.0000'), 10042]}"
    assert parse_json(b"\xef\xbb\xbf[0.1]") == [Decimal("0.1")]


def test_keys_are_shown_short_sorted_and_printable() -> None:
    assert keys_seen({}) == "none"
    assert keys_seen({"b": 1, "a\x1b[31m": 2, "c" * 99: 3}) == "…, b, …"
    assert keys_seen({f"{number:03d}": 0 for number in range(99)}).endswith("029 …")


@pytest.mark.parametrize(
    ("secret", "body"),
    [
        ("s3cret/key", b'[{"a": "it is s3cret/key"}]'),
        ("s3cret/key", rb'[{"a": "it is s3cret\/key"}]'),
        ("s3cretkey", b'{"a": [{"b": ["it is s3cretkey"]}]}'),
    ],
)
def test_a_secret_that_a_source_repeats_is_blanked_however_it_is_written(secret: str, body: bytes) -> None:
    assert "s3cret" not in str(parse_json(body, secret))
    assert "it is ***" in str(parse_json(body, secret))


def test_half_a_character_is_replaced_and_a_text_with_a_colon_is_no_key() -> None:
    assert parse_json(rb'[{"a": "cut \ud83d"}]') == [{"a": "cut ?"}]
    assert parse_json(rb'[{"a": "\":"}, {"b": "\":\":"}]') == [{"a": '":'}, {"b": '":":'}]
