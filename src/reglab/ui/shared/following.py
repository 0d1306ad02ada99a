"""Progress for people who do not look at the page: in the browser's tab, and announced by assistive technology.

The tab follows every tick. A live region (ARIA role "status") announces each state, and each quarter of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from reglab.number_format import percent
from reglab.states import ACTIVE
from reglab.store import Run, Sweep

_STEP = 0.25  # of the training, from one sentence to the next
_component = st.components.v2.component(
    "reglab_live_region", js=Path(__file__).with_name("following.js").read_text("utf-8"), isolate_styles=False
)


@dataclass(frozen=True)
class Following:
    """What is on screen: its name, the state as people read it, and the share of training done while it trains."""

    name: str
    state: str
    share: float | None

    @property
    def tab(self) -> str:
        """The tab's title: "42 % · NAME", or the state in place of the share."""
        return f"{self.state if self.share is None else percent(self.share, 0)} · {self.name}"

    @property
    def announced(self) -> str:
        """The sentence of the live region: the same until the next quarter."""
        if self.share is None:
            return f"{self.name}: {self.state}."
        done = int(self.share / _STEP) * _STEP
        return f"{self.name}: {self.state}" + (f", {percent(done, 0)}." if done else ".")


def following(subjects: Sequence[Run | Sweep], shares: Sequence[float]) -> Following:
    """The one run or sweep, or several runs: "training" while any trains, with the mean of their shares."""
    name = subjects[0].name if len(subjects) == 1 else f"{len(subjects)} runs"
    active = [one for one in subjects if one.state in ACTIVE]
    if len(subjects) == 1:
        state = subjects[0].label
    else:
        state = "training" if any(one.state == "running" for one in active) else "queued" if active else "ended"
    trains = any(one.state == "running" for one in active)
    return Following(name, state, sum(shares) / len(shares) if trains else None)


def unseen(key: str) -> DeltaGenerator:
    """A place for a component that draws nothing: the frame's style gives it no room."""
    return st.container(key=f"unseen_{key}")


def follow(subject: Following) -> None:
    """Give the tab its title and the live region its sentence."""
    st.set_page_config(page_title=f"{subject.tab} · RegLab")
    with unseen("live_region"):
        _component(data={"sentence": subject.announced}, key="announced", height=1)
