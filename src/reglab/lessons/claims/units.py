"""The units of the claims' figures."""

from __future__ import annotations

from reglab.lessons.claims.rules import Unit

POINTS = Unit("points", 100, 1)  # of a share, e.g. of accuracy
PERCENT = Unit("%", 100, 1)  # a change relative to the reference
SHARE = Unit("%", 100, 2, signed=False)
NATS = Unit("nats", 1, 3)
DISTANCE = Unit("", 1, 2, log=True, signed=False)  # ‖a − b‖ / ‖b‖
APART = Unit("%", 100, 1, signed=False)  # the same as a share of the norm
