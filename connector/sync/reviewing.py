"""
What a person decides about a document, carried out.

``approve``, ``reject`` and ``skip`` only add to the log, also beside a run; the next sync does what follows. The others
look in QuickBooks first, and change the document under the lock of the company: there no person is waited for.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, cast

from connector.document import Key, Kind, from_data, marker
from connector.errors import PlanOutdated, WrongUse
from connector.money import with_thousands
from connector.plan import Facts, Said, bill_said, hash_of_sides, hash_of_source, net_of
from connector.quickbooks.documents import entity_of
from connector.quickbooks.names import Reference
from connector.quickbooks.posted import Posted, bill_from, by_account
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.data import invoice_of
from connector.state.lock import CompanyLock
from connector.state.reviews import TO_COMPARE, Waits
from connector.state.said import ReviewRow
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.company import Opened, open_company
from connector.sync.reviewable import named, require_possible, whole_name

__all__ = ["Reviewing", "Wish"]

_NO_LONGER: Final = {"state": "document", "code": None, "reason": None, "remedy": None, "cause": None}
_NOTHING_ASKED: Final = {"hash": None, "approvable": None}
_WORDS: Final = {"Bill": "bill", "VendorCredit": "vendor credit"}


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What is to be done about one document, as it was looked at before a person was asked.

    Args:
        number: The document's, in the list.
        entity: With ``id``: what in QuickBooks it is about.
        hash: Of both sides.
        there: QuickBooks has it.
        told: What a person should know before saying yes.
    """

    verb: Said
    number: int
    entity: str
    id: str
    hash: str
    source_hash: str
    there: bool
    told: tuple[str, ...] = ()


