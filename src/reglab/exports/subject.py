"""What is exported: a run of the store, or only a spec, with its data, network and initial weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from reglab.datasets import DATASETS, Split, image_shape, prepare, status
from reglab.errors import CheckpointError, DataError
from reglab.models import build, summarise
from reglab.predictions import Which
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store
from reglab.store.files import BEST, LAST
from reglab.training.arrays import DTYPES
from reglab.training.devices import choose_device, describe, versions
from reglab.training.metrics import chunk_size

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Trained:
    """The trained weights of the ``which`` epoch, ``epoch``, and the SHA-256 of their safetensors file."""

    weights: Weights
    which: Which
    epoch: int
    sha256: str


@dataclass(frozen=True)
class Subject:
    """``run`` of ``store``; without one, ``spec`` as a new run of it would begin on this machine.

    ``which`` weights are wanted: those of the last or best epoch, or (None) those that the run ends with.
    ``checkpoints``: whether files with which the run goes on are wanted.
    """

    spec: RunSpec
    settings: Settings
    run: Run | None = None
    store: Store | None = None
    which: Which | None = None
    checkpoints: bool = False

    @cached_property
    def split(self) -> Split:
        """The images. :class:`DataError` where they are not on this machine: an export downloads nothing."""
        entry = DATASETS.get(self.spec.data.name)
        here = status(entry, self.settings.data)
        if here.state != "ready":
            raise DataError(
                f"{entry.label} is not at hand ({here.sentence[0].lower()}{here.sentence[1:]}), "
                "and this export needs its images; train a run on it first."
            )
        split = prepare(self.spec.data, self.settings.data)
        recorded = (self.run.environment or {}).get("test_sha256", "") if self.run else split.test.sha256
        if recorded != split.test.sha256 and self.run and self.run.environment:
            raise DataError(
                f"The test part of {entry.label} is not the one that run {self.run.id} had, so this export would use "
                "other images; train the run again."
            )
        return split

    @cached_property
    def model(self) -> nn.Module:
        """The network with the initial weights of the spec's seed; must not be trained or moved."""
        entry = DATASETS.get(self.spec.data.name)
        return build(self.spec.model, image_shape(self.spec.data), len(entry.classes), self.spec.train.seed)

    @cached_property
    def initial(self) -> Weights:
        """The run's saved initial weights; for a spec, those that a run of it would begin with.

        :raises CheckpointError: the run's weights are missing, damaged, or of another network.
        """
        model = self.model.state_dict()
        if self.run is None:
            dtype = DTYPES[self.spec.train.precision]
            return {name: (t.to(dtype) if t.is_floating_point() else t).numpy() for name, t in model.items()}
        weights = self._saved(self.run)
        if {name: array.shape for name, array in weights.items()} != {
            name: tuple(t.shape) for name, t in model.items()
        }:
            raise CheckpointError(
                f"The initial weights of run {self.run.id} do not fit its CNN {self.spec.model.name!r}, "
                "which has changed since; duplicate the run and train it again."
            )
        return {name: weights[name] for name in model}

    @cached_property
    def trained(self) -> Trained:
        """The trained weights that are wanted.

        :raises CheckpointError: the run has not kept them, or they are damaged.
        """
        assert self.run is not None
        assert self.store is not None
        which = self.which or self.spec.train.keep
        files, name = self.store.files(self.run.id), BEST if which == "best" else LAST
        epoch = self.run.best_epoch if which == "best" else self.run.epoch
        if not files.has(name) or not epoch:
            raise CheckpointError(
                f"The weights of run {self.run.id} of its {which} epoch are not on the disk; a run keeps them when it "
                "ends."
            )
        path = files.named(name)
        sha256 = hashlib.sha256(files.find(path).read_bytes()).hexdigest()
        return Trained(files.load_weights(path), which, epoch, sha256)

    @property
    def threads(self) -> int:
        """Intra-op threads of the training; of a spec, one unless a number is set."""
        return (self.run.threads if self.run else None) or self.settings.threads or 1

    @property
    def device(self) -> str:
        """The device of the training, described; a GPU's description begins with "cuda"."""
        return (self.run.device if self.run else None) or describe(choose_device(self.settings.device))

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions of the packages that determine the bits of its results."""
        known = (self.run.environment or {}).get("versions") if self.run else None
        return known or versions()

    @property
    def evaluated_at_once(self) -> int:
        """Images in each forward pass of an evaluation, which determines the last bits of a loss."""
        device = torch.device("cuda" if self.device.startswith("cuda") else "cpu")
        size = summarise(self.model, self.split.shape, len(self.split.classes)).activation_bytes
        return chunk_size(size, device)

    @property
    def leaves_single_image(self) -> bool:
        """Whether a single image is left over behind the whole batches; it joins the last one."""
        n, size = len(self.split.train), self.spec.train.batch_size
        return n > size and n % size == 1

    def _saved(self, run: Run) -> Weights:
        assert self.store is not None
        try:
            return self.store.files(run.id).load_weights(f"{run.id}/initial.safetensors")
        except CheckpointError as error:
            if "missing" not in str(error):
                raise
            raise CheckpointError(
                f"The initial weights of run {run.id} are missing, and without them its figures cannot be reproduced; "
                + ("wait until it has begun." if run.state == "queued" else "duplicate the run and train it again.")
            ) from None
