"""What λ acts on in a run: the mask table behind a button, with the weights as they are now."""

from __future__ import annotations

import streamlit as st

from reglab import columns
from reglab.errors import RegLabError
from reglab.store import Run
from reglab.ui.shared.services import services
from reglab.ui.shared.spec_facts import squares_in_file
from reglab.ui.shared.text import literal
from reglab.ui.train.mask import run_mask

_WIDTH = 760  # pixels


def mask_button(run: Run) -> None:
    """A popover with the run's mask table, which is read only while it is open."""
    popover = st.popover("What λ acts on", icon=":material/table_view:", key="run_mask", on_change="rerun")
    if popover.open:
        with popover, st.container(width=_WIDTH, gap="xsmall"):
            try:
                run_mask(run.spec, *_squares(run))
            except RegLabError as error:
                st.error(literal(str(error)), icon=":material/error:")


def _squares(run: Run) -> tuple[dict[str, float], str]:
    """Σw² by tensor, and of which weights: the final ones, or of the kernels alone after the last epoch done."""
    if run.weights_path is not None:
        return squares_in_file(run.id, run.weights_path, run.weights_sha256), "of the final weights"
    layers = services().store.layers([run.id], latest=True)
    known = {
        str(name): float(norm) ** 2 for name, norm in zip(layers[columns.LAYER], layers[columns.L2_NORM], strict=True)
    }
    return known, f"after epoch {run.epoch}" if run.epoch else "of the initial weights"
