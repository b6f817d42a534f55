import io

import pytest
from rich.console import Console

from connector.report.columns import show_columns
from connector.report.problems import problem_lines

ROWS = [
    ("CAKE-1", "USD 1,234,567.89", "created, and everything that was asked of it was done at once"),
    ("CAKE-2000", "AUD 1.00", ""),
]


def shown(width: int) -> str:
    text = io.StringIO()
    show_columns(Console(file=text, width=width), ("Number", "Amount", "What happens"), ROWS, right=("Amount",))
    return text.getvalue()


@pytest.mark.parametrize("width", [24, 30, 45, 60, 80, 200])
def test_at_any_width_every_word_is_there_and_no_line_ends_in_blanks(width: int) -> None:
    lines = shown(width).splitlines()

    for _, amount, words in ROWS:
        assert any(amount in line for line in lines)
        for word in words.split():
            assert any(word in line for line in lines)
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


def test_amounts_are_aligned_where_there_is_room() -> None:
    first, second = shown(200).splitlines()[1:]

    assert first.index("USD") + len(ROWS[0][1]) == second.index("AUD") + len(ROWS[1][1])


@pytest.mark.parametrize(
    ("what", "first"),
    [
        ("no answer", "error[source-down]: cake: no answer"),
        ("cake: no answer", "error[source-down]: cake: no answer"),
        ("CAKE refuses the key", "error[source-down]: CAKE refuses the key"),
        ("cakes are sold out", "error[source-down]: cake: cakes are sold out"),
    ],
)
def test_a_trouble_names_its_source_once(what: str, first: str) -> None:
    assert problem_lines("source-down", what, "wait", "cake") == [first, "   = wait"]


def test_rendered_text_is_shown_as_it_is() -> None:
    text = "error[M104]: no field\n  --> a.yaml:1:1\n   = did you mean b?"

    assert problem_lines("M104", text, "mend the mapping", "cake") == text.splitlines()


def test_a_trouble_does_nothing_to_the_terminal() -> None:
    assert "\x1b" not in "".join(problem_lines("x", "a\x1b[31m\nb", "c\x1b", None))
