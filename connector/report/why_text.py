"""``why`` on the terminal, from its data: a page about one invoice, read from the top."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Console

from connector.report.columns import safe, show_text
from connector.report.review_text import told_word
from connector.report.status_text import amount_text, time_text

__all__ = ["show_life"]

_COLOURS: Final = {"sent": "green", "held": "yellow", "blocked": "red", "refused": "red", "sending": "yellow"}
_KINDS: Final = {"bill": "Bill", "credit": "Vendor credit", "payment": "Payment"}
_ANSWERS: Final = {
    "applied": "QuickBooks took it",
    "refused": "QuickBooks refused it",
    "unknown": "the answer was lost",
    "throttled": "QuickBooks asked to slow down, and took nothing",
    "not-sent": "it never left this machine",
    "forbidden": "QuickBooks did not let the connector in",
}
_FOUND: Final = {
    "create": "the {} was found there by its mark",
    "update": "the {} had changed",
    "delete": "the {} was gone",
}
_NOT_FOUND: Final = {
    "create": "the {} was not there",
    "update": "the {} had not changed",
    "delete": "the {} still stood",
}
_LONG: Final = 400


def show_life(console: Console, life: Mapping[str, Any], *, verbose: bool = False) -> None:
    """
    Where it stands, the bill and who decided each box, what was sent and what came back, what the source said.

    With ``verbose`` also what engineers ask for: marks, request ids, and QuickBooks' own numbers for each attempt.
    """
    _head(console, life)
    for document in life["documents"]:
        _document(console, document, verbose=verbose)
        if document["reason"] != life["reason"]:
            _why(console, document)
    if life["boxes"]:
        _line(console, "\n The bill it would become")
        _boxes(console, life["boxes"])
    _since(console, life)
    _mapping(console, life)
    _said(console, life)
    for document in life["documents"] if verbose else ():
        for request in document["requests"]:
            _request(console, request)
    if not verbose and any(document["requests"] for document in life["documents"]):
        _line(console, f"\n Request ids and QuickBooks' own numbers: connector why -v {_name(life)}")


def _name(life: Mapping[str, Any]) -> str:
    return f"{safe(life['source'])}:{safe(life['invoice'])}"


def _head(console: Console, life: Mapping[str, Any]) -> None:
    document = life["documents"][0] if life["documents"] else {}
    name = safe(document.get("number") or f"{life['source']}:{life['invoice']}")
    bill = f", {document['kind']} {safe(document['qbo_id'])} in QuickBooks" if document.get("qbo_id") else ""
    _line(console, f" {name} is {_word(life['state'])}{bill}{_code(life)}", _COLOURS.get(life["state"], ""))
    said = life["said"]
    if not document.get("amount") and said is not None and said["amount"]:
        about = [amount_text(said["currency"], said["amount"]), said["date"] or "", safe(said["payee"] or "")]
        _line(console, f"   {', '.join(each for each in about if each)}")
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


def _since(console: Console, life: Mapping[str, Any]) -> None:
    """Who decided what, and what the source said otherwise later; with what QuickBooks shows it stands at the top."""
    if life["reviews"]:
        _line(console, "\n What people decided")
    for word in life["reviews"]:
        about = f", bill {safe(word['qbo_id'])}" if word["qbo_id"] else ""
        _line(console, f"   {told_word(word)}{about}{_code(word)}")
    if life["changes"]:
        _line(console, f"\n What {safe(life['source'])} changed later")
    for change in life["changes"]:
        told = f"{change['field']} {safe(change['before'] or 'none')} → {safe(change['after'] or 'none')}"
        _line(console, f"   seen {time_text(change['seen'])}  {told}")


def _mapping(console: Console, life: Mapping[str, Any]) -> None:
    mapping = life["mapping"]
    if mapping is None:
        _line(console, "\n No mapping has decided about it yet.")
        return
    version = f"version {mapping['version'][:12]}"
    if mapping["read_from"] is None:
        _line(console, f"\n Decided by a mapping that is no longer kept, {version}")
    else:
        _line(console, f"\n Decided by {safe(mapping['path'], 120)}, {version}")
        if mapping["read_from"] != "file":
            edited = " and ".join(safe(each, 120) for each in mapping["edited"]) or "it or a table"
            were = "were" if len(mapping["edited"]) > 1 else "was"
            _line(console, f"   {edited} {were} edited since; what stands here is how it was")
    if life["outcome"]:
        for line in life["outcome"]["reason"]:
            _line(console, f"   {safe(line, _LONG)}")
    if life["changed_since"]:
        _line(console, "   The source has changed since the document below was made.")


def _document(console: Console, document: Mapping[str, Any], *, verbose: bool) -> None:
    amount = f" {amount_text(document['currency'], document['amount'])}" if document["amount"] else ""
    found = ", found in QuickBooks" if document["adopted"] else ""
    _line(console, f"\n {_KINDS[document['kind']]}{amount}  {_word(document['state'])}{found}{_code(document)}")
    if document["quickbooks"] is not None:
        _line(console, f"   in QuickBooks now: {_there(document['quickbooks'], document['currency'])}")
    _boxes(console, document["boxes"])
    if verbose:
        _line(console, f"   {'(our mark)':<22} {safe(document['marker'])}")
    if not document["requests"]:
        _line(console, "\n Nothing was ever sent to QuickBooks for it.")
        return
    _line(console, "\n What was sent to QuickBooks, and what came back")
    for request in document["requests"]:
        for line in _history(request, document):
            _line(console, f"   {line}")


def _there(found: Mapping[str, Any], currency: str) -> str:
    """How it stands there, as somebody just looked."""
    if found["deleted"]:
        return "somebody deleted it"
    told = [f"{amount_text(currency, found['net'])} before tax, dated {found['date']}"]
    told.append("something was paid on it or hangs on it" if found["paid"] else "unpaid")
    if found["edited"] is None:
        told.append("it was found there, so nobody can tell whether a person changed it")
    else:
        what = ", ".join(found["edited"])
        told.append(f"a person changed its {what}" if what else "as it was sent")
    return "; ".join(told)


def _history(request: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """One request in words: every attempt, and how it was settled where no answer said it."""
    noun = _KINDS[document["kind"]].lower()
    what = {"update": f"a change of the {noun}", "delete": f"the {noun}'s deletion"}.get(request["does"], f"the {noun}")
    if not request["attempts"]:
        yield f"{what} was written down to be sent and never was"
    before = None
    for attempt in request["attempts"]:
        again = " again" if before else ""
        if before and before["outcome"] in ("unknown", None):
            again = f" again, after QuickBooks was looked at and {_NOT_FOUND[request['does']].format(noun)}"
        before = attempt
        detail = f": {safe(attempt['detail'], _LONG)}" if attempt["detail"] and attempt["outcome"] == "refused" else ""
        told = _ANSWERS.get(attempt["outcome"] or "", "nothing came back")
        yield f"{time_text(attempt['sent'])}  {what} was sent{again}; {told}{detail}"
    last = request["attempts"][-1] if request["attempts"] else None
    if last is None or last["outcome"] in ("applied", "refused"):
        return
    if request["outcome"] == "applied":
        yield f"Then QuickBooks was looked at, and {_FOUND[request['does']].format(noun)}: nothing was sent again."
    elif request["outcome"] == "absent":
        yield f"Then QuickBooks was looked at, and {_NOT_FOUND[request['does']].format(noun)}."
    elif request["outcome"] is None and document["state"] == "sending":
        yield "The next run looks in QuickBooks before anything is sent again."


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
    show_text(console, text, style)
