"""Names, counts and times in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reglab.states import STATES
from reglab.ui.shared.tables import BADGES
from reglab.ui.shared.text import count_of, literal, local_time, named

WHEN = datetime(2026, 3, 1, 11, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "2026-03-01 12:00:05 CET"),
        ("UTC", "2026-03-01 11:00:05 UTC"),
        (None, "2026-03-01 11:00:05 UTC"),
        ("No/Where", "2026-03-01 11:00:05 UTC"),
        ("../etc/passwd", "2026-03-01 11:00:05 UTC"),
    ],
)
def test_a_moment_is_told_in_the_zone_of_the_browser(zone: str | None, text: str) -> None:
    assert local_time(WHEN, zone) == text


def test_names_are_quoted_and_the_rest_counted() -> None:
    assert named(["a"]) == "“a”"
    assert named(["a", "b", "c"], most=2) == "“a”, “b” and 1 more"
    assert literal("a_b *c*") == r"a\_b \*c\*"


def test_counts_agree_with_their_noun() -> None:
    assert (count_of(0, "run"), count_of(1, "run"), count_of(1200, "run")) == ("0 runs", "1 run", "1,200 runs")


def test_every_state_has_an_icon_and_a_colour() -> None:
    assert set(BADGES) == set(STATES)