class Reviewing:
    """
    Decisions of one person about one company.

    Args:
        who: Who decides; it stands in the log for good.
    """

    def __init__(self, settings: Settings, state: State, who: str) -> None:
        self._settings = settings
        self._state = state
        self._company = settings.quickbooks.realm_id
        self._who = who
        self._opened: Opened | None = None

    # Words alone.

    def say(self, verb: Said, seen: Sequence[Waits], why: str) -> None:
        """
        Approve, reject or skip documents as they were seen; none of them where one changed meanwhile.

        Raises:
            PlanOutdated: ``review-outdated``.
        """
        with self._state.write():
            now = self._state.seen([each for each in map(self._again, seen) if each is not None])
            for before, after in zip(seen, now, strict=True):
                if _hash(before) != _hash(after) or before.state != after.state:
                    raise _outdated(after)
                self._state.say(self._word(verb, after, why, hash_=_hash(after)))

    def _again(self, waits: Waits) -> DocumentRow | None:
        return self._state.document_numbered(self._company, waits.document.id or 0)

    def _word(self, verb: Said, waits: Waits, why: str, *, hash_: str | None, **more: Any) -> ReviewRow:
        row, (code, reason, _) = waits.document, waits.told
        return ReviewRow(
            company=row.company,
            source=row.source,
            invoice=row.invoice,
            kind=row.kind,
            verb=verb,
            who=self._who,
            why=why or None,
            at=utc_now(),
            code=code,
            reason=reason,
            hash=hash_,
            **{"entity": row.entity if row.qbo_id else None, "qbo_id": row.qbo_id, **more},
        )

    # What changes the document.

    def look(self, verb: Said, waits: Waits, id: str | None = None) -> Wish:  # noqa: A002 - QuickBooks' word
        """
        What carrying out ``verb`` comes to; reads QuickBooks and changes nothing.

        Args:
            verb: link, unlink, recreate or accept.
            waits: The document.
            id: What is to be linked.

        Raises:
            WrongUse: ``link-refused`` or ``review-not-possible``.
        """
        require_possible(verb, waits)
        row = waits.document
        if verb != "accept":
            self._require_no_payment_on_its_way(waits)
        wanted = id or row.qbo_id or (row.answer or {}).get("Id") or _last_id(waits)
        entity = (row.entity if not id and row.entity else None) or entity_of(cast("Kind", row.kind))
        if not wanted:
            what = f"{named(waits)} was never in QuickBooks"
            raise WrongUse(what, code="review-not-possible", remedy=f"see: connector why {whole_name(waits)}")
        posted = None if verb == "unlink" else self._read(entity, wanted)
        source = source_hash = ""
        if waits.invoice is not None:
            key, invoice = _key(row), _invoice(waits)
            source, source_hash = hash_of_source(key, invoice), hash_of_source(key, invoice, row.sync_token or "")
        sides = hash_of_sides(source, None if posted is None else _boxes(posted))
        wish = Wish(verb, row.id or 0, entity, wanted, sides, source_hash, posted is not None)
        if posted is None and verb in ("recreate", "accept"):
            self._require_settled(waits)
        if verb == "link":
            return self._to_link(wish, waits, posted)
        if verb == "recreate" and posted is not None:
            what = f"{_WORDS[entity]} {wanted} of {named(waits)} stands in QuickBooks"
            raise WrongUse(what, code="review-not-possible", remedy="only what is proven gone is made again")
        return wish if verb != "accept" else _to_accept(wish, waits, posted)

    def carry_out(self, wish: Wish, waits: Waits, why: str) -> None:
        """
        Do what was looked at, under the lock of the company.

        Raises:
            LockHeld: A run is at work.
            PlanOutdated: ``review-outdated``: what was looked at says something else now.
        """
        with CompanyLock(self._settings.state.path.parent, self._company, f"review {wish.verb}"):
            row = self._again(waits)
            (now,) = self._state.seen([row]) if row is not None else (waits,)
            if row is None or row.updated != waits.document.updated or now.told != waits.told:
                raise _outdated(now)
            if self.look(wish.verb, now, wish.id if wish.verb == "link" else None) != wish:
                raise _outdated(now)
            about = {"entity": wish.entity, "qbo_id": wish.id, "source_hash": wish.source_hash or None}
            word = self._word(wish.verb, now, why, hash_=wish.hash, **about)
            rows, invoice = self._follows(wish, now, f"{self._who} on {utc_now().date()}{f': {why}' if why else ''}")
            self._state.say(word, rows, invoice)

    def _follows(self, wish: Wish, waits: Waits, by: str) -> tuple[list[DocumentRow], dict[str, Any] | None]:
        """The document's moves, and what is decided about its invoice."""
        called, row = f"{_WORDS[wish.entity]} {wish.id}", waits.document
        if wish.verb == "link":
            told = {"code": "linked-by-person", "reason": f"linked to {called} by {by}", "remedy": None}
            facts = asdict(Facts.of(_invoice(waits))) if waits.invoice is not None else row.facts
            here = {"state": "sent", "qbo_id": wish.id, "entity": wish.entity, "adopted": True, "facts": facts}
            return _moved(row, {**here, **told}), {**_NO_LONGER, **_NOTHING_ASKED}
        if wish.verb == "unlink":
            told = {
                "code": "unlinked",
                "reason": f"taken from {called} by {by}",
                "remedy": "link what stands for it, or skip it; to approve a bill of its own, first: connector sync",
            }
            return _moved(row, {"state": "held", **told}), {
                "state": "held",
                "cause": "unlinked",
                **told,
                **_NOTHING_ASKED,
            }
        if wish.verb == "recreate":
            return _moved(row, {"state": "ready", "generation": row.generation + 1}), {**_NO_LONGER, **_NOTHING_ASKED}
        if not wish.there:
            told = {"code": "accepted", "reason": f"that its bill is gone was accepted by {by}", "remedy": None}
            facts = asdict(Facts.of(_invoice(waits))) if waits.invoice is not None else row.facts
            gone = {"state": "skipped", **told}
            return _moved(row, {**gone, "facts": facts}), {**gone, "cause": "accepted", **_NOTHING_ASKED}
        if row.state == "held" or row.code in TO_COMPARE:
            row = row.model_copy(update={"state": "sent", "code": None, "reason": None, "remedy": None})
            return [row], {**_NO_LONGER, **_NOTHING_ASKED}
        return [], {**_NO_LONGER, **_NOTHING_ASKED} if waits.state == "held" else None

    def _require_no_payment_on_its_way(self, waits: Waits) -> None:
        """A payment without an answer goes to the bill that it was made for: that stays the document's till then."""
        payment = self._state.document(replace(_key(waits.document), kind="payment"))
        if payment is not None and payment.state == "sending":
            what = f"the payment of {named(waits)} is without an answer from QuickBooks"
            raise WrongUse(what, code="review-not-possible", remedy="run: connector sync --wait")

    def _require_settled(self, waits: Waits) -> None:
        """What was sent just now may not be shown yet: that it is not there proves nothing."""
        sent = self._state.requests_of(waits.document.id or 0)
        left = self._settings.quickbooks.settle_after - (sent[-1].seconds_since_send() if sent else float("inf"))
        if left > 0:
            what = f"{named(waits)} was sent moments ago; whether QuickBooks has it shows in {left:.0f} s"
            raise WrongUse(what, code="review-not-possible", remedy="say it again then")

    def _to_link(self, wish: Wish, waits: Waits, posted: Posted | None) -> Wish:
        called, ours = f"{_WORDS[wish.entity]} {wish.id}", waits.document
        if posted is None:
            raise _refused(f"QuickBooks has no {called}", "look at the address of the bill in QuickBooks: …txnId=ID")
        owner = self._state.by_qbo_id(self._company, wish.entity, [wish.id]).get(wish.id)
        if owner is not None:
            whose = "it is linked already" if owner.id == ours.id else f"it is that of {owner.source}:{owner.invoice}"
            raise _refused(
                f"{called} cannot be linked to {named(waits)}: {whose}", "link another, or unlink that first"
            )
        if ours.state == "sent" and ours.qbo_id and self._read(ours.entity or "Bill", ours.qbo_id) is not None:
            what = f"{named(waits)} has {_WORDS[ours.entity or 'Bill']} {ours.qbo_id} in QuickBooks"
            raise _refused(what, "unlink that first, or delete it in QuickBooks")
        own = {marker(Key(ours.company, ours.source, ours.invoice, kind)) for kind in ("bill", "credit")}
        if foreign := set(posted.markers) - own:
            what = f"{called} cannot be linked to {named(waits)}: it carries another document's mark ({min(foreign)})"
            raise _refused(what, "if it is a copy, take the line ref:… out of its memo in QuickBooks, then link it")
        return _with(wish, self._differences(ours, posted))

    def _differences(self, row: DocumentRow, posted: Posted) -> list[str]:
        if row.content is None:
            return ["the mapping makes no bill of the invoice yet, so nothing could be compared"]
        document, told = from_data(row.content), []
        vendor = self._open().names.vendor(document.vendor)
        if not isinstance(vendor, Reference) or vendor.id != posted.vendor_id:
            told.append(f'the vendor is "{posted.vendor_name}" instead of "{document.vendor}"')
        if posted.currency != document.currency:
            told.append(f"the currency is {posted.currency} instead of {document.currency}")
        if posted.net != net_of(document):
            ours = with_thousands(net_of(document), document.currency)
            told.append(f"the amount is {with_thousands(posted.net, posted.currency)} instead of {ours}")
        if posted.number != document.number:
            told.append(f"the number is {posted.number or '(none)'} instead of {document.number}")
        return told

    def _read(self, entity: str, id_: str) -> Posted | None:
        opened = self._open()
        record = opened.company.read(entity, id_)
        return None if record is None else bill_from(record, entity, opened.names.facts.bill_currency)

    def _open(self) -> Opened:
        if self._opened is None:
            self._opened = open_company(self._settings, self._state)
        return self._opened


