"""``connector review``: what waits for a person, and that person's word."""

import getpass
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.context import Context, current
from connector.cli.look import found_invoices, kept_state
from connector.cli.sync import company_name, consent_missing
from connector.errors import PlanOutdated, WrongUse

if TYPE_CHECKING:
    from connector.plan import Said
    from connector.settings import Settings
    from connector.state.reviews import Waits
    from connector.state.store import State
    from connector.sync.reviewing import Reviewing, Wish

__all__ = ["review"]

review = typer.Typer(invoke_without_command=True)

_Named = Annotated[
    list[str], typer.Argument(metavar="NO...", help="Numbers of the list, source:id, ids, or bill numbers.")
]
_One = Annotated[str, typer.Argument(metavar="INVOICE", help="Number of the list, source:id, id, or bill number.")]
_As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who decides; else the login name.")]
_Why = Annotated[str | None, typer.Option("--why", metavar="TEXT", help="Why; it is kept with the decision.")]
_Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]
_Hash = Annotated[
    str | None, typer.Option("--hash", metavar="HASH", help="Only if it is still what this hash of --json says.")
]

_NUMBER = re.compile(r"[0-9]{1,18}")
_ASKED: "dict[Said, str]" = {
    "approve": "Approve",
    "reject": "Reject, as they stand here,",
    "skip": "Skip for good",
    "link": "Link it",
    "unlink": "Take it from its bill",
    "recreate": "Let the next sync make it again",
    "accept": "Accept it as it stands",
}
_DONE: "dict[Said, tuple[str, str]]" = {
    "approve": ("approved", "connector sync"),
    "reject": ("rejected", "connector sync"),
    "skip": ("skipped", "connector sync"),
    "link": ("linked", "connector reconcile"),
    "unlink": ("held without a bill", "connector review"),
    "recreate": ("to be made again", "connector sync"),
    "accept": ("accepted as it stands", "connector reconcile"),
}


@review.callback(invoke_without_command=True)
def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        _list(ctx)


@review.command("list", help="Everything that waits for a person, with the number that the others take.")
def _list(ctx: typer.Context) -> None:
    from connector.report.review import review_document  # noqa: PLC0415 - brings what only this command needs
    from connector.report.review_text import show_review  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    with kept_state(settings) as state:
        waiting = state.waiting(settings.quickbooks.realm_id) if state is not None else []
        ours = settings.quickbooks
        name = {"realm_id": ours.realm_id, "name": "", "environment": ours.environment}
        document = review_document(waiting, company_name(settings, state) if state is not None else name)  # type: ignore[arg-type]
    if context.json:
        context.emit(document)
    else:
        show_review(context.console, document["documents"])


@review.command(help="Let what is held go on, exactly as it was seen; if anything of it changes, it is held again.")
def approve(
    ctx: typer.Context, numbers: _Named, name: _As = None, why: _Why = None, yes: _Yes = False, seen: _Hash = None
) -> None:
    _said(ctx, "approve", numbers, name, why, seen, yes=yes)


@review.command(help="Leave what is held alone, as it was seen; if the invoice changes, it asks again.")
def reject(
    ctx: typer.Context, numbers: _Named, name: _As = None, why: _Why = None, yes: _Yes = False, seen: _Hash = None
) -> None:
    _said(ctx, "reject", numbers, name, why, seen, yes=yes)


@review.command(help="Leave it alone for good, whatever it says later; a later approve takes that back.")
def skip(
    ctx: typer.Context, numbers: _Named, name: _As = None, why: _Why = None, yes: _Yes = False, seen: _Hash = None
) -> None:
    _said(ctx, "skip", numbers, name, why, seen, yes=yes)


@review.command(help="Take a bill or vendor credit that stands in QuickBooks for the invoice's own.")
def link(
    ctx: typer.Context,
    invoice: _One,
    qbo_id: Annotated[str, typer.Argument(metavar="QBO_ID", help="As the bill's address has it: …txnId=ID.")],
    name: _As = None,
    why: _Why = None,
    yes: _Yes = False,
) -> None:
    _changed(ctx, "link", invoice, name, why, qbo_id, yes=yes)


