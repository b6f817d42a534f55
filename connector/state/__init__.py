"""
What the connector remembers: invoices seen, documents and their moves, requests and attempts, runs, reference data.

Open it with ``connector.state.store.State``; ``lock.CompanyLock`` keeps one writer per company. Nothing is imported
here, because the rooms below load SQLModel and the command line must answer at once.
"""
