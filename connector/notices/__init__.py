"""
Who is told when something stops, and when it goes on: by e-mail, by webhook, or both.

``policy`` is the page to read first: who is told what, on one screen. ``decide`` and ``digest`` are pure: what troubles
now, what a channel told, and the time give the messages and what it told then. ``gather`` finds the troubles, ``words``
writes the messages, ``mail`` and ``webhook`` deliver them, and ``notices`` goes round once a minute.
"""