@review.command(help="Give a bill that was linked free again; the invoice waits until somebody decides.")
def unlink(ctx: typer.Context, invoice: _One, name: _As = None, why: _Why = None, yes: _Yes = False) -> None:
    _changed(ctx, "unlink", invoice, name, why, yes=yes)


@review.command(help="Let a bill that was deleted in QuickBooks be made again; only one that is proven gone.")
def recreate(ctx: typer.Context, invoice: _One, name: _As = None, why: _Why = None, yes: _Yes = False) -> None:
    _changed(ctx, "recreate", invoice, name, why, yes=yes)


@review.command(help="A difference is fine as it stands; if either side changes again, it is told again.")
def accept(ctx: typer.Context, invoice: _One, name: _As = None, why: _Why = None, yes: _Yes = False) -> None:
    _changed(ctx, "accept", invoice, name, why, yes=yes)


def _said(
    ctx: typer.Context,
    verb: "Said",
    numbers: list[str],
    name: str | None,
    why: str | None,
    seen: str | None,
    *,
    yes: bool,
) -> None:
    from connector.sync.reviewable import require_possible  # noqa: PLC0415 - brings what only this command needs

    context = current(ctx)
    _require_consent(context, verb, yes=yes, why=why)
    settings = context.load_settings()
    with _state(settings) as state:
        waiting = list(
            {each.document.id: each for text in numbers for each in [_meant(settings, state, text)]}.values()
        )
        for each in waiting:
            require_possible(verb, each)
        _require_seen(waiting, seen)
        told = [f"{word}\n   your word is the later one" for each in waiting if (word := _said_before(verb, each))]
        why = _asked(context, verb, waiting, told, why, yes=yes)
        if why is None:
            return
        who = name or getpass.getuser()
        _reviewing(settings, state, who).say(verb, waiting, why)
        _report(context, settings, state, verb, waiting, who)


def _changed(
    ctx: typer.Context,
    verb: "Said",
    invoice: str,
    name: str | None,
    why: str | None,
    id: str | None = None,  # noqa: A002 - QuickBooks' word
    *,
    yes: bool,
) -> None:
    context = current(ctx)
    _require_consent(context, verb, yes=yes, why=why)
    settings = context.load_settings()
    with _state(settings) as state:
        waits, who = _meant(settings, state, invoice), name or getpass.getuser()
        reviewing = _reviewing(settings, state, who)
        wish: Wish = reviewing.look(verb, waits, id)
        why = _asked(context, verb, [waits], wish.told, why, yes=yes)
        if why is None:
            return
        reviewing.carry_out(wish, waits, why)
        _report(context, settings, state, verb, [waits], who)


def _reviewing(settings: "Settings", state: "State", who: str) -> "Reviewing":
    from connector.sync.reviewing import Reviewing  # noqa: PLC0415 - as above

    return Reviewing(settings, state, who)


def _require_consent(context: Context, verb: "Said", *, yes: bool, why: str | None) -> None:
    """Without a terminal, or with --json, everything that would be asked must be said beforehand."""
    asks = context.interactive and not context.json
    if not (yes or asks):
        words = f"{verb} NO.{' QBO_ID' if verb == 'link' else ''} --yes{'' if verb == 'approve' else ' --why …'}"
        raise consent_missing(f"add --yes, or look first: connector review, then: connector review {words}")
    if yes and verb != "approve" and not (why or "").strip():
        raise WrongUse(
            f"review {verb} needs a reason; it is kept with the decision",
            code="why-missing",
            remedy='add it: --why "…"',
        )


def _require_seen(waiting: Sequence["Waits"], seen: str | None) -> None:
    if seen is None:
        return
    if len(waiting) != 1:
        raise WrongUse("--hash is of one document", code="wrong-use", remedy="name one with it")
    now = (waiting[0].invoice.hash if waiting[0].invoice else None) or ""
    if len(seen) < 8 or not now.startswith(seen):
        raise PlanOutdated(
            f"{waiting[0].document.source}:{waiting[0].document.invoice} is no longer what {seen} was; "
            "nothing was recorded",
            code="review-outdated",
            remedy="look again: connector review",
        )


