"""The invoices of the project with a past, by what became of them."""

HOSTILE = "Foo [/bar] \u202e=cmd|<b>"
REFUSED, MAPPED, HOSTILE_ONE, LARGE, PENDING, EARLY, TAKEN, CREDIT, UNKNOWN = range(10061, 10070)
