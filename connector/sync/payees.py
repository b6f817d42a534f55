"""Which vendor each payee of a source is paid as: two of one name never share one unnoticed (mapping rule 11)."""

from dataclasses import dataclass, field

from connector.invoice import Invoice, Trouble
from connector.mapping import Mapped

__all__ = ["Payees"]


@dataclass(slots=True)
class Payees:
    """
    Which vendor each payee of a source is paid as (mapping rule 11).

    Args:
        vendors: The vendor of each payee of this source.
        payees: (source, payee) by the vendor's name in lower case, over all sources.
        ids: QuickBooks' id of the vendor that each payee was paid as before, where it is kept.
    """

    source: str
    vendors: dict[str, str]
    payees: dict[str, set[tuple[str, str]]]
    ids: dict[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    """Payees met for the first time, or told anew by a table."""

    def meet(self, invoice: Invoice, mapped: Mapped) -> Trouble | None:
        """Note who is paid as whom; the trouble where a name alone would bring two payees to one vendor."""
        if invoice.payee is None:
            return None
        vendor, by_name = mapped.document.vendor, mapped.vendor_by == "field"
        before = self.vendors.get(invoice.payee)
        if by_name and before is not None and before != vendor:
            return Trouble(
                "vendor-renamed",
                f'payee {invoice.payee} was paid as "{before}" and is now called "{vendor}"',
                _row_for(invoice.payee),
            )
        others = self.payees.get(vendor.lower(), set()) - {(self.source, invoice.payee)}
        if by_name and others:
            other = ", ".join(sorted(f"{payee} ({source})" for source, payee in others))
            return Trouble(
                "vendor-shared",
                f'payee {invoice.payee} would be paid as "{vendor}", which is the vendor of payee {other}',
                _row_for(invoice.payee),
            )
        if before != vendor:
            self.vendors[invoice.payee] = vendor
            self.new[invoice.payee] = vendor
            self.ids.pop(invoice.payee, None)
        self.payees.setdefault(vendor.lower(), set()).add((self.source, invoice.payee))
        return None

    def find(self, payee: str | None, vendor_id: str | None) -> str | None:
        """Note the vendor that was found by a payee's name; its id of before, where the name leads to none now."""
        if payee is None or payee not in self.vendors:
            return None
        if vendor_id is not None and self.ids.get(payee) != vendor_id:
            self.ids[payee] = vendor_id
            self.new[payee] = self.vendors[payee]
        return self.ids.get(payee) if vendor_id is None else None


def _row_for(payee: str) -> str:
    return (
        f"add a row for {payee} with a vendor name of its own to the mapping's table of vendors; "
        "a vendor of a new name is made by itself"
    )