def _asked(
    context: Context, verb: "Said", waiting: Sequence["Waits"], told: Iterable[str], why: str | None, *, yes: bool
) -> str | None:
    """Show what it is about and ask; the reason, or None where a person declined."""
    if not context.json:
        from connector.report.review import review_document  # noqa: PLC0415 - as above
        from connector.report.review_text import show_documents, sums_text  # noqa: PLC0415 - as above

        rows = review_document(waiting, {"realm_id": "", "name": "", "environment": "sandbox"})["documents"]
        show_documents(context.console, rows)
        for line in told:
            context.show(f"   {line}")
        noun = "document" if len(rows) == 1 else "documents"
        context.show(f"\n {len(rows)} {noun}{sums_text(rows)}")
    if yes:
        return (why or "").strip()
    try:
        if not typer.confirm(f"\n{_ASKED[verb]}?"):
            context.show("\nNothing was recorded.")
            return None
        if why is None:
            why = typer.prompt(
                "Why" + (" (may stay empty)" if verb == "approve" else ""), default="", show_default=False
            )
            while verb != "approve" and not why.strip():
                why = typer.prompt("Why (it is kept with the decision)", default="", show_default=False)
    except (typer.Abort, KeyboardInterrupt):
        context.show("\nNothing was recorded.")
        return None
    return why.strip()


def _said_before(verb: "Said", waits: "Waits") -> str | None:
    """Another word about the same that is not carried out yet."""
    from connector.report.review import word_data  # noqa: PLC0415 - as above
    from connector.report.review_text import told_word  # noqa: PLC0415 - as above

    now = waits.invoice.hash if waits.invoice is not None else None
    last = next((word for word in reversed(waits.words) if word.hash == now and now is not None), None)
    return None if last is None or last.verb == verb else told_word(word_data(last))


def _report(
    context: Context, settings: "Settings", state: "State", verb: "Said", waiting: Sequence["Waits"], who: str
) -> None:
    from connector.report.review import review_document  # noqa: PLC0415 - as above

    rows = [state.document_numbered(each.document.company, each.document.id or 0) for each in waiting]
    after = state.seen([row for row in rows if row is not None])
    if context.json:
        context.emit(review_document(after, company_name(settings, state)))
        return
    done, following = _DONE[verb]
    names = ", ".join(each.document.number or f"{each.document.source}:{each.document.invoice}" for each in after[:5])
    more = f" and {len(after) - 5} more" if len(after) > 5 else ""
    context.show(f"\n {names}{more}: {done} by {who}.\n\n Next: {following}")


# Which documents are meant.


def _meant(settings: "Settings", state: "State", text: str) -> "Waits":
    """The document that a number of the list, an id or a bill number names; rather one that waits."""
    company = settings.quickbooks.realm_id
    numbered = state.document_numbered(company, int(text)) if _NUMBER.fullmatch(text) else None
    rows = {} if numbered is None else {numbered.id: numbered}
    named = state.find_invoice(company, text) if numbered is not None else _found(settings, state, text)
    for source, invoice in named:
        main = state.main_document(company, source, invoice)
        if main is not None:
            rows.setdefault(main.id, main)
    waiting = {each.document.id for each in state.waiting(company)} if len(rows) > 1 else set()
    chosen = [row for row in rows.values() if row.id in waiting] or list(rows.values())
    if len(chosen) > 1:
        names = " or ".join(f"{row.source}:{row.invoice}" for row in chosen)
        raise WrongUse(f'"{text}" may mean several documents', code="invoice-ambiguous", remedy=f"write {names}")
    if not chosen:
        what = f"{text} was left alone and has no document to decide about"
        raise WrongUse(what, code="review-not-possible", remedy=f"see: connector why {text}")
    (waits,) = state.seen(chosen)
    return waits


def _found(settings: "Settings", state: "State", text: str) -> list[tuple[str, str]]:
    from connector.report.why import Lives  # noqa: PLC0415 - as above
    from connector.sources.registry import source_type  # noqa: PLC0415 - as above

    return found_invoices(settings, state, Lives(settings, state, company_name(settings, state), source_type), text)


@contextmanager
def _state(settings: "Settings") -> "Iterator[State]":
    """The state, where there is one."""
    with kept_state(settings) as state:
        if state is None:
            what = "nothing has been read yet, so nothing can be decided"
            raise WrongUse(what, code="invoice-unknown", remedy="run first: connector sync")
        yield state
