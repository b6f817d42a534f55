"""QuickBooks' faults in a bookkeeper's words."""

import pytest

from connector.quickbooks.faults import CODES, FAULTS, explain, meaning_of
from connector.quickbooks.outcome import Outcome


def refused(code: str, detail: str, message: str = "") -> Outcome:
    return Outcome("refused", None, code, message, detail, "", 400, "1-abc")


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("6210", "books-closed"),
        ("2500", "reference-missing"),
        ("6240", "vendor-name-taken"),
        ("5010", "stale"),
        ("5030", "plan-too-small"),
        ("2050", "string-too-long"),
        ("2410", "rate-missing"),
        ("6190", "subscription-ended"),
        ("6000", "rule-of-quickbooks"),
        ("9999", "rule-of-quickbooks"),
    ],
)
def test_a_fault_has_a_code_of_ours_that_help_explains(code: str, ours: str) -> None:
    assert explain(refused(code, "Detail"), {})[0] == ours
    assert ours in CODES


@pytest.mark.parametrize(
    ("detail", "ours"),
    [
        (
            "Business Validation Error: Make sure all your transactions have a GST rate before you save.",
            "tax-code-missing",
        ),
        (
            "Business Validation Error: Make sure all your transactions have a GST/HST rate before you save.",
            "tax-code-missing",
        ),
        (
            "Business Validation Error: You can only use one foreign currency per transaction.",
            "currency-differs-from-vendor",
        ),
        ("Business Validation Error: You must unlink any linked transactions before deleting.", "linked"),
        ("Business Validation Error: Quelque chose.", "rule-of-quickbooks"),
    ],
)
def test_the_words_of_6000_tell_which_rule(detail: str, ours: str) -> None:
    assert meaning_of(refused("6000", detail)).code == ours


def test_the_reason_holds_quickbooks_own_words_its_code_and_its_number() -> None:
    outcome = refused("6240", "The name supplied already exists. : Id=123", "Duplicate Name Exists Error")
    code, reason, remedy = explain(outcome, {})
    assert code == "vendor-name-taken"
    assert "The name supplied already exists. : Id=123 (code 6240, intuit_tid 1-abc)" in reason
    assert "connector sync --retry-refused" in remedy


def test_ids_are_told_by_their_names() -> None:
    outcome = refused("2500", "Invalid Reference Id : Accounts element id 42 not found", "Invalid Reference Id")
    assert (
        "account 'Affiliate payouts:US' not found" in explain(outcome, {("Account", "42"): "Affiliate payouts:US"})[1]
    )
    assert "Accounts element id 42 not found" in explain(outcome, {})[1]
    person = refused("2500", "Invalid Reference Id : Names element id 7 not found")
    assert "name 'Acme' not found" in explain(person, {("Vendor", "7"): "Acme"})[1]


@pytest.mark.parametrize(
    ("kind", "code", "ours"),
    [
        ("unknown", None, "outcome-unknown"),
        ("unknown", "6140", "number-taken"),
        ("unknown", "10000", "outcome-unknown"),
        ("throttled", "3001", "quickbooks-throttled"),
        ("forbidden", "3100", "quickbooks-forbidden"),
        ("not-sent", None, "quickbooks-down"),
    ],
)
def test_what_was_not_refused_is_explained_by_its_kind(kind: str, code: str | None, ours: str) -> None:
    assert explain(Outcome(kind, code=code), {})[0] == ours  # type: ignore[arg-type]


def test_every_code_has_a_title_an_explanation_and_a_remedy_that_is_one_line() -> None:
    for code, (title, explanation) in CODES.items():
        assert title, code
        assert explanation, code
        assert "\n" not in title + explanation
    assert {meaning.code for meaning in FAULTS.values()} <= CODES.keys()
    for kind in "account class location term tax-code item customer vendor".split():
        assert {f"{kind}-not-found", f"{kind}-inactive", f"{kind}-ambiguous"} <= CODES.keys()
