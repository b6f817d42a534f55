"""Where invoices come from: one file per system, found through the entry-point group ``connector.sources``."""
