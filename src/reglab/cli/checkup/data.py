"""Data sets, their decoded images, and whether a run trains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reglab.cli.checkup.finding import Finding
from reglab.errors import DataError
from reglab.number_format import gib
from reglab.settings import Settings

if TYPE_CHECKING:
    from reglab.datasets import Dataset


def datasets(settings: Settings) -> Iterator[Finding]:
    """Each one that is at hand, what it would take to have the others, and files that are damaged."""
    from reglab.datasets import DATASETS, status

    for entry in DATASETS.entries.values():
        found = status(entry, settings.data)
        text, facts = f"{entry.label}: {found.sentence}.", {"name": entry.name, "state": found.state}
        if found.state == "ready":
            yield _ready(entry, settings, text, facts)
        elif found.state == "download":
            remedy = f"Runs do that by themselves; without a network, put its files into {settings.data}."
            yield Finding("Data", "ok", text, remedy, facts)
        else:
            yield Finding("Data", "warning", text, facts=facts)


def _ready(entry: Dataset, settings: Settings, text: str, facts: dict[str, str]) -> Finding:
    try:
        if entry.counts is not None:
            entry.counts(settings.data)  # reads the labels
    except DataError as error:
        return Finding("Data", "warning", f"{entry.label}: {error}", facts={**facts, "state": "damaged"})
    return Finding("Data", "ok", text, facts=facts)


def cache(settings: Settings) -> Iterator[Finding]:
    from reglab.datasets.image_cache import LIMIT_BYTES, kept

    try:
        entries = kept(settings.cache)
    except OSError as error:
        text = f"{settings.cache} cannot be used: {error.strerror}, so that data sets are decoded at every start."
        yield Finding("Cache", "warning", text, "Remove what is there, or give this user the rights.")
        return
    size = sum(entry.bytes for entry in entries)
    text = f"{gib(size)} of decoded images in {settings.cache}, {gib(LIMIT_BYTES)} at most."
    yield Finding("Cache", "ok", text, facts={"bytes": size, "limit": LIMIT_BYTES, "entries": len(entries)})


def training(settings: Settings) -> Iterator[Finding]:
    """One epoch of the smallest CNN on the device of the settings, recorded nowhere."""
    from reglab import RunSpec, train
    from reglab.events import Ended

    spec = RunSpec.parse(
        {"data": {"train_size": 40, "val_size": 40}, "model": {"name": "small_cnn"}, "train": {"epochs": 1}}
    )
    reasons = [e.reason for e in train(spec, device=settings.device, folder=settings.data) if isinstance(e, Ended)]
    if reasons != ["completed"]:
        yield Finding("Training", "problem", f"A trial of one epoch did not end as it should: {reasons}.")
    else:
        yield Finding("Training", "ok", f"A trial of one epoch trained on the device {settings.device}.")
