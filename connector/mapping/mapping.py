"""A mapping that has no faults: one version, from its text and tables read once (mapping rule 12)."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from connector.invoice import Declaration, Invoice
from connector.mapping.apply import apply_rules, fill_payment
from connector.mapping.examples import NO_CURRENCY, compare, example_invoice
from connector.mapping.faults import Fault, Span, TextFile
from connector.mapping.filling import Filling
from connector.mapping.outcome import Mapped, Missing, NotMapped, PaymentBoxes
from connector.mapping.policy import Policy
from connector.mapping.rules import Example, Rules

__all__ = ["Mapping"]


@dataclass(frozen=True, slots=True)
class Mapping:
    """
    How an invoice of one source becomes a document.

    Args:
        source_type: ``cake``.
        title: The source as people call it.
        payee: The field that holds the payee's id; None where the source has none.
        path: The mapping's file, as people see it.
        version: Hex sha256 over the text and the tables; it stands on every document made with them.
        text: The mapping as it was read; likewise the tables, by the file name that the mapping gives them.
        examples: Run when the mapping was read, and by ``run_examples``.
    """

    source_type: str
    title: str
    payee: str | None
    path: str
    version: str
    text: str = field(repr=False)
    tables: dict[str, str] = field(repr=False)
    policy: Policy
    rules: Rules = field(repr=False)
    examples: tuple[Example, ...] = field(repr=False)
    folder: Path = field(repr=False)
    declaration: Declaration = field(repr=False)
    currency: str | None = None

    @property
    def payment(self) -> bool:
        """Whether the mapping says how a payment is recorded."""
        return bool(self.rules.payment)

    def apply(self, invoice: Invoice) -> Mapped | NotMapped:
        """The invoice's document with its trace, or why there is none; pure."""
        return apply_rules(self.rules, self.policy, invoice, self.title)

    def pay(self, invoice: Invoice) -> PaymentBoxes | NotMapped:
        """The payment of an invoice that is paid at its source; only where ``payment`` is True."""
        return fill_payment(self.rules, invoice, self.title)

    def deciding_row(self, box: str, invoice: Invoice) -> Missing | None:
        """The row, or its cell, that would decide a box of the bill for this invoice; None where no table is asked."""
        rule = self.rules.bill.get(box)
        return None if rule is None else Filling(self.rules.tables, invoice, self.title).row_to_add(rule)[0]

    def fault(self, code: str, what: str, span: Span, help_: str) -> Fault:
        """A fault at a place of the mapping's own text."""
        return TextFile(self.path, self.text, more_breaks=True).fault(code, what, span, help_)

    def run_examples(self) -> list[Fault]:
        """One fault for every box in which an example differs; reads the examples' files."""
        file = TextFile(self.path, self.text, more_breaks=True)
        return [fault for example in self.examples for fault in self._run(example, file)]

    def _run(self, example: Example, file: TextFile) -> list[Fault]:
        """
        The faults of one example.

        One that waits for a currency is about its record alone: it goes on waiting where the settings name one later.
        """
        currency = None if example.waits_for(NO_CURRENCY) else self.currency
        invoice = example_invoice(example, file, self.folder, self.declaration, currency)
        if isinstance(invoice, Fault):
            return [invoice]
        faults = list(compare(example, file, self.apply(invoice)))
        if faults and currency is not None:
            alone = example_invoice(example, file, self.folder, self.declaration, None)
            if isinstance(alone, Invoice) and alone.currency is None:
                told = f"its record does not tell the currency, and the settings say that {currency} is meant"
                faults = [replace(fault, help=f"{told}\n{fault.help}") for fault in faults]
        return faults
