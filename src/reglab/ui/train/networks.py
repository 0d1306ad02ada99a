"""The parameter tensors of the CNNs that forms and runs name, and Σw² of their weights; kept, as networks take time."""

from __future__ import annotations

import streamlit as st

from reglab.datasets import DATASETS
from reglab.errors import RegLabError
from reglab.models import build, skeleton
from reglab.penalties.mask import Parameter, parameters, squares
from reglab.spec import ModelSpec, RunSpec
from reglab.ui.shared.services import services


def tensors_of(spec: RunSpec) -> tuple[Parameter, ...] | None:
    """Every parameter tensor of the network of ``spec``; None where CNN and data set do not fit together."""
    return _tensors(spec.data.name, spec.model.name, spec.model.batch_norm)


def initial_squares(spec: RunSpec) -> dict[str, float]:
    """Σw² of each tensor before the first step, which the training seed decides; empty where nothing fits."""
    return _initial(spec.data.name, spec.model.name, spec.model.batch_norm, spec.train.seed)


@st.cache_data(max_entries=100, show_spinner=False)
def squares_in_file(run_id: str, path: str, _sha256: str | None) -> dict[str, float]:
    """Σw² of each array in a weights file of a run (``path`` is relative to the home).

    :raises RegLabError: where the file is missing or damaged.
    """
    return squares(services().store.files(run_id).load_weights(path))


@st.cache_data(max_entries=100, show_spinner=False)
def _tensors(dataset: str, model: str, batch_norm: bool) -> tuple[Parameter, ...] | None:
    entry = DATASETS.entries.get(dataset)
    if entry is None:
        return None
    try:
        return parameters(skeleton(ModelSpec(name=model, batch_norm=batch_norm), entry.shape, len(entry.classes)))
    except RegLabError:
        return None


@st.cache_data(max_entries=100, show_spinner=False)
def _initial(dataset: str, model: str, batch_norm: bool, seed: int) -> dict[str, float]:
    entry = DATASETS.entries.get(dataset)
    if entry is None:
        return {}
    try:
        network = build(ModelSpec(name=model, batch_norm=batch_norm), entry.shape, len(entry.classes), seed)
    except RegLabError:
        return {}
    return squares({name: parameter.detach().numpy() for name, parameter in network.named_parameters()})
