"""``why`` on the terminal, from its data: a page about one invoice, read from the top."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from connector.report.status_text import amount_text, time_text
from connector.report.terminal import safe

__all__ = ["show_life"]

_COLOURS: Final = {"sent": "green", "held": "yellow", "blocked": "red", "refused": "red", "sending": "yellow"}
_KINDS: Final = {"bill": "Bill", "credit": "Vendor credit", "payment": "Payment"}
_LONG: Final = 400


def show_life(console: Console, life: Mapping[str, Any]) -> None:
    """Where it stands, what the source said, who decided each box, what was sent and what came back."""
    _head(console, life)
    _said(console, life)
    _mapping(console, life)
    for document in life["documents"]:
        _document(console, document)
    if life["boxes"]:
        _line(console, "\n The bill it would become")
        _boxes(console, life["boxes"])


def _head(console: Console, life: Mapping[str, Any]) -> None:
    document = life["documents"][0] if life["documents"] else {}
    name = safe(document.get("number") or f"{life['source']}:{life['invoice']}")
    bill = f", {document['kind']} {safe(document['qbo_id'])} in QuickBooks" if document.get("qbo_id") else ""
    _line(console, f" {name} is {_word(life['state'])}{bill}{_code(life)}", _COLOURS.get(life["state"], ""))
    if document.get("link"):
        _line(console, f"   {safe(document['link'], _LONG)}")
    _why(console, life)


def _said(console: Console, life: Mapping[str, Any]) -> None:
    said = life["said"]
    if said is None:
        _line(console, f"\n No record of {safe(life['source'])} is kept for it.")
        return
    _line(console, f"\n What {safe(life['source'])} said about invoice {safe(life['invoice'])}")
    _line(console, f"   first read {time_text(said['first_seen'])}, last {time_text(said['last_seen'])}")
    if said["first_seen_paid"]:
        _line(console, f"   paid at the source; first seen so on {said['first_seen_paid']}")
    if said["void"]:
        _line(console, "   void at the source")
    for name, value in said["record"].items():
        shown = "(empty)" if value in (None, "") else safe(value, _LONG)
        _line(console, f"   {safe(name, 40):<24} {shown}")


def _mapping(console: Console, life: Mapping[str, Any]) -> None:
    mapping = life["mapping"]
    if mapping is None:
        _line(console, "\n No mapping has decided about it yet.")
        return
    version = f"version {mapping['version'][:12]}"
    if mapping["read_from"] is None:
        _line(console, f"\n Decided by a mapping that is no longer kept, {version}")
    else:
        since = "" if mapping["read_from"] == "file" else "; it or a table has changed since, this is how it was"
        _line(console, f"\n Decided by {safe(mapping['path'], 120)}, {version}{since}")
    if life["outcome"]:
        for line in life["outcome"]["reason"]:
            _line(console, f"   {safe(line, _LONG)}")
    if life["changed_since"]:
        _line(console, "   The source has changed since the document below was made.")


def _document(console: Console, document: Mapping[str, Any]) -> None:
    amount = f" {amount_text(document['currency'], document['amount'])}" if document["amount"] else ""
    found = ", found in QuickBooks" if document["adopted"] else ""
    _line(console, f"\n {_KINDS[document['kind']]}{amount}  {_word(document['state'])}{found}{_code(document)}")
    _boxes(console, document["boxes"])
    _line(console, f"   {'(our mark)':<22} {safe(document['marker'])}")
    if not document["requests"]:
        _line(console, "\n Nothing was ever sent to QuickBooks for it.")
    for request in document["requests"]:
        _request(console, request)


def _boxes(console: Console, boxes: list[dict[str, Any]]) -> None:
    for each in boxes:
        _line(console, f"   {safe(each['box'], 30):<22} {safe(each['value'], _LONG)}")
        for by in each["decided_by"]:
            _line(console, f"   {'':<22}   {safe(by['place'], 120)}  {safe(by['text'], 160)}".rstrip(), "dim")


def _request(console: Console, request: Mapping[str, Any]) -> None:
    batch = f", item {safe(request['item'])} of {request['items']}" if request["item"] else ""
    outcome = request["outcome"] or "no answer yet"
    _line(console, f"\n Request {safe(request['request_id'])}: {safe(request['operation'])}{batch}, {safe(outcome)}")
    _line(console, f"   intended {time_text(request['intended'])} in run {safe(request['run'])}")
    for attempt in request["attempts"]:
        answered = f", answered {time_text(attempt['ended'])}" if attempt["ended"] else ", and nothing came back"
        told = [attempt["outcome"] or "no answer"]
        told += [f"HTTP {attempt['http_status']}"] if attempt["http_status"] else []
        told += [f"code {attempt['code']}"] if attempt["code"] else []
        told += [f"intuit_tid {attempt['intuit_tid']}"] if attempt["intuit_tid"] else []
        _line(console, f"   sending {attempt['n']}: sent {time_text(attempt['sent'])}{answered}")
        _line(console, f"     {safe(', '.join(told), 200)}")
        if attempt["detail"]:
            _line(console, f"     {safe(attempt['detail'], _LONG)}")
    if not request["attempts"]:
        _line(console, "   never sent")


def _why(console: Console, told: Mapping[str, Any]) -> None:
    for line in (told["reason"] or "").splitlines():
        _line(console, f"   {safe(line, _LONG)}")
    if told["remedy"]:
        _line(console, f"   = {safe(told['remedy'], _LONG)}")


def _word(state: str) -> str:
    return "without an answer" if state == "sending" else state


def _code(told: Mapping[str, Any]) -> str:
    return f"  [{safe(told['code'])}]" if told["code"] else ""


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
