"""What forms say about the chosen data set and CNN: sizes, availability, layers, tensors and their initial Σw²."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from reglab.datasets import DATASETS, Dataset, image_shape, label_remarks, resized_shape, status
from reglab.errors import DataError, RegLabError, SpecError
from reglab.models import MODELS, Shape, Summary, build, skeleton, summarise
from reglab.optimizers import OPTIMIZERS
from reglab.penalties.mask import squares
from reglab.penalties.scope import Parameter, parameters
from reglab.spec import DataSpec, Head, ModelSpec, OptimSpec, RunSpec, TrainSpec
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal

_MB = 1e6
_MANY = 2**25  # parameters, which take a second to draw


def data_facts(name: str, resize: int | None = None) -> str:
    """For example "1,797 images of 8 × 8 px, 10 classes. Ready."; ``resize`` as in a spec."""
    entry = DATASETS.find(name)
    if entry is None:
        return "This data set is not known here."
    channels, height, width = entry.shape
    colour = " in colour" if channels == 3 else ""
    folder = services().settings.data
    here = status(entry, folder)
    state = "Ready." if here.state == "ready" else f"{here.sentence}."
    counts, problem = _local_counts(entry, folder)
    size = f"{sum(counts) if counts else entry.size:,} images of {width} × {height} px{colour}"
    size += _resized(entry.shape, resize)
    remarks = label_remarks(counts, entry.classes) if counts else []
    return " ".join([f"{size}, {len(entry.classes)} classes.", problem or state, *map(literal, remarks)])


def knobs_text(data: DataSpec, train: TrainSpec) -> str:
    """What is done to the data on purpose by settings that a form shows behind "More"; empty where nothing is."""
    noise = data.noise_label if data.noise_kind != "symmetric" else ""
    weights = "class weights in the loss" if train.class_weights != "none" else ""
    text = ", ".join(filter(None, (noise, data.label, weights)))
    return f"On purpose: {text}." if text else ""


def _resized(shape: Shape, resize: int | None) -> str:
    if resize is None:
        return ""
    _, height, width = resized_shape(shape, resize)
    return f", resized to {width} × {height} px"


def _local_counts(entry: Dataset, folder: Path) -> tuple[tuple[int, ...] | None, str | None]:
    """Images of each class in local files that may differ from the original; and why they cannot be read."""
    try:
        counts = None if entry.counts is None else entry.counts(folder)
    except (DataError, OSError) as error:
        return None, literal(str(error))
    if not counts or len(counts) == len(entry.classes):
        return counts, None
    most = len(counts) - 1
    return None, f"The local files have labels up to {most}; {entry.label} has {len(entry.classes)} classes."


def network_of(widgets: Mapping[str, str]) -> RunSpec | None:
    """A run with the form's images, CNN and optimizer; None while they make none. ``widgets``: setting → widget key."""
    settings = ("data.name", "data.resize", "model.name", "model.batch_norm", "model.head", "optim.name")
    values: dict[str, dict[str, Any]] = {}
    for setting in settings:
        part, _, name = setting.partition(".")
        values.setdefault(part, {})[name] = st.session_state[widgets[setting]]
    try:
        return RunSpec.parse(values)
    except SpecError:
        return None


def model_facts(network: RunSpec | None, batch_size: int | None) -> str:
    """For example "8,996,234 parameters, about 150 MB to train."; empty where data and CNN do not fit together."""
    summary = _summary(network)
    if network is None or summary is None:
        return "\u00a0"  # the sentence beside Start says why; this keeps the line's height
    state = OPTIMIZERS.get(network.optim.name).state(OptimSpec.of(network.optim.name))
    memory = summary.training_bytes(batch_size or 1, len(state)) / _MB
    return f"{summary.parameters:,} parameters, about {max(memory, 1):,.0f} MB to train."


def layer_table(network: RunSpec | None) -> None:
    """Every layer with its output and its parameters."""
    summary = _summary(network)
    if network is None or summary is None:
        st.caption("This CNN does not fit this data set.")
        return
    rows = [(row.name, row.kind, " × ".join(map(str, row.output)), row.parameters) for row in summary.layers]
    st.caption(MODELS.get(network.model.name).about)
    st.dataframe(
        pd.DataFrame(rows, columns=["Layer", "Kind", "Output", "Parameters"]),
        hide_index=True,
        width=480,
        alt="Layers of the CNN with their outputs and parameters",
        column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
    )


def tensors_of(spec: RunSpec) -> tuple[Parameter, ...] | None:
    """Every parameter tensor of the network of ``spec``; None where CNN and data set do not fit together."""
    return _tensors(spec.data.name, spec.data.resize, *_structure(spec.model))


def initial_squares(spec: RunSpec) -> dict[str, float]:
    """Σw² of each tensor before the first step, which the training seed decides; empty where nothing fits.

    They are not known for huge networks, since a page would have to build one.
    """
    summary = _summary(spec)
    if summary is None or summary.parameters > _MANY:
        return {}
    return _initial(spec.data.name, spec.data.resize, *_structure(spec.model), spec.train.seed)


def _structure(model: ModelSpec) -> tuple[str, bool, Head]:
    """What of a CNN's settings its tensors depend on."""
    return model.name, model.batch_norm, model.head


@st.cache_data(max_entries=100, show_spinner=False)
def squares_in_file(run_id: str, path: str, _sha256: str | None) -> dict[str, float]:
    """Σw² of each array in a weights file of a run (``path`` is relative to the home).

    :raises RegLabError: if the file is missing or damaged.
    """
    return squares(services().store.files(run_id).load_weights(path))


def _summary(network: RunSpec | None) -> Summary | None:
    try:
        return None if network is None else summarise(_plain(network.model), *_images_of(network.data))
    except RegLabError:
        return None


def _plain(model: ModelSpec) -> ModelSpec:
    name, batch_norm, head = _structure(model)
    return ModelSpec(name=name, batch_norm=batch_norm, head=head)


def _images_of(data: DataSpec) -> tuple[Shape, int]:
    """Their shape, and the number of classes."""
    return image_shape(data), len(DATASETS.get(data.name).classes)


@st.cache_data(max_entries=100, show_spinner=False)
def _tensors(
    dataset: str, resize: int | None, model: str, batch_norm: bool, head: Head
) -> tuple[Parameter, ...] | None:
    try:
        images = _images_of(DataSpec(name=dataset, resize=resize))
        return parameters(skeleton(ModelSpec(name=model, batch_norm=batch_norm, head=head), *images))
    except RegLabError:
        return None


@st.cache_data(max_entries=100, show_spinner=False)
def _initial(dataset: str, resize: int | None, model: str, batch_norm: bool, head: Head, seed: int) -> dict[str, float]:
    try:
        images = _images_of(DataSpec(name=dataset, resize=resize))
        network = build(ModelSpec(name=model, batch_norm=batch_norm, head=head), *images, seed)
    except RegLabError:
        return {}
    return squares({name: parameter.detach().numpy() for name, parameter in network.named_parameters()})
