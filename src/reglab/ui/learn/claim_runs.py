"""Testing a claim: its runs queued, stopped, continued. The store knows all that matters; a session only watches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from reglab.charts.seed_dots import height_of, seed_dots_chart
from reglab.errors import RegLabError
from reglab.lessons.claims import (
    GROUP,
    Claim,
    Standing,
    Trial,
    Verdict,
    index,
    rounds_in,
    seeds_of,
    standing,
    verdict_of,
)
from reglab.store import Run
from reglab.ui.shared.services import services

PROBLEM = "claims_problem"
_KEPT = 500  # verdicts


@dataclass(frozen=True)
class Tested:
    """A claim as it stands with the newest seeds, and with the seeds tested before; ``next_round`` has fresh ones."""

    now: Standing
    earlier: tuple[Standing, ...]
    next_round: int


@dataclass(frozen=True)
class Judged:
    """A verdict, and its chart with its height in pixels."""

    verdict: Verdict
    chart: go.Figure
    height: int


def look(claim: Claim, known: dict[str, Run]) -> Tested:
    """The newest round of seeds that is tested or under way, else the first one."""
    store = services().store
    rounds = [standing(store, known, claim, seeds_of(r, claim.n_seeds)) for r in rounds_in(known)]
    numbers = [i for i, one in enumerate(rounds) if one.testing or one.complete]
    newest = numbers[-1] if numbers else 0
    earlier = tuple(one for one in rounds[:newest] if one.complete)
    return Tested(rounds[newest], earlier, rounds_in(known)[newest] + 1)


def known_runs() -> dict[str, Run]:
    """Every claim's run by its spec."""
    return dict(index(services().store))


def test(wanted: Iterable[tuple[Claim, tuple[int, ...]]]) -> None:
    """Queue what is missing for these claims with these seeds; to be called as a callback."""
    st.session_state[PROBLEM] = None
    try:
        known = known_runs()
        missing = [
            trial for claim, seeds in wanted for trial in standing(services().store, known, claim, seeds).to_start
        ]
        for trial in {trial.key: trial for trial in missing}.values():
            _queue(trial)
    except RegLabError as error:
        st.session_state[PROBLEM] = str(error)


def stop(ids: Iterable[str]) -> None:
    """Stop these runs; those that wait are cancelled. To be called as a callback."""
    try:
        for run_id in ids:
            services().runner.stop(run_id)
    except RegLabError as error:
        st.session_state[PROBLEM] = str(error)


def _queue(trial: Trial) -> None:
    """Queue the trial's run; one that was deleted comes back, one that stopped goes on."""
    runner, store = services().runner, services().store
    run = runner.submit(trial.spec, name=trial.name, key=trial.key, group=GROUP)
    if run.deleted is not None:
        store.restore([run.id])
        run = store.get(run.id)
    if run.resumable:
        runner.resume(run.id)


def judged(one: Standing) -> Judged:
    """What a complete standing came to; kept here for all visitors, because its runs do not change any more.

    :raises RegLabError: where the weights of a run are gone.
    """
    kept, place = _judged(), (one.claim.name, *(run.id for run in one.finished.values()))
    if place not in kept:
        if len(kept) >= _KEPT:
            kept.clear()
        verdict = verdict_of(services().store, one)
        kept[place] = Judged(verdict, seed_dots_chart(verdict.figures), height_of(verdict.figures))
    return kept[place]


@st.cache_resource(show_spinner=False)
def _judged() -> dict[tuple[str, ...], Judged]:
    return {}
