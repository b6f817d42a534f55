"""``review`` on the terminal, from its data: grouped by what holds it, with what approving would do."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from rich.console import Console

from connector.report.columns import safe, show_columns, show_text
from connector.report.status_text import amount_text, time_text

__all__ = ["show_documents", "show_review", "told_word"]

_SHOWN: Final = 200
_SAID: Final = {
    "approve": "approved",
    "reject": "rejected",
    "skip": "skipped",
    "link": "linked",
    "unlink": "unlinked",
    "recreate": "to be made again, said",
    "accept": "accepted",
}


def show_review(console: Console, documents: Sequence[Mapping[str, Any]]) -> None:
    """Everything that waits, and the next command."""
    if not documents:
        show_text(console, " Nothing waits for a person.\n\n Next: connector status")
        return
    show_documents(console, documents)
    fresh = [each for each in documents if not each["waits_for_sync"]]
    if not fresh:
        show_text(console, "\n Next: connector sync   (it carries out what was decided)")
        return
    first = next((each for each in fresh if each["approving"]), None)
    if first is not None:
        others = "or: reject, skip, link NO. QBO_ID, accept"
        show_text(console, f"\n Next: connector review approve {first['review']}   ({others})")
    else:
        show_text(console, f"\n Next: connector why {_name(fresh[0])}   (or: skip, link NO. QBO_ID, accept)")


def show_documents(console: Console, documents: Iterable[Mapping[str, Any]]) -> None:
    """A group for each cause, most documents first; a line for each document, at most two hundred."""
    groups: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    for each in documents:
        cause = (each["state"], each["code"] or "", each["approving"] or "", each["remedy"] or "")
        groups.setdefault(cause, []).append(each)
    left = _SHOWN
    for (state, code, approving, remedy), group in sorted(groups.items(), key=lambda one: -len(one[1])):
        noun = "invoice" if len(group) == 1 else "invoices"
        about = f"  [{code}]" if code else ""
        show_text(console, f"\n {len(group)} {noun} {_word(state)}{sums_text(group)}{about}")
        if code:  # else it waits for nothing, and a person decides about its bill
            show_text(console, f"   approving {approving}" if approving else "   approving cannot help")
        if remedy:
            show_text(console, f"   = {safe(remedy, 300)}")
        rows = [_columns(each) for each in group[:left]]
        if rows:
            titles = ("No.", "Number", "Vendor", "Date", "Amount", "Why")
            show_columns(console, titles, rows, right=("No.", "Amount"))
        if len(group) > left:
            show_text(console, f" … and {len(group) - left} more (all of them: --json)")
        left -= len(rows)


def told_word(word: Mapping[str, Any]) -> str:
    """``2026-11-26 14:00 UTC  approved by anna: she asked the affiliate``."""
    why = f": {safe(word['why'], 300)}" if word["why"] else ""
    return f"{time_text(word['at'])}  {_SAID.get(word['verb'], word['verb'])} by {safe(word['who'], 40)}{why}"


def sums_text(documents: Iterable[Mapping[str, Any]]) -> str:
    """Their amounts, never added across currencies."""
    sums: dict[str | None, Decimal] = {}
    for each in documents:
        if each["amount"] is not None:
            amount = Decimal(each["amount"]) * (-1 if each["kind"] == "credit" else 1)
            sums[each["currency"]] = sums.get(each["currency"], Decimal(0)) + amount
    return "".join(f"  {amount_text(currency, f'{amount:f}')}" for currency, amount in sums.items())


def _columns(each: Mapping[str, Any]) -> tuple[str, ...]:
    reason = "; ".join(" ".join(line.split()) for line in (each["reason"] or "").splitlines())
    if each["waits_for_sync"]:
        reason = f"{told_word(each['words'][-1])}; the next sync carries it out. {reason}"
    return (
        str(each["review"]),
        safe(each["number"] or _name(each), 28),
        safe(each["vendor"] or "—", 30),
        each["date"] or "—",
        amount_text(each["currency"], each["amount"]) if each["amount"] is not None else "—",
        safe(reason, 500),
    )


def _word(state: str) -> str:
    return "in QuickBooks" if state == "sent" else state


def _name(each: Mapping[str, Any]) -> str:
    return f"{safe(each['source'])}:{safe(each['invoice'])}"
