"""QuickBooks: the sign-in, the company, and what in its preferences a bill depends on."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Final

from connector.doctor import memory
from connector.doctor.check import Check, fault, note, ok
from connector.errors import ConnectorError, SettingsInvalid, SignInNeeded, StateInvalid
from connector.mapping import Mapping as Form
from connector.quickbooks.facts import CompanyFacts
from connector.quickbooks.signin import SignInStatus
from connector.settings import Settings
from connector.sync.company import open_company
from connector.sync.sign_in import sign_in_status

__all__ = ["checks"]

_AREA = "QuickBooks"
_SIGN_IN = "sign-in"
_REFUSED: Final = 6  # how a run ends whose bills QuickBooks does not take
_ENDED: Final = ("EXPIRED", "CANCELED", "CANCELLED", "SUSPENDED")
_PREFERENCES: Final = "QuickBooks, Settings > Account and settings > Advanced"


def checks(settings: Settings, forms: Mapping[str, Form]) -> Iterator[Check]:
    """
    Two reads, signed in as for any command, and what they say.

    Args:
        settings: Whose company.
        forms: The mappings that could be read, by connection: what they fill must be switched on.
    """
    with memory.opened(settings) as state:
        if state is None:
            what = "not looked at: the sign-in is in the state, which has to be mended or upgraded first"
            yield note(_AREA, "company", what, "do what is said of the state, then: connector doctor")
            return
        try:
            found = open_company(settings, state)
            with closing(found.company):
                facts = found.names.facts
        except (SignInNeeded, SettingsInvalid, StateInvalid) as error:
            yield fault(_SIGN_IN, settings.quickbooks.environment, error)
            return
        except ConnectorError as error:
            yield fault(_AREA, "company", error)
        else:
            yield from _company(settings, facts)
            yield from _preferences(facts, forms)
        yield from _signed_in(sign_in_status(settings, state))


def _company(settings: Settings, facts: CompanyFacts) -> Iterator[Check]:
    ours = settings.quickbooks
    yield ok(_AREA, "company", f"{facts.name}, {facts.country}, company {ours.realm_id} ({ours.environment})")
    if "simple start" in facts.plan.lower():
        what, remedy = f"{facts.plan} has no bills", "take a larger plan of QuickBooks: Essentials or above"
        yield Check(_AREA, "plan", "fault", what, remedy, "finance", "plan-too-small", _REFUSED)
    else:
        yield ok(_AREA, "plan", facts.plan or "QuickBooks does not say which")
    if facts.subscription.upper() in _ENDED:
        what = f"the subscription is {facts.subscription.lower()}, so QuickBooks takes no bill"
        remedy = "renew the subscription in QuickBooks"
        yield Check(_AREA, "subscription", "fault", what, remedy, "finance", "subscription-ended", _REFUSED)
    elif facts.subscription:
        yield ok(_AREA, "subscription", facts.subscription.lower())


def _preferences(facts: CompanyFacts, forms: Mapping[str, Form]) -> Iterator[Check]:
    others = "others too" if facts.multicurrency else "no other: invoices in another currency are blocked"
    yield ok(_AREA, "currency", f"{facts.bill_currency}; {others}")
    closed = facts.closing_date
    yield ok(_AREA, "books", f"closed up to {closed}: no bill is dated earlier" if closed else "none are closed")
    yield _tracked("class", "classes", facts.class_tracking, forms)
    yield _tracked("location", "locations", facts.location_tracking, forms)
    yield _taxed(facts, forms)
    if facts.warns_of_number_twice:
        yield ok(_AREA, "bill numbers", "QuickBooks warns where a number is used twice")
    else:
        what = "QuickBooks does not warn where a person types a bill under a number that is used already"
        remedy = f"switch it on: {_PREFERENCES} > Other preferences > Warn if duplicate bill number is used"
        yield note(_AREA, "bill numbers", what, remedy, "finance")


def _tracked(box: str, plural: str, tracked: bool, forms: Mapping[str, Form]) -> Check:
    if tracked:
        return ok(_AREA, plural, "tracked")
    filling = sorted(form.path for form in forms.values() if _fills(form, box))
    if not filling:
        return ok(_AREA, plural, "not tracked, and no mapping fills them")
    what = f"not tracked, and filled by {', '.join(filling)}"
    remedy = f"switch them on: {_PREFERENCES} > Categories; or leave the box {box} out of the mapping"
    return note(_AREA, plural, what, remedy, "finance")


def _taxed(facts: CompanyFacts, forms: Mapping[str, Form]) -> Check:
    """What the mappings say of tax, against what the company works out; in the United States a bill carries none."""
    told = "QuickBooks does not say" if facts.sales_tax is None else "used" if facts.sales_tax else "not used"
    taxed = [] if facts.in_united_states else [form for form in forms.values() if _is_taxed(form)]
    with_code = sorted(form.path for form in taxed if any("tax" in line.boxes for line in form.rules.lines))
    without = sorted(form.path for form in taxed if not all("tax" in line.boxes for line in form.rules.lines))
    if facts.sales_tax is False and with_code:
        what = f"{told}, and {', '.join(with_code)} fills in tax codes: such invoices are blocked"
        remedy = "set sales tax (GST, VAT) up in QuickBooks, or take the tax box out of the mapping's lines"
        return note(_AREA, "sales tax", what, remedy, "finance", "tax-not-enabled")
    if facts.sales_tax and without:
        what = f"{told}, and {', '.join(without)} has taxed lines without a code: such invoices are blocked"
        remedy = "fill in the tax box of every line, or write   amounts are: out of scope of tax   under bill"
        return note(_AREA, "sales tax", what, remedy, "finance", "tax-code-missing")
    return ok(_AREA, "sales tax", told)


def _is_taxed(form: Form) -> bool:
    return form.rules.amounts_are != "out of scope of tax"


def _fills(form: Form, box: str) -> bool:
    return box in form.rules.bill or any(box in line.boxes for line in form.rules.lines)


def _signed_in(found: SignInStatus) -> Iterator[Check]:
    if not found.signed_in:
        return
    if soon := found.warning:
        yield note(_SIGN_IN, found.environment, soon.what, soon.remedy, soon.who, soon.code)
        return
    left = "" if found.days_left is None else f"; lasts {found.days_left} days without a run"
    for_good = "" if found.hard_expires_at is None else f", and until {found.hard_expires_at.date()} with runs"
    yield ok(_SIGN_IN, found.environment, f"refreshed {found.refreshed_at:%Y-%m-%d %H:%M} UTC{left}{for_good}")
