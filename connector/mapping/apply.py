"""One invoice into one document, or the reason why not: pure, without files and without a clock."""

import re
from decimal import Decimal
from typing import Final

from connector.document import MARKER_LENGTH, MEMO_LIMIT, NUMBER_LIMIT, Document, Line
from connector.invoice import Invoice
from connector.mapping.faults import visible
from connector.mapping.filling import Filling, Stopped, aligned, as_text
from connector.mapping.outcome import Mapped, NotMapped, PaymentBoxes, VendorBy
from connector.mapping.policy import AMOUNT_ABOVE, Policy
from connector.mapping.rules import LineRule, Rule, Rules, StatusRule
from connector.mapping.splits import line_amounts, split
from connector.money import CURRENCIES, Money, round_minor, with_thousands

__all__ = ["VENDOR_LIMIT", "apply_rules", "fill_payment", "vendor_name_usable"]

_Amount = tuple[Decimal, tuple[str, ...]]
VENDOR_LIMIT: Final = 500
_VENDOR_REFUSED: Final = re.compile(r"[:\x00-\x1f\x7f\x85\u2028\u2029]")


def vendor_name_usable(name: str) -> bool:
    """Whether QuickBooks takes ``name`` for a vendor: no colon, no line break, no control character, 500 at most."""
    return len(name) <= VENDOR_LIMIT and not _VENDOR_REFUSED.search(name)


def apply_rules(rules: Rules, policy: Policy, invoice: Invoice, title: str) -> Mapped | NotMapped:
    """The invoice's document with its trace, or what stands in its way."""
    try:
        _gate(rules.status, invoice, title)
        return _document(rules, policy, Filling(rules.tables, invoice, title))
    except Stopped as stopped:
        return stopped.outcome


def fill_payment(rules: Rules, invoice: Invoice, title: str) -> PaymentBoxes | NotMapped:
    """The ``payment`` block for an invoice that is paid at its source."""
    filling = Filling(rules.tables, invoice, title)
    boxes = rules.payment
    try:
        day = filling.date(boxes["date"], "payment.date") if "date" in boxes else None
        if day is None and "date" in boxes:
            raise filling.empty(boxes["date"], "payment.date")
        account = _needed(filling, boxes["account"], "payment.account")[0]
        number = _number(filling, boxes["number"], "payment.number") if "number" in boxes else ""
        memo = _memo(filling, boxes["memo"], "payment.memo") if "memo" in boxes else ""
    except Stopped as stopped:
        return stopped.outcome
    return PaymentBoxes(account, day, number, memo)


def _gate(status: tuple[StatusRule, ...], invoice: Invoice, title: str) -> None:
    """Rule 3: any left value leaves the invoice; a word in neither list is never guessed at."""
    words = {rule.name: as_text(invoice.fields.get(rule.name)).strip() for rule in status}
    for rule in status:
        if words[rule.name].casefold() in rule.left:
            why = (f"{rule.leave_place}  leave names {rule.name} {words[rule.name]}",)
            cause = f"{rule.name} is {words[rule.name]}"
            raise Stopped(NotMapped("skipped", "left", why, "", cause))
    for trouble in invoice.troubles:
        raise Stopped(NotMapped("held", trouble.code, (trouble.reason,), trouble.remedy, trouble.reason))
    for rule in status:
        word = words[rule.name]
        if word.casefold() not in rule.taken:
            shown = word or "empty"
            lines = aligned(
                (rule.place, f"{rule.name} is taken or left where it is one of: {', '.join(rule.shown)}"),
                ("this invoice", f"has {rule.name} {word}" if word else f"has no {rule.name}"),
            )
            remedy = f"write {word} under take or leave, then run: connector sync" if word else f"mend it in {title}"
            raise Stopped(NotMapped("held", "status-unknown", lines, remedy, f"{rule.name} is {shown}", rule.name))


