"""
Affiliate invoices into QuickBooks bills, once each, and proved.

The way of the data, one room a verb:

    sources/     pull        CAKE, Commission Factory: pages of invoices
    mapping/     map         the finance team's files: an invoice becomes a document
    plan.py      plan        decide(...) -> actions, pure
    push.py      push        the write protocol, over quickbooks/
    reconcile.py prove       source, state and QuickBooks side by side

Beside them: state/ remembers, sync.py is one run, serve.py the clock, report/ and cli/ speak to people, sandbox/
pretends.
"""
