"""The demonstration of a first visit: the same CNN without a penalty and with one, side by side.

400 digits, one label in five wrong, 80 epochs: the CNN without a penalty memorises the wrong labels and ends far below
its own best epoch. With λ₂ = 0.03 it cannot memorise them, so training too long costs little. Stopping at the best
epoch is the rival: the result names it beside λ, each figure with its epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import count
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.errors import RegLabError
from reglab.number_format import exact, percent, points
from reglab.spec import TEST_FRACTION, RunSpec
from reglab.states import ACTIVE
from reglab.store import Run
from reglab.store.run_filter import DEMO_GROUPS, LESSON_GROUPS
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.services import services
from reglab.ui.shared.text import loss, penalty_text
from reglab.ui.train.state import FORM, SWEEP_ICON, see_sweeps, show_runs

LAMBDAS = (0.0, 0.03)
TITLE = "See overfitting, and how L2 reduces it"
_ICON = ":material/auto_awesome:"
_ALIKE = 0.01  # accuracies that differ by less than a point are alike: one standard error of 539 images at 92 %


def demo_specs() -> list[RunSpec]:
    """The two runs, which differ in λ₂ only."""
    common = {
        "data": {"name": "digits", "train_size": 400, "label_noise": 0.2, "test_fraction": TEST_FRACTION},
        "model": {"name": "keras_cnn"},
        "optim": {"name": "adam", "lr": 2e-3},
        "train": {"epochs": 80, "batch_size": 32},
    }
    return [RunSpec.parse({**common, "penalty": {"l2": l2}}) for l2 in LAMBDAS]


def offer_demo() -> bool:
    """An invitation above the form, until there is a run besides those of Learn's claims; returns whether it is there.

    Runs of a sweep count.
    """
    if services().store.count_groups([LESSON_GROUPS]).get(""):
        return False
    with st.container(border=True):
        text, buttons = st.columns([3, 1.3], vertical_alignment="center")
        text.markdown(
            "**New here?** Watch one CNN train twice on 400 digits, one label in five wrong: without a penalty and "
            "with λ₂ = 0.03, each for 80 epochs. Which ends better, and would stopping early do the same? It takes "
            "seconds."
        )
        with buttons:
            look: dict[str, Any] = {"type": "primary", "icon": _ICON, "width": "stretch", "wrap": True}
            act_button(TITLE, "start", key="demo", on_click=start_demo, **look)
            many = "Or see many λ at once: a sweep"
            st.button(many, key="demo_sweep", type="tertiary", icon=SWEEP_ICON, on_click=see_sweeps, width="stretch")
    return True


def demo_again() -> None:
    """The demonstration as a small button, for people who already have runs."""
    about = f"{TITLE}: one CNN without a penalty and with λ₂ = {exact(LAMBDAS[1])}, side by side."
    act_button("Demo", "start", key="demo", type="tertiary", icon=_ICON, on_click=start_demo, help=about)


def start_demo() -> None:
    """Queue both runs and show them; a later press in any session opens the same two unless they were deleted."""
    try:
        runs = next(pair for pair in map(_submit, count(1)) if not any(run.deleted for run in pair))
    except RegLabError as error:
        FORM.state().start_problem = str(error)
        return
    show_runs([run.id for run in runs])


def _submit(number: int) -> list[Run]:
    """The two runs of the demonstration with this number, queued if they do not exist yet."""
    specs = demo_specs()
    content = blake2b(repr(specs).encode(), digest_size=6).hexdigest()  # changes with the settings of a later version
    return [
        services().runner.submit(
            spec,
            name=f"Demo, {penalty_text(spec.penalty)}",
            key=f"demo {content} {number} {spec.penalty.l2}",
            group=f"{DEMO_GROUPS} {content} {number}",
        )
        for spec in specs
    ]


def is_demo(runs: Sequence[Run]) -> bool:
    """Whether these are the two runs of one demonstration."""
    groups = {run.group for run in runs}
    return len(runs) == len(LAMBDAS) and len(groups) == 1 and str(groups.pop()).startswith(DEMO_GROUPS)


def commentary(runs: Sequence[Run], epochs: pd.DataFrame) -> str:
    """What to look at while the runs train; the result once both have ended. ``epochs``: EPOCH_COLUMNS of both."""
    if any(run.state in ACTIVE for run in runs):
        return (
            "**What to see:** without a penalty the CNN memorises even the wrong labels. Its training loss keeps "
            "falling while its validation loss turns and rises, so the gap opens. With λ₂ = 0.03 the gap stays closed "
            "and the weights stay small. Note where the validation loss turns: stopping there is the rival of λ."
        )
    return verdict(runs, epochs)


def verdict(runs: Sequence[Run], epochs: pd.DataFrame) -> str:
    """Compare both runs at their last epoch, and the one with λ to early stopping without a penalty."""
    free, held = sorted(runs, key=lambda run: run.l2)
    if free.last is None or held.last is None:
        return "There is nothing to compare: one of the two runs ended before its first epoch."
    gain, with_it = held.last.val_acc - free.last.val_acc, penalty_text(held.spec.penalty)
    ends = f"epoch {held.epoch}" if free.epoch == held.epoch else "the last epoch"
    fitted = percent(free.last.train_acc, 0)
    last = (
        f"**Result at {ends}:** without a penalty the CNN fits {fitted} of the training labels although "
        f"{percent(free.spec.data.label_noise, 0)} of them are wrong, and its validation accuracy is "
        f"{percent(free.last.val_acc)} (loss {loss(free.last.val_loss)}). With {with_it} it is "
        f"{percent(held.last.val_acc)} (loss {loss(held.last.val_loss)}), {points(abs(gain), sign=False)} points "
        f"{'higher: the penalty forgives training too long' if gain > 0 else 'lower'}."
    )
    return f"{last} {_rival(free, held.last.val_acc, with_it, epochs)}"


def _rival(free: Run, accuracy: float, with_it: str, epochs: pd.DataFrame) -> str:
    """Early stopping alone: the run without a penalty at its lowest validation loss, against ``accuracy``."""
    own = epochs[epochs[columns.RUN] == free.id]
    best = own.sort_values(columns.VAL_LOSS, kind="stable").iloc[0]
    ahead = float(best[columns.VAL_ACC]) - accuracy
    if abs(ahead) < _ALIKE:
        result = f"about as good as {with_it} at the end"
    else:
        side = "more" if ahead > 0 else "less"
        result = f"{points(abs(ahead), sign=False)} points {side} than {with_it} at the end"
    return (
        f"**Early stopping alone:** at its best epoch, {int(best[columns.EPOCH])}, the CNN without a penalty had "
        f"{percent(float(best[columns.VAL_ACC]))} (loss {loss(float(best[columns.VAL_LOSS]))}), {result}. These are "
        "single runs; a λ sweep repeats them over seeds."
    )
