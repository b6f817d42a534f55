"""
The daemon: each source's sync on its schedule, until it is told to stop.

``daemon`` is the page to read first: APScheduler as a clock, and the loop around it. Beside it: ``clock`` says what a
schedule means and whether the wall clock jumped, ``turns`` runs one source and lets one at a time write for the
company.
"""
