"""The usual claims about L2, each with a button that tests it: the verdict is whatever the runs say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from reglab.errors import RegLabError
from reglab.lessons.claims import CLAIMS, Claim, Standing, seconds_left, seconds_until, seeds_of
from reglab.store import Run
from reglab.ui.learn import claim_runs, claim_text
from reglab.ui.learn.claim_runs import Judged, Tested
from reglab.ui.shared import trouble
from reglab.ui.shared.query import MAX_RUNS, TRAIN_PAGE, run_query
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE
from reglab.ui.shared.text import duration
from reglab.ui.shared.ticks import steady, watched_interval

TICK = 1.2
"""Seconds between looks at the store while a claim is being tested and few sessions watch."""

_LIVE, _WATCHED = "claims_live", "claims_watched"


@dataclass(frozen=True)
class Card:
    """One claim on the page; ``judged`` is None where there is no verdict (yet), ``problem`` says why there is none."""

    tested: Tested
    judged: Judged | None
    problem: str | None

    @property
    def claim(self) -> Claim:
        return self.tested.now.claim

    @property
    def now(self) -> Standing:
        return self.tested.now


def claims() -> None:
    """Draw the section; it looks again by itself while one of its runs trains or waits."""
    st.session_state[_LIVE] = _every(claim_runs.known_runs())
    st.fragment(_board, run_every=st.session_state[_LIVE])()


@steady
def _board() -> None:
    """All claims; without arguments, because with other ones it would be another fragment, made anew."""
    known = claim_runs.known_runs()
    found = [claim_runs.look(claim, known) for claim in CLAIMS.entries.values()]
    if _continue(found):
        known = claim_runs.known_runs()
        found = [claim_runs.look(claim, known) for claim in CLAIMS.entries.values()]
    cards = [_card(tested) for tested in found]
    st.session_state[_WATCHED] = {card.claim.name for card in cards if card.now.testing}
    _head(cards, known)
    columns = st.columns(2, gap="small")
    for number, card in enumerate(cards):
        with columns[number % 2].container(border=True, gap="small", key=f"claim_{card.claim.name}"):
            _draw(card, known)
    if _every(known) != st.session_state[_LIVE]:
        st.rerun()
    trouble.refresh()


def _continue(found: Sequence[Tested]) -> bool:
    """Queue the runs that confirm a choice, where this session has watched the test that made it."""
    watched: set[str] = st.session_state.get(_WATCHED, set())
    due = [one.now for one in found if one.now.claim.name in watched and one.now.ready_to_confirm]
    if due:
        claim_runs.test([(one.claim, one.seeds) for one in due])
    return bool(due)


def _card(tested: Tested) -> Card:
    now = tested.now
    if not now.complete:
        return Card(tested, None, claim_text.diverged_text(now) if now.diverged and not now.active else None)
    try:
        return Card(tested, claim_runs.judged(now), None)
    except RegLabError as error:
        return Card(tested, None, str(error))


def _head(cards: Sequence[Card], known: dict[str, Run]) -> None:
    """What it is about, what came out so far, and the button for all."""
    st.subheader("Claims, tested", anchor=False)
    st.markdown(
        "What people say about L2, tested with small networks on the embedded digits. The rules were fixed before any "
        "run, and where one had to change, its claim says so. A claim that fails here is shown as failed. Runs are "
        "kept, so a verdict stays for every visitor."
    )
    st.caption("In the charts each blue dot is a seed, diamond and bar are their mean with its 95 % interval, and the "
               "dotted line is the rule's.")  # fmt: skip
    outcomes = [card.judged.verdict.holds for card in cards if card.judged is not None]
    testing = [card.now for card in cards if card.now.testing]
    todo = [card.now for card in cards if not card.now.complete and not card.now.testing]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(claim_text.summary_text(outcomes, len(cards), len(testing)), width="content")
        if testing:
            ids = [run.id for run in known.values() if run.state in ("queued", "running")]
            st.button("Stop all", key="claims_stop", icon=":material/stop:", on_click=claim_runs.stop, args=(ids,))
        elif todo:
            seconds = duration(seconds_left(todo, known, services().settings.slots))
            st.button(
                f"Test all (about {seconds})" if len(todo) == len(cards) else f"Test the other {len(todo)} ({seconds})",
                key="claims_all", icon=":material/science:", type="primary", on_click=claim_runs.test,
                args=([(one.claim, one.seeds) for one in todo],),
            )  # fmt: skip
    if problem := st.session_state.get(claim_runs.PROBLEM):
        st.error(problem, icon=":material/error:")


def _draw(card: Card, known: dict[str, Run]) -> None:
    claim, now = card.claim, card.now
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.caption(f"Claim {claim.order}", width="content")
        _badge(card)
    st.markdown(f"**{claim.label}**")
    st.caption(claim.about)
    if now.testing:
        seconds = seconds_until(now, known, services().settings.slots)
        st.progress(now.done / now.expected, claim_text.progress_text(now, seconds))
    elif card.judged is not None:
        _verdict(card, card.judged)
    elif card.problem:
        st.warning(card.problem, icon=":material/error:")
    st.caption(f"**Tested on:** {claim.setup}  \n**Rule:** {claim.rule}  \n**But:** {claim.caveat}")
    _buttons(card, known)


def _badge(card: Card) -> None:
    if card.now.testing:
        st.badge("testing", icon=":material/hourglass_top:", color="blue")
    elif card.judged is not None or card.problem:
        word, icon, colour = claim_text.BADGES[card.judged.verdict.holds if card.judged else None]
        st.badge(word, icon=icon, color=colour)
    else:
        st.badge("not tested yet", icon=":material/radio_button_unchecked:", color="gray")


def _verdict(card: Card, judged: Judged) -> None:
    """Each part with its mark and figure, and the dots."""
    st.markdown("  \n".join(f"{claim_text.MARKS[o.holds]} {o.sentence}" for o in judged.verdict.outcomes))
    st.plotly_chart(
        judged.chart, key=f"dots_{card.claim.name}", height=judged.height, config={"displayModeBar": False}

    )  # fmt: skip
    if card.tested.earlier:
        before = [(one, claim_runs.judged(one).verdict) for one in card.tested.earlier]
        st.caption(claim_text.earlier_text(before))


def _buttons(card: Card, known: dict[str, Run]) -> None:
    claim, now = card.claim, card.now
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if now.testing:
            ids = [run.id for run in now.active]
            st.button("Stop", key=f"stop_{claim.name}", icon=":material/stop:", on_click=claim_runs.stop, args=(ids,))
        elif now.complete or card.problem:
            fresh = seeds_of(card.tested.next_round, claim.n_seeds)
            st.button(
                "Again with other seeds", key=f"again_{claim.name}", icon=":material/casino:",
                on_click=claim_runs.test, args=([(claim, fresh)],),
            )  # fmt: skip
        else:
            st.button(
                "Test it", key=f"test_{claim.name}", icon=":material/science:",
                on_click=claim_runs.test, args=([(claim, now.seeds)],),
            )  # fmt: skip
            st.caption(claim_text.waiting_text(now, seconds_left([now], known, services().settings.slots)))
        if now.complete:
            ids = claim_text.shown_runs(now, MAX_RUNS)
            st.button(
                "Open the runs", key=f"open_{claim.name}", icon=":material/monitoring:", on_click=_open, args=(ids,)
            )


def _open(ids: Sequence[str]) -> None:
    """Go to the live view of the runs of one seed, which differ in what the claim is about."""
    st.switch_page(TRAIN_PAGE, query_params=run_query(ids))


def _every(known: dict[str, Run]) -> float | None:
    """Seconds between looks at the store; None where no claim is being tested."""
    return watched_interval(TICK) if any(run.state in ACTIVE for run in known.values()) else None
