"""The test of a claim: its runs queued, stopped and resumed, its verdict, and both as text.

The store holds everything; a session only watches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from reglab.charts.seed_dots import height_of, seed_dots_chart
from reglab.errors import RegLabError
from reglab.lessons.claim import GROUP, ROUND, Claim, Source, seeds_of
from reglab.lessons.record import Recorded, recorded
from reglab.lessons.rules import Outcome
from reglab.lessons.standing import Standing, index, rounds_in, standing
from reglab.lessons.verdict import Verdict, verdict_of
from reglab.states import Colour
from reglab.store import Run
from reglab.ui.shared.memo import Memo
from reglab.ui.shared.services import services
from reglab.ui.shared.text import duration

PROBLEM = "claims_problem"
"""Session key of the sentence about the last failed test or stop."""


@dataclass(frozen=True)
class Tested:
    """A claim's standing with the newest seeds and with earlier ones; round ``next_round`` has fresh seeds."""

    now: Standing
    earlier: tuple[Standing, ...]
    next_round: int


@dataclass(frozen=True)
class Judged:
    """A verdict, and its chart with its height in pixels; ``recorded`` where it ships with RegLab."""

    verdict: Verdict
    chart: go.Figure
    height: int
    recorded: Recorded | None = None


def look(claim: Claim, known: dict[str, Run]) -> Tested:
    """The newest round of seeds that is tested or under way, else the first one."""
    store, rounds = services().store, rounds_in(known)
    standings = [standing(store, known, claim, seeds_of(r, claim.n_seeds)) for r in rounds]
    newest = max((i for i, one in enumerate(standings) if one.testing or one.complete), default=0)
    earlier = tuple(one for one in standings[:newest] if one.complete)
    return Tested(standings[newest], earlier, rounds[newest] + 1)


def known_runs() -> dict[str, Run]:
    """The runs of all claims by their spec."""
    return dict(index(services().store))


def test(wanted: Iterable[tuple[Claim, tuple[int, ...]]]) -> None:
    """Callback: queue the missing runs of these claims with these seeds.

    A deleted run is restored, a stopped one resumed.
    """
    st.session_state[PROBLEM] = None
    runner, store = services().runner, services().store
    try:
        known = known_runs()
        missing = [trial for claim, seeds in wanted for trial in standing(store, known, claim, seeds).to_start]
        for trial in {trial.key: trial for trial in missing}.values():
            run = runner.submit(trial.spec, name=trial.name, key=trial.key, group=GROUP)
            if run.deleted is not None:
                store.restore([run.id])
                run = store.get(run.id)
            if run.resumable:
                runner.resume(run.id)
    except RegLabError as error:
        st.session_state[PROBLEM] = str(error)


def stop(ids: Iterable[str]) -> None:
    """Callback: stop these runs, and cancel those that wait."""
    try:
        for run_id in ids:
            services().runner.stop(run_id)
    except RegLabError as error:
        st.session_state[PROBLEM] = str(error)


def judged(one: Standing) -> Judged:
    """The verdict on a complete standing, whose runs do not change any more.

    :raises RegLabError: where the weights of a run are gone.
    """

    def judge() -> Judged:
        return _drawn(verdict_of(services().store, one))

    return _VERDICTS.get((one.claim.name, *(run.id for run in one.finished.values())), judge)


def shipped(claim: Claim) -> Judged | None:
    """The recorded verdict on ``claim``; None where RegLab has none of this rule and these runs."""
    found = recorded(claim)
    return None if found is None else _VERDICTS.get((claim.name, repr(found)), lambda: _drawn(found.verdict, found))


def _drawn(verdict: Verdict, found: Recorded | None = None) -> Judged:
    return Judged(verdict, seed_dots_chart(verdict.figures), height_of(verdict.figures), found)


_VERDICTS: Memo[Judged] = Memo(most=500, size=lambda _: 1)


# Text

BADGES: dict[Outcome, tuple[str, str, Colour]] = {
    True: ("holds", ":material/check_circle:", "green"),
    False: ("fails", ":material/cancel:", "red"),
    None: ("undecided", ":material/help:", "orange"),
}
"""Outcome → label, icon and colour of its badge."""


def progress_text(one: Standing, seconds: float) -> str:
    """For example "7 of 16 runs, about 6 s left"."""
    return f"{one.done} of {one.expected} runs, about {duration(seconds)} left"


def waiting_text(one: Standing, seconds: float) -> str:
    """The cost of a test that is not under way."""
    if one.done:
        left = f"{one.done} of {one.expected} runs finished, about {duration(seconds)} for the rest"
        return f"Not tested here yet: {left}."
    return f"Not tested here yet: {one.expected} runs, about {duration(seconds)}."


def diverged_text(one: Standing) -> str:
    """Why there is no verdict although all runs have ended."""
    return f"{one.diverged} of {one.expected} runs diverged, so there is no verdict; try other seeds."


def earlier_text(verdicts: Sequence[tuple[Standing, Verdict]]) -> str:
    """For example "Earlier: seeds 0 to 7: holds." """
    return "Earlier: " + "; ".join(f"seeds {one.seeds[0]} to {one.seeds[-1]}: {v.word}" for one, v in verdicts) + "."


def recorded_text(found: Recorded) -> str:
    """For example "Recorded 2026-11-29: 8 seeds on CPU (x86_64) with torch 2.13.0." """
    torch = f" with torch {found.versions['torch']}" if "torch" in found.versions else ""
    return f"Recorded {found.date}: {len(found.seeds)} seeds on {found.device}{torch}."


def source_text(source: Source) -> str:
    """Paper, place and signature, in Markdown."""
    return f"**Source:** [{source.paper}]({source.url}), {source.place}  \n**Published:** {source.signature}"


def summary_text(outcomes: Sequence[Outcome], claims: int, here: int, testing: int) -> str:
    """For example "17 of 17 verdicts: 12 hold, 3 fail, 2 are undecided. 1 was tested here. 2 are being tested." """
    held, failed = outcomes.count(True), outcomes.count(False)
    open_ = len(outcomes) - held - failed
    parts = [(held, "holds", "hold"), (failed, "fails", "fail"), (open_, "is undecided", "are undecided")]
    found = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in parts if n)
    now = f" {testing} {'is' if testing == 1 else 'are'} being tested." if testing else ""
    own = f" {here} {'was' if here == 1 else 'were'} tested here." if here else ""
    return f"**{len(outcomes)} of {claims} verdicts**" + (f": {found}." if found else ".") + own + now


def shown_runs(one: Standing, most: int) -> list[str]:
    """The ids of one seed's runs, at most ``most``: those that were compared with each other."""
    seeds = [trial.seed for trial in one.finished]
    last = max(seeds, key=lambda seed: (seeds.count(seed) <= most, seed % ROUND < ROUND // 2, -seed), default=None)
    return [run.id for trial, run in one.finished.items() if trial.seed == last][:most]