def _key(row: DocumentRow) -> Key:
    return Key(row.company, row.source, row.invoice, cast("Kind", row.kind))


def _invoice(waits: Waits) -> Any:
    if waits.invoice is None:  # pragma: no cover - asked of those that have one
        raise AssertionError(waits)
    return invoice_of(waits.invoice.fields, waits.invoice.raw)


def _hash(waits: Waits) -> str | None:
    return waits.invoice.hash if waits.invoice is not None else None


def _last_id(waits: Waits) -> str | None:
    return next((word.qbo_id for word in reversed(waits.words) if word.qbo_id), None)


def _boxes(posted: Posted) -> tuple[str, ...]:
    where = (posted.entity, posted.id, posted.vendor_id, posted.currency)
    return bill_said(*where, posted.net, posted.date, by_account(posted.lines))


def _with(wish: Wish, told: list[str]) -> Wish:
    return replace(wish, told=tuple(told))


def _to_accept(wish: Wish, waits: Waits, posted: Posted | None) -> Wish:
    told = []
    if waits.invoice is not None and waits.invoice.amount is not None:
        currency = waits.invoice.currency or ""
        status = f", {waits.invoice.status}" if waits.invoice.status else ""
        told.append(
            f"{waits.document.source}: {currency} {with_thousands(waits.invoice.amount, currency or 'USD')}{status}"
        )
    if posted is None:
        return _with(wish, [*told, f"QuickBooks: {_WORDS[wish.entity]} {wish.id} is gone"])
    amount = f"{posted.currency} {with_thousands(posted.net, posted.currency)}"
    about = f"{posted.vendor_name}, dated {posted.date}"
    return _with(wish, [*told, f"QuickBooks: {_WORDS[wish.entity]} {wish.id}, {amount}, {about}"])


def _moved(row: DocumentRow, becomes: dict[str, Any]) -> list[DocumentRow]:
    """The document on its way: what stands in QuickBooks is let go of first, by the table of moves."""
    free = {
        "qbo_id": None,
        "entity": entity_of(cast("Kind", row.kind)),
        "adopted": False,
        "answer": None,
        "sync_token": None,
        "rounds": 0,
        "code": None,
        "reason": None,
        "remedy": None,
    }
    end = row.model_copy(update={**free, **becomes})
    if row.state != "sent" or end.state == "held":
        return [end]
    return [row.model_copy(update={**free, "state": "held"}), end]


def _outdated(waits: Waits) -> PlanOutdated:
    return PlanOutdated(
        f"{named(waits)} changed while it was looked at; nothing was recorded",
        code="review-outdated",
        remedy="look again: connector review",
    )


def _refused(what: str, remedy: str) -> WrongUse:
    return WrongUse(what, code="link-refused", remedy=remedy)
