"""
One run: pull, map, plan, push.

``run`` is the page to read first. Beside it: ``selection`` says what a run is about, ``pulling`` reads the sources,
``company`` opens QuickBooks, ``numbers``, ``gather`` and ``books`` collect what a decision needs, ``planned`` holds the
decisions, ``remember`` keeps them, ``writing`` carries them out.
"""
