"""
Affiliate invoices into QuickBooks bills, once each, and proved.

The way of the data, one room a verb:

    sources/     pull        CAKE, Commission Factory: pages of invoices
    mapping/     map         the finance team's files: an invoice becomes a document
    plan/        plan        decide(...) -> actions, pure
    push/        push        the write protocol, over quickbooks/
    reconcile/   prove       source, state and QuickBooks side by side

Beside them: state/ remembers, sync/ is one run, serve/ the clock, settings/ and log.py are how it is set up and what
it tells, doctor/ looks whether all is ready, notices/ tells people when something stops, report/ and cli/ speak to
people, sandbox/ pretends. What all speak of stands in invoice.py, document.py, money.py and errors.py; value.py makes
such values quickly, and day.py writes their days.
"""
