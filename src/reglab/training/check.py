"""Checks that a spec can be trained, before anything is loaded or built."""

from __future__ import annotations

from reglab.datasets import DATASETS, check_data, image_shape
from reglab.errors import SpecError
from reglab.models import MODELS, check_model, skeleton
from reglab.penalties import factors
from reglab.spec import RunSpec


def check(spec: RunSpec) -> None:
    """Check that ``spec`` can be trained.

    :raises SpecError: a part is unknown, out of range, or does not fit the others.
    """
    check_data(spec.data)
    shape = image_shape(spec.data)
    check_model(spec.model, shape)
    n, size = spec.data.train_size, spec.train.batch_size
    if n is not None and size > n:
        raise SpecError(f"train.batch_size ({size}) is larger than the {n} training images; make it at most {n}.")
    if size == 1 and (spec.model.batch_norm or MODELS.get(spec.model.name).has_batch_norm):
        raise SpecError("train.batch_size 1 cannot train a CNN with batch norm; use at least 2.")
    if spec.penalty.factors:
        factors(skeleton(spec.model, shape, len(DATASETS.get(spec.data.name).classes)), spec.penalty)