def _document(rules: Rules, policy: Policy, filling: Filling) -> Mapped | NotMapped:
    currency = _currency(filling, rules.bill["currency"])
    amounts = _amounts(rules.lines, filling, currency)
    net = sum((amount for amount, _ in amounts), Decimal(0))
    expected = _check(rules, filling, currency, net)
    if not net:
        return _nothing_to_pay(rules, policy, net, currency)
    vendor, vendor_by = _vendor(filling, rules.bill["vendor"])
    number = _number(filling, rules.bill["number"], "number", needed=True)
    day = filling.date(rules.bill["date"], "date")
    if day is None:
        raise filling.empty(rules.bill["date"], "date")
    due = filling.date(rules.bill["due"], "due") if "due" in rules.bill else None
    terms = _plain(filling, rules.bill, "terms")
    ap_account = _plain(filling, rules.bill, "ap_account")
    location = _plain(filling, rules.bill, "location")
    memo = _memo(filling, rules.bill["memo"], "memo") if "memo" in rules.bill else ""
    if rules.amounts_place:
        filling.notes.append(("amounts are", rules.amounts_are, rules.amounts_place, ()))
    sign = Decimal(-1 if net < 0 else 1)
    lines = _lines(rules.lines, [(sign * amount, via) for amount, via in amounts], filling)
    document = Document(
        kind="credit" if net < 0 else "bill",
        vendor=vendor,
        number=number,
        date=day,
        currency=currency,
        lines=lines,
        due=due,
        terms=terms,
        memo=memo,
        ap_account=ap_account,
        location=location,
        amounts_are=rules.amounts_are,
        expected_net=_signed(expected.get("net"), sign),
        expected_tax=_signed(expected.get("tax"), sign),
        expected_gross=_signed(expected.get("gross"), sign),
    )
    return Mapped(document, tuple(filling.notes), vendor_by, _late(rules, policy, net, currency))


def _signed(amount: Decimal | None, sign: Decimal) -> Decimal | None:
    return None if amount is None else amount * sign + 0  # + 0 makes -0.00 plain


def _currency(filling: Filling, rule: Rule) -> str:
    currency = _needed(filling, rule, "currency")[0].upper()
    if currency not in CURRENCIES:
        lines = aligned((rule.place, f"currency is {rule.template.text}"), ("this invoice", f"has {currency}"))
        remedy = "mend it at the source, or set the connection's currency"
        cause = f"{currency} is no currency"
        raise Stopped(NotMapped("held", "currency-unknown", lines, remedy, cause, "currency"))
    return currency


def _amounts(lines: tuple[LineRule, ...], filling: Filling, currency: str) -> list[_Amount]:
    """Every line's amount in the minor unit, those of 0.00 too, and the rows it came through."""
    amounts: list[Decimal] = []
    rows: list[tuple[str, ...]] = []
    for index, line in enumerate(lines, start=1):
        rule = line.boxes["amount"]
        amount, via = filling.number(rule, f"lines[{index}].amount")
        if amount is None:
            raise filling.empty(rule, f"lines[{index}].amount")
        amounts.append(amount)
        rows.append(via)
    shares = [line.share for line in lines if line.share is not None]
    rounded = split(amounts[0], shares, currency) if shares else line_amounts(amounts, currency)
    return list(zip(rounded, rows, strict=True))


def _check(rules: Rules, filling: Filling, currency: str, net: Decimal) -> dict[str, Decimal]:
    """Rule 6: the totals expected, rounded; the one that our lines add up to must be theirs exactly."""
    expected: dict[str, Decimal] = {}
    ours = "gross" if rules.amounts_are == "inclusive of tax" else "net"
    for name, rule in rules.check.items():
        value, _ = filling.number(rule, f"check.{name}")
        if value is None:
            continue
        expected[name] = round_minor(value, currency)
        if name == ours and expected[name] != net:
            lines = aligned(
                (rule.place, f"{name} is {rule.template.text}: {Money(expected[name], currency)}"),
                ("the lines", f"add up to {Money(net, currency)}"),
            )
            remedy = "mend the lines or the check in the mapping, or the invoice at the source"
            raise Stopped(NotMapped("held", f"check-{name}", lines, remedy, f"{name} differs", f"check.{name}"))
    return expected


def _decided(rules: Rules, line: str, answer: str, net: Decimal, currency: str) -> tuple[str, ...]:
    """The line of the policy that decided, and the amount that it decided about."""
    place = rules.policy_places.get(line, "policy")
    amount = f"{currency} {with_thousands(net, currency)}"
    return aligned((place, f"{line}: {answer}"), ("this invoice", f"comes to {amount}"))


def _nothing_to_pay(rules: Rules, policy: Policy, net: Decimal, currency: str) -> NotMapped:
    lines = _decided(rules, "zero amount", policy.zero, net, currency)
    if policy.zero == "skip":
        return NotMapped("skipped", "zero-amount", lines, "", "zero amount")
    return NotMapped(
        "held",
        "zero-amount",
        lines,
        "to leave such invoices alone, write zero amount: skip under policy, then run: connector sync",
        "zero amount",
    )


