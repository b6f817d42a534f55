"""The pretend QuickBooks Online company: its rules, its query language, its answers."""
