"""A claim's state in words and colours: no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.lessons.claims import ROUND, Standing, Verdict
from reglab.lessons.claims.rules import Outcome
from reglab.ui.shared.tables import BadgeColour
from reglab.ui.shared.text import duration

BADGES: dict[Outcome, tuple[str, str, BadgeColour]] = {
    True: ("holds", ":material/check_circle:", "green"),
    False: ("fails", ":material/cancel:", "red"),
    None: ("undecided", ":material/help:", "orange"),
}
"""Outcome → word, icon and colour of its badge."""

MARKS: dict[Outcome, str] = {
    True: ":green[:material/check_circle:]",
    False: ":red[:material/cancel:]",
    None: ":orange[:material/help:]",
}


def progress_text(one: Standing, seconds: float) -> str:
    """For example "7 of 16 runs, about 6 s left"."""
    return f"{one.done} of {one.expected} runs, about {duration(seconds)} left"


def waiting_text(one: Standing, seconds: float) -> str:
    """What a test would cost, where it is not under way."""
    if one.done:
        there = "1 run is" if one.done == 1 else f"{one.done} runs are"
        return f"Not tested yet: {there} there of {one.expected}, about {duration(seconds)} for the rest."
    return f"Not tested yet: {one.expected} runs, about {duration(seconds)}."


def diverged_text(one: Standing) -> str:
    """Why there is no verdict although everything has ended."""
    return f"{one.diverged} of {one.expected} runs diverged, so this cannot be judged; other seeds may do."


def seed_text(one: Standing) -> str:
    """For example "Seeds 0 to 7"."""
    return f"seeds {one.seeds[0]} to {one.seeds[-1]}"


def earlier_text(verdicts: Sequence[tuple[Standing, Verdict]]) -> str:
    """For example "Before, with seeds 0 to 7: holds." """
    return "Before: " + "; ".join(f"{seed_text(one)}: {verdict.word}" for one, verdict in verdicts) + "."


def summary_text(outcomes: Sequence[Outcome], claims: int, testing: int) -> str:
    """For example "7 of 11 tested: 5 hold, 1 fails, 1 is undecided. 2 are being tested." """
    held, failed = outcomes.count(True), outcomes.count(False)
    open_ = len(outcomes) - held - failed
    parts = [(held, "holds", "hold"), (failed, "fails", "fail"), (open_, "is undecided", "are undecided")]
    found = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in parts if n)
    now = f" {testing} {'is' if testing == 1 else 'are'} being tested." if testing else ""
    return f"**{len(outcomes)} of {claims} tested**" + (f": {found}." if found else ".") + now


def shown_runs(one: Standing, most: int) -> list[str]:
    """The runs of one seed, at most ``most``: those that were compared with each other."""
    seeds = [trial.seed for trial in one.finished]
    last = max(seeds, key=lambda seed: (seeds.count(seed) <= most, seed % ROUND < ROUND // 2, -seed), default=None)
    return [run.id for trial, run in one.finished.items() if trial.seed == last][:most]
