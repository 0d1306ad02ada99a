"""Claims about L2 and published results, each with a button that tests it.

The verdict is read from the runs of this home; until there are any, it is the recorded one that ships with RegLab.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from reglab.access import Action
from reglab.errors import RegLabError
from reglab.lessons.catalog import every, missing
from reglab.lessons.claim import Claim, seeds_of
from reglab.lessons.standing import Standing, seconds_left, seconds_until
from reglab.states import ACTIVE
from reglab.store import Run
from reglab.ui.learn import claim_runs
from reglab.ui.learn.claim_runs import BADGES, Judged, Tested
from reglab.ui.shared import trouble
from reglab.ui.shared.acting import act_button, barred
from reglab.ui.shared.live_chart import described, live_chart
from reglab.ui.shared.query import MAX_RUNS, TRAIN_PAGE, run_query
from reglab.ui.shared.services import services
from reglab.ui.shared.text import duration
from reglab.ui.shared.ticks import steady, tick_every, watched_interval

TICK = 1.2
"""Seconds between updates while a claim is being tested and few sessions watch."""

_LIVE, _WATCHED = "claims_live", "claims_watched"
_ROW: dict[str, Any] = {"horizontal": True, "vertical_alignment": "center", "horizontal_alignment": "distribute"}


@dataclass(frozen=True)
class Card:
    """One claim on the page, as :class:`Tested`; ``own`` is the verdict of this home, ``problem`` says why there is
    none, ``shipped`` is the recorded one, and ``missing`` what a test here would need.
    """

    claim: Claim
    now: Standing
    tested: Tested
    shipped: Judged | None
    missing: str | None
    own: Judged | None = None
    problem: str | None = None

    @property
    def judged(self) -> Judged | None:
        """The verdict to show."""
        return self.own or self.shipped


def claims() -> None:
    """Draw the section, which updates itself while one of its runs trains or waits."""
    st.session_state[_LIVE] = _tick(claim_runs.known_runs())
    tick_every(st.session_state[_LIVE], _board)


def _tick(known: dict[str, Run]) -> float | None:
    """Seconds between updates; None where no claim is being tested."""
    return watched_interval(TICK) if any(run.state in ACTIVE for run in known.values()) else None


@steady
def _board() -> None:
    """All claims."""
    known, found = _look()
    if _continue(found):
        known, found = _look()
    cards = [_card(tested) for tested in found]
    st.session_state[_WATCHED] = {card.claim.name for card in cards if card.now.testing}
    _head(cards, known)
    _grid([card for card in cards if card.claim.source is None], known)
    st.subheader("Published results, re-run", anchor=False)
    st.markdown(
        "Results of papers, a book and an example, run again in small. Each has its source, the published figures "
        "beside ours, and a rule that was written down before the runs."
    )
    _grid([card for card in cards if card.claim.source is not None], known)
    if _tick(known) != st.session_state[_LIVE]:
        st.rerun()
    trouble.refresh()


def _grid(cards: Sequence[Card], known: dict[str, Run]) -> None:
    with st.grid(2, min_column_width=340, gap="small"):  # rows, so that a narrow window keeps the reading order
        for card in cards:
            with st.container(border=True, height="stretch", gap="small", key=f"claim_{card.claim.name}"):
                _draw(card, known)


def _look() -> tuple[dict[str, Run], list[Tested]]:
    known = claim_runs.known_runs()
    return known, [claim_runs.look(claim, known) for claim in every().values()]


def _continue(found: Sequence[Tested]) -> bool:
    """Queue the runs that confirm a choice, if this session has watched the test that made it."""
    watched: set[str] = st.session_state.get(_WATCHED, set())
    due = [one.now for one in found if one.now.claim.name in watched and one.now.ready_to_confirm]
    if due and not barred("start"):
        claim_runs.test([(one.claim, one.seeds) for one in due])
    return bool(due)


def _card(tested: Tested) -> Card:
    now = tested.now
    needed = missing(now.claim, services().settings.data)
    card = partial(Card, now.claim, now, tested, claim_runs.shipped(now.claim), needed)
    if not now.complete:
        return card(problem=claim_runs.diverged_text(now) if now.diverged and not now.active else None)
    try:
        return card(own=claim_runs.judged(now))
    except RegLabError as error:
        return card(problem=str(error))


def _head(cards: Sequence[Card], known: dict[str, Run]) -> None:
    """Introduction, summary, and the button for all claims."""
    st.subheader("Claims, tested", anchor=False)
    st.markdown(
        "Common claims about L2, tested with small networks on the embedded digits. The rules were fixed before any "
        "run; where a rule had to change, its claim says so. A claim that fails is shown as failed. Recorded verdicts "
        "come with RegLab; a test here replaces one, and its runs and verdict are kept for all visitors."
    )
    st.caption(
        "In the charts, each blue dot is a seed, the diamond is their mean, the bar its 95 % interval, and the dotted "
        "line the limit of the rule; a triangle is the published figure."
    )
    outcomes = [card.judged.verdict.holds for card in cards if card.judged is not None]
    testing = [card.now for card in cards if card.now.testing]
    todo = [card.now for card in cards if not card.now.complete and not card.now.testing and not card.missing]
    here = sum(card.own is not None for card in cards)
    with st.container(**_ROW):
        st.markdown(claim_runs.summary_text(outcomes, len(cards), here, len(testing)), width="content")
        if testing:
            active = [run for run in known.values() if run.state in ACTIVE]
            stop = partial(claim_runs.stop, [run.id for run in active])
            _act("Stop all", "stop", "claims_stop", "stop", stop, *active)
        elif todo:
            cost = f"about {duration(seconds_left(todo, known, services().settings.slots))}"
            label = f"Test the other {len(todo)} ({cost})" if here or testing else f"Test all ({cost})"
            seeds = [(one.claim, one.seeds) for one in todo]
            _act(label, "start", "claims_all", "science", partial(claim_runs.test, seeds), type="primary")
    if problem := st.session_state.get(claim_runs.PROBLEM):
        st.error(problem, icon=":material/error:")


def _draw(card: Card, known: dict[str, Run]) -> None:
    claim, now = card.claim, card.now
    with st.container(**_ROW, gap="small"):
        st.caption(f"{'Result' if claim.source else 'Claim'} {claim.order}", width="content")
        _badge(card)
    st.markdown(f"**{claim.label}**")
    st.caption(claim.about + (f"  \n{claim_runs.source_text(claim.source)}" if claim.source else ""))
    if now.testing:
        seconds = seconds_until(now, known, services().settings.slots)
        st.progress(now.done / now.expected, claim_runs.progress_text(now, seconds))
    else:
        if card.problem:
            st.warning(card.problem, icon=":material/error:")
        if card.judged is not None:
            _verdict(card, card.judged)
    st.caption(f"**Setup:** {claim.setup}  \n**Rule:** {claim.rule}  \n**Caveat:** {claim.caveat}")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _buttons(card, known)


def _badge(card: Card) -> None:
    if card.now.testing:
        st.badge("testing", icon=":material/hourglass_top:", color="blue")
    elif card.judged is not None or card.problem:
        label, icon, colour = BADGES[card.judged.verdict.holds if card.judged else None]
        recorded = " (recorded)" if card.judged and card.judged.recorded else ""
        st.badge(label + recorded, icon=icon, color=colour)
    else:
        st.badge("not tested yet", icon=":material/radio_button_unchecked:", color="gray")


def _verdict(card: Card, judged: Judged) -> None:
    """Each part with its mark and figure, the chart, and earlier verdicts."""
    marks = {outcome: f":{colour}[{icon}]" for outcome, (_, icon, colour) in BADGES.items()}
    st.markdown("  \n".join(f"{marks[part.holds]} {part.sentence}" for part in judged.verdict.outcomes))
    with described(card.claim.setup, "claim"):
        live_chart(judged.chart, key=f"dots_{card.claim.name}", height=judged.height, name=card.claim.label)
    if card.shipped is not None and card.shipped.recorded is not None:
        text = claim_runs.recorded_text(card.shipped.recorded)
        st.caption(f"{text} Its verdict: {card.shipped.verdict.word}." if card.own else text)
    if card.tested.earlier:
        verdicts = [(one, claim_runs.judged(one).verdict) for one in card.tested.earlier]
        st.caption(claim_runs.earlier_text(verdicts))


def _buttons(card: Card, known: dict[str, Run]) -> None:
    claim, now = card.claim, card.now
    if now.testing:
        stop = partial(claim_runs.stop, [run.id for run in now.active])
        _act("Stop", "stop", f"stop_{claim.name}", "stop", stop, *now.active)
    elif now.complete or card.problem:
        fresh = seeds_of(card.tested.next_round, claim.n_seeds)
        again = partial(claim_runs.test, [(claim, fresh)])
        _act("Repeat with other seeds", "start", f"again_{claim.name}", "casino", again)
    elif card.missing:
        st.caption(f"Not tested here yet. {card.missing}")
    else:
        _act("Test", "start", f"test_{claim.name}", "science", partial(claim_runs.test, [(claim, now.seeds)]))
        st.caption(claim_runs.waiting_text(now, seconds_left([now], known, services().settings.slots)))
    if now.complete:
        runs = run_query(claim_runs.shown_runs(now, MAX_RUNS))
        _button("Open the runs", f"open_{claim.name}", "monitoring", partial(_open, runs))


def _button(label: str, key: str, icon: str, action: Callable[..., None], **look: Any) -> None:
    st.button(label, key=key, icon=f":material/{icon}:", on_click=action, **look)


def _act(label: str, action: Action, key: str, icon: str, click: Callable[..., None], *runs: Run, **look: Any) -> None:
    act_button(label, action, *runs, key=key, icon=f":material/{icon}:", on_click=click, **look)


def _open(query: dict[str, str]) -> None:
    """Callback: go to the live view of these runs."""
    st.switch_page(TRAIN_PAGE, query_params=query)
