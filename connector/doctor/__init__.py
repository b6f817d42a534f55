"""
Is everything ready? Every check of ``connector doctor``, as data: what was looked at, how it stands, what to do.

``examine.py`` runs all of them, one file an area; a check that fails stops no other. Nothing is written but what a plan
writes: the sign-in and the request windows. This page imports nothing, so that the explanation of a code is instant.
"""
