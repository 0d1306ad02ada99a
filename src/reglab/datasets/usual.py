"""The usual settings for a data set, within the images that it has."""

from __future__ import annotations

from reglab.datasets.check import check_data
from reglab.errors import SpecError
from reglab.spec import RunSpec


def usual_for(name: str) -> RunSpec:
    """The usual spec on dataset ``name``, with all its images where it has fewer than are usual."""
    spec = RunSpec.fresh().with_changes({"data.name": name})
    try:
        check_data(spec.data)
    except SpecError:
        return spec.with_changes({"data.train_size": None})
    return spec