def _late(rules: Rules, policy: Policy, net: Decimal, currency: str) -> NotMapped | None:
    """Why a person must approve a document that is known."""
    if net < 0 and policy.negative == "hold":
        lines = _decided(rules, "negative amount", policy.negative, net, currency)
        remedy = "to make it a vendor credit, write negative amount: credit under policy, then run: connector sync"
        return NotMapped("held", "negative-amount", lines, remedy, "negative amount")
    if policy.amount_above is None or abs(net) <= policy.amount_above:
        return None
    limit = with_thousands(policy.amount_above, currency)
    lines = _decided(rules, AMOUNT_ABOVE, limit, abs(net), currency)
    return NotMapped(
        "held",
        "amount-above",
        lines,
        "if it is right, approve it: connector review (or raise amount above under policy, then run: connector sync)",
        f"amount above {limit}",
    )


def _needed(filling: Filling, rule: Rule, box: str) -> tuple[str, VendorBy]:
    value, by = filling.text(rule, box)
    if not value:
        raise filling.empty(rule, box)
    return value, by


def _plain(filling: Filling, rules: dict[str, Rule], name: str, box: str = "") -> str:
    return filling.text(rules[name], box or name)[0] if name in rules else ""


def _vendor(filling: Filling, rule: Rule) -> tuple[str, VendorBy]:
    name, by = _needed(filling, rule, "vendor")
    if vendor_name_usable(name):
        return name, by
    why = "is over 500 characters" if len(name) > VENDOR_LIMIT else "holds a colon, a tab or a line break"
    via = filling.notes[-1][3]
    lines = aligned(
        (rule.place, f"vendor is {rule.template.text}"),
        (via[-1] if via else "this invoice", f"gives {visible(name[:60])}, which {why}"),
    )
    missing, remedy = filling.row_to_add(rule)
    raise Stopped(NotMapped("blocked", "vendor-name", lines, remedy, f"vendor {name[:60]}", "vendor", missing))


def _number(filling: Filling, rule: Rule, box: str, *, needed: bool = False) -> str:
    number = _needed(filling, rule, box)[0] if needed else filling.text(rule, box)[0]
    if len(number) > NUMBER_LIMIT:
        said = f"gives {number[:60]}, {len(number)} characters; QuickBooks takes {NUMBER_LIMIT}"
        lines = aligned((rule.place, f"{box} is {rule.template.text}"), ("this invoice", said))
        remedy = "shorten the number in the mapping, then run: connector sync"
        raise Stopped(NotMapped("held", "number-too-long", lines, remedy, "number too long", box))
    return number


def _memo(filling: Filling, rule: Rule, box: str) -> str:
    memo = filling.text(rule, box)[0]
    limit = MEMO_LIMIT - MARKER_LENGTH
    if len(memo) > limit:
        said = f"gives {len(memo)} characters; with our reference QuickBooks takes {limit}"
        lines = aligned((rule.place, f"{box} is {rule.template.text[:60]}"), ("this invoice", said))
        remedy = "shorten the memo in the mapping, then run: connector sync"
        raise Stopped(NotMapped("held", "memo-too-long", lines, remedy, "memo too long", box))
    return memo


def _lines(rules: tuple[LineRule, ...], amounts: list[_Amount], filling: Filling) -> tuple[Line, ...]:
    """The document's lines, those of 0.00 left out; their numbers in the trace are the document's."""
    lines: list[Line] = []
    for rule, (amount, via) in zip(rules, amounts, strict=True):
        if not amount:
            continue
        at = f"lines[{len(lines) + 1}]"
        boxes = rule.boxes
        filling.note(f"{at}.amount", f"{amount:f}", boxes["amount"], via)
        account = _needed(filling, boxes["account"], f"{at}.account")[0] if "account" in boxes else None
        item = _needed(filling, boxes["item"], f"{at}.item")[0] if "item" in boxes else None
        quantity = _quantity(filling, boxes["quantity"], f"{at}.quantity") if "quantity" in boxes else None
        lines.append(
            Line(
                amount,
                account=account,
                item=item,
                quantity=quantity,
                description=_plain(filling, boxes, "description", f"{at}.description"),
                class_name=_plain(filling, boxes, "class", f"{at}.class"),
                customer=_plain(filling, boxes, "customer", f"{at}.customer"),
                tax=_plain(filling, boxes, "tax", f"{at}.tax"),
            )
        )
    return tuple(lines)


def _quantity(filling: Filling, rule: Rule, box: str) -> Decimal | None:
    quantity, via = filling.number(rule, box)
    filling.note(box, as_text(quantity), rule, via)
    return quantity
