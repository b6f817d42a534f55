"""Days as the doctor's look at the newest invoices sees them."""

import datetime


def lately() -> str:
    """A day that it covers."""
    return (datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=10)).isoformat()
