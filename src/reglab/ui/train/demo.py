"""The demonstration of a first visit: the same CNN without a penalty and with one, side by side.

400 digits, one label in five wrong: the CNN without a penalty memorises the wrong labels. With λ₂ = 0.03 it cannot, and
its validation accuracy is higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import count

import streamlit as st

from reglab.errors import RegLabError
from reglab.number_format import exact, percent, points
from reglab.spec import TEST_FRACTION, RunSpec
from reglab.states import ACTIVE
from reglab.store import Run, RunFilter
from reglab.store.run_filter import LESSON_GROUPS
from reglab.ui.shared.services import services
from reglab.ui.shared.text import loss, penalty_text
from reglab.ui.train.state import FORM, SWEEP_ICON, see_sweeps, show_runs

GROUP = "overfitting and its cure"
LAMBDAS = (0.0, 0.03)
TITLE = "See overfitting, and how L2 reduces it"
_ICON = ":material/auto_awesome:"


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
    if services().store.count_runs(RunFilter(without=frozenset({LESSON_GROUPS}))).total:
        return False
    with st.container(border=True):
        text, buttons = st.columns([3, 1.3], vertical_alignment="center")
        text.markdown(
            "**New here?** Watch one CNN train twice on 400 digits, one label in five wrong: without a penalty and "
            "with λ₂ = 0.03. It takes a few seconds."
        )
        with buttons:
            st.button(TITLE, key="demo", type="primary", icon=_ICON, on_click=start_demo, width="stretch", wrap=True)
            many = "Or see many λ at once: a sweep"
            st.button(many, key="demo_sweep", type="tertiary", icon=SWEEP_ICON, on_click=see_sweeps, width="stretch")
    return True


def demo_again() -> None:
    """The demonstration as a small button, for people who already have runs."""
    about = f"{TITLE}: one CNN without a penalty and with λ₂ = {exact(LAMBDAS[1])}, side by side."
    st.button("Demo", key="demo", type="tertiary", icon=_ICON, on_click=start_demo, help=about)


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
            group=f"{GROUP} {content} {number}",
        )
        for spec in specs
    ]


def is_demo(runs: Sequence[Run]) -> bool:
    """Whether these are the two runs of one demonstration."""
    groups = {run.group for run in runs}
    return len(runs) == len(LAMBDAS) and len(groups) == 1 and str(groups.pop()).startswith(GROUP)


def commentary(runs: Sequence[Run]) -> str:
    """What to look at while the runs train; the result once both have ended."""
    if any(run.state in ACTIVE for run in runs):
        return (
            "**What to see:** without a penalty the CNN memorises even the wrong labels. Its training loss keeps "
            "falling while its validation loss turns and rises, so the gap opens. With λ₂ = 0.03 the gap stays closed "
            "and the weights stay small."
        )
    return verdict(runs)


def verdict(runs: Sequence[Run]) -> str:
    """Compare the two runs by the metrics of their last epochs."""
    free, held = sorted(runs, key=lambda run: run.l2)
    if free.last is None or held.last is None:
        return "There is nothing to compare: one of the two runs ended before its first epoch."
    gain = held.last.val_acc - free.last.val_acc
    below = " (below 0, because only training labels are wrong)" if held.last.gap_loss < 0 else ""
    return (
        f"**Result:** without a penalty the CNN fits {percent(free.last.train_acc, 0)} of the training labels "
        f"although {percent(free.spec.data.label_noise, 0)} of them are wrong. Its validation accuracy is "
        f"{percent(free.last.val_acc)}. With {penalty_text(held.spec.penalty)} the validation accuracy is "
        f"{percent(held.last.val_acc)}, {points(abs(gain), sign=False)} points {'higher' if gain >= 0 else 'lower'}. "
        f"Gap in loss: {loss(free.last.gap_loss)} without, {loss(held.last.gap_loss)} with the penalty{below}."
    )
