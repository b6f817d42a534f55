"""A document's names turned into references, all of them or every reason why not."""

from connector.document import Document
from connector.quickbooks.names import Missing, Names, Reference
from connector.value import value

__all__ = ["LineRefs", "Refs", "find_refs"]


@value(frozen=True, slots=True)
class LineRefs:
    """What one line points at; exactly one of account and item is set."""

    account: Reference | None = None
    item: Reference | None = None
    klass: Reference | None = None
    customer: Reference | None = None
    tax: Reference | None = None


@value(frozen=True, slots=True)
class Refs:
    """What a document points at, its lines in the document's order."""

    vendor: Reference
    lines: tuple[LineRefs, ...]
    ap_account: Reference | None = None
    term: Reference | None = None
    location: Reference | None = None


def find_refs(document: Document, names: Names, vendor: Reference | None = None) -> Refs | tuple[Missing, ...]:
    """
    The references of every name in ``document``, or everything that is missing, each once.

    Args:
        document: Any document.
        names: The company's lists.
        vendor: The vendor where it is known already (bound, or just created).
    """
    missing: dict[tuple[str, str], Missing] = {}

    def noted(found: Reference | Missing | None) -> Reference | None:
        if isinstance(found, Missing):
            missing.setdefault((found.code, found.text), found)
            return None
        return found

    owed_to = vendor or noted(names.vendor(document.vendor))
    lines = tuple(
        LineRefs(
            account=noted(names.account(line.account)) if line.account else None,
            item=noted(names.item(line.item)) if line.item else None,
            klass=noted(names.klass(line.class_name)) if line.class_name else None,
            customer=noted(names.customer(line.customer)) if line.customer else None,
            tax=noted(names.tax_code(line.tax)) if line.tax else None,
        )
        for line in document.lines
    )
    ap_account = noted(names.ap_account(document.ap_account)) if document.ap_account else None
    term = noted(names.term(document.terms)) if document.terms else None
    location = noted(names.location(document.location)) if document.location else None
    if missing or owed_to is None:
        return tuple(missing.values())
    return Refs(owed_to, lines, ap_account, term, location)
