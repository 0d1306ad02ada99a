"""What the form says about the chosen data set and CNN: sizes, whether it is at hand, and what the checks need."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from reglab.datasets import DATASETS, Dataset, check_data, label_remarks, status
from reglab.errors import DataError, RegLabError, SpecError
from reglab.models import MODELS, Summary, summarise
from reglab.penalties.mask import scope_kinds
from reglab.penalties.scope import multipliers
from reglab.spec import ModelSpec, Optimizer, RunSpec
from reglab.ui.shared.markdown import literal
from reglab.ui.shared.services import services
from reglab.ui.train.advice import Facts
from reglab.ui.train.networks import tensors_of

_MB = 1e6


def data_facts(name: str) -> str:
    """For example "1,797 images of 8 × 8 px, 10 classes. Ready: nothing to download."."""
    entry = DATASETS.entries.get(name)
    if entry is None:
        return "This data set is not known here."
    channels, height, width = entry.shape
    colour = " in colour" if channels == 3 else ""
    folder = services().settings.data
    here = status(entry, folder)
    state = "Ready." if here.state == "ready" else f"{here.sentence}."
    counts, problem = _local_counts(entry, folder)
    size = f"{sum(counts) if counts else entry.size:,} images of {width} × {height} px{colour}"
    remarks = label_remarks(counts, entry.classes) if counts else []
    return " ".join([f"{size}, {len(entry.classes)} classes.", problem or state, *remarks])


def _local_counts(entry: Dataset, folder: Path) -> tuple[tuple[int, ...] | None, str | None]:
    """Images of each class in local files that may differ from the original; and why they cannot be read."""
    try:
        counts = None if entry.counts is None else entry.counts(folder)
    except (DataError, OSError) as error:
        return None, literal(str(error))
    if counts and len(counts) != len(entry.classes):
        return (
            None,
            f"The local files have labels up to {len(counts) - 1}; {entry.label} has {len(entry.classes)} classes.",
        )
    return counts, None


def model_facts(dataset: str, model: str, batch_norm: bool, batch_size: int | None, optimizer: Optimizer) -> str:
    """For example "8,996,234 parameters, about 150 MB to train."; empty where the two do not fit together."""
    summary = _summary(dataset, model, batch_norm)
    if summary is None:
        return "\u00a0"  # the sentence beside Start says why; this keeps the line's height
    memory = summary.training_bytes(batch_size or 1, optimizer) / _MB
    return f"{summary.parameters:,} parameters, about {max(memory, 1):,.0f} MB to train."


def layer_table(dataset: str, model: str, batch_norm: bool, batch_size: int | None, optimizer: Optimizer) -> None:
    """Every layer with its output and its parameters."""
    summary = _summary(dataset, model, batch_norm)
    if summary is None:
        st.caption("This CNN does not fit this data set.")
        return
    rows = [(row.name, row.kind, " × ".join(map(str, row.output)), row.parameters) for row in summary.layers]
    table = pd.DataFrame(rows, columns=["Layer", "Kind", "Output", "Parameters"])
    st.caption(MODELS.get(model).about)
    st.dataframe(
        table, hide_index=True, width=480, alt="Layers of the CNN with their outputs and parameters",
        column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip


def facts_of(spec: RunSpec) -> Facts:
    """What the checks need to know about the data and the CNN of ``spec``; unknown where they do not fit together."""
    entry = MODELS.entries.get(spec.model.name)
    try:
        sizes = check_data(spec.data)
    except RegLabError:
        return Facts()
    batch_norm = spec.model.batch_norm or bool(entry and entry.has_batch_norm)
    return Facts(sizes.train, sizes.val, batch_norm, _acting(spec), DATASETS.get(spec.data.name).size)


def _acting(spec: RunSpec) -> int | None:
    """How many tensors have a factor above 0."""
    tensors = tensors_of(spec)
    try:
        return sum(f > 0 for f in multipliers(scope_kinds(tensors), spec.penalty).values()) if tensors else None
    except SpecError:
        return None


@st.cache_data(max_entries=200, show_spinner=False)
def _summary(dataset: str, model: str, batch_norm: bool) -> Summary | None:
    entry = DATASETS.entries.get(dataset)
    if entry is None:
        return None
    try:
        return summarise(ModelSpec(name=model, batch_norm=batch_norm), entry.shape, len(entry.classes))
    except RegLabError:
        return None
