"""The first visit: one press trains the same CNN without a penalty and with one, side by side.

400 digits with every fifth label wrong: the network without a penalty learns the wrong labels by heart, the one with
λ₂ = 0.03 cannot, and names more of the validation images correctly.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import count

import streamlit as st

from reglab.errors import RegLabError
from reglab.number_format import exact, percent, points
from reglab.spec import RunSpec
from reglab.store import Run, RunFilter
from reglab.store.run_filter import LESSON_GROUPS
from reglab.ui.shared.run_text import penalty_text
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE
from reglab.ui.shared.text import loss
from reglab.ui.train.state import form_state, show_runs
from reglab.ui.train.to_sweep import ICON, see_sweeps

GROUP = "overfitting and its cure"
LAMBDAS = (0.0, 0.03)
TITLE = "See overfitting, and how L2 reduces it"


def demo_specs() -> list[RunSpec]:
    """The two runs: all settings equal but λ₂."""
    return [
        RunSpec.parse(
            {
                "data": {"name": "digits", "train_size": 400, "label_noise": 0.2},
                "model": {"name": "keras_cnn"},
                "penalty": {"l2": l2},
                "optim": {"name": "adam", "lr": 2e-3},
                "train": {"epochs": 80, "batch_size": 32},
            }
        )
        for l2 in LAMBDAS
    ]


def offer_demo() -> bool:
    """An invitation above the form while all runs are those of the claims on Learn; returns whether it is there."""
    if _has_own_runs():
        return False
    with st.container(border=True):
        text, button = st.columns([3, 1.3], vertical_alignment="center")
        text.markdown(
            "**New here?** Watch one CNN learn 400 digits, one label in five wrong, twice at once: without a penalty "
            "and with λ₂ = 0.03. It takes a few seconds."
        )
        button.button(
            TITLE, key="demo", type="primary", icon=":material/auto_awesome:",
            on_click=start_demo, width="stretch", wrap=True,
        )  # fmt: skip
        button.button(
            "Or many λ at once: the λ path", key="demo_path", type="tertiary", icon=ICON, on_click=see_sweeps,
            width="stretch", wrap=True,
        )  # fmt: skip
    return True


def demo_again() -> None:
    """The demonstration for those who have runs already, as a small button."""
    st.button(
        "Demo", key="demo", type="tertiary", icon=":material/auto_awesome:", on_click=start_demo,
        help=f"{TITLE}: one CNN twice at once, without a penalty and with λ₂ = {exact(LAMBDAS[1])}.",
    )  # fmt: skip


def _has_own_runs() -> bool:
    """Whether there is a run that no claim of the Learn page needed; the runs of a sweep count."""
    return services().store.count_runs(RunFilter(without=frozenset({LESSON_GROUPS}))).total > 0


def start_demo() -> None:
    """Queue both runs and show them; a later press, by anybody, opens the same two unless they were deleted."""
    try:
        runs = next(pair for pair in map(_submit, count(1)) if not any(run.deleted for run in pair))
    except RegLabError as error:
        form_state().start_problem = str(error)
        return
    show_runs([run.id for run in runs])


def _submit(number: int) -> list[Run]:
    """The two runs of the demonstration with this number, queued where they are not there yet."""
    specs = demo_specs()
    content = blake2b(repr(specs).encode(), digest_size=6).hexdigest()  # a later version may show something else
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
    """What to look at while both train; once both have ended, what came out."""
    if any(run.state in ACTIVE for run in runs):
        return (
            "**What to see:** without a penalty the training loss keeps falling, because the network learns even the "
            "wrong labels by heart, while the validation loss turns and rises: the gap opens. With λ₂ = 0.03 the gap "
            "stays closed and the weights stay small."
        )
    return verdict(runs)


def verdict(runs: Sequence[Run]) -> str:
    """The two runs compared by the figures of their last epochs."""
    free, held = sorted(runs, key=lambda run: run.l2)
    if free.last is None or held.last is None:
        return "There is nothing to compare: one of the two ended before its first epoch."
    gain = held.last.val_acc - free.last.val_acc
    noise = free.spec.data.label_noise
    return (
        f"**What came out:** without a penalty the network learnt {percent(free.last.train_acc, 0)} of the training "
        f"labels, though {percent(noise, 0)} of them are wrong, and names {percent(free.last.val_acc)} of the "
        f"validation images correctly. With {penalty_text(held.spec.penalty)} it names "
        f"{percent(held.last.val_acc)} correctly, {points(abs(gain), sign=False)} points "
        f"{'more' if gain >= 0 else 'fewer'}. Gap in loss: {loss(free.last.gap_loss)} without, "
        f"{loss(held.last.gap_loss)} with"
        f"{' (below 0, as only training labels are wrong).' if held.last.gap_loss < 0 else '.'}"
    )
