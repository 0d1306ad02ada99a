"""The regularizers of a run while it trains: their random draws, batches, training criterion and projections.

Class weights ω are part of the training criterion: a batch's is Σ ω_y·ℓ / Σ ω_y, and where the loss counts several
classes of an image (label smoothing), each class c counts ω_c times, as in torch's ``CrossEntropyLoss(weight=ω)``.

Each regularizer that draws has a CPU generator of its own, seeded by the run's seed and the regularizer's name: the
same draws on every device, no matter which other regularizers are on. The generators belong to a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from reglab.regularizers import Batch, DataHook, active
from reglab.spec import RunSpec
from reglab.training.arrays import Labelled
from reglab.training.mapped import rows
from reglab.training.metrics import Criterion, Score, losses
from reglab.training.seeds import seed_for

Take: TypeAlias = Callable[[slice | Tensor], Batch]
"""The images at these places, with their labels."""


class Hooks:
    """The regularizers of ``spec`` that have hooks; without any, every method leaves things as they are.

    ``background`` (C,) is a normalised black pixel, on the device; ``class_weights`` (classes,) are ω, which the spec
    may leave unused.
    """

    def __init__(self, spec: RunSpec, background: Tensor, class_weights: Tensor | None = None) -> None:
        entries, self.background, self.seed = active(spec), background, spec.train.seed
        self.values: Mapping[str, Any] = {entry.name: entry.value(spec) for entry in entries}
        self.on_data = {entry.name: entry.data for entry in entries if entry.data}
        self.on_loss = {entry.name: entry.loss for entry in entries if entry.loss}
        self.after_step = {entry.name: entry.project for entry in entries if entry.project}
        self.generators = {name: torch.Generator().manual_seed(seed_for(self.seed, name)) for name in self.on_data}
        self.class_weights = class_weights if spec.train.class_weights == "balanced" else None
        self.changes_criterion = self.class_weights is not None or any(entry.changes_criterion for entry in entries)

    def draw(self, n: int) -> tuple[Tensor, ...]:
        """The random numbers of the next batch, of n images, on the device."""
        each = (hook.draw(self.values[name], n, self.generators[name]) for name, hook in self.on_data.items())
        return tuple(tensor.to(self.background.device) for drawn in each for tensor in drawn)

    def batch(self, images: Tensor, labels: Tensor, drawn: Sequence[Tensor]) -> Batch:
        """The batch that is trained on, given the numbers that :meth:`draw` drew for it."""
        made, numbers = Batch(images, ((labels, None),)), iter(drawn)
        for name, hook in self.on_data.items():
            own = tuple(next(numbers) for _ in range(hook.tensors))
            made = hook.apply(self.values[name], made, own, self.background)
        return made

    def mean_criterion(self, scores: Tensor, batch: Batch) -> Tensor:
        """The training criterion (K,) of logits (K, N, classes), the mean over the batch."""
        if not self.changes_criterion:
            [(labels, _)] = batch.targets
            return losses(scores, labels, "mean")
        each = self.criterion(scores, batch)
        return each.mean(1) if self.class_weights is None else each.sum(1) / self.total_weight(batch)

    def total_weight(self, batch: Batch) -> Tensor:
        """Σ ω_y over the labels of the images, each times its share; the number of images without class weights."""
        total = self.background.new_zeros(())
        for labels, share in batch.targets:
            own = torch.ones_like(labels) if self.class_weights is None else self.class_weights[labels]
            total = total + (own if share is None else share * own).sum()
        return total

    def criterion(self, scores: Tensor, batch: Batch) -> Tensor:
        """The training criterion (K, N) of every image, ω_y times it with class weights."""
        log_probabilities, (lanes, n) = scores.log_softmax(-1), scores.shape[:2]
        if self.class_weights is not None:
            log_probabilities = log_probabilities * self.class_weights
        each = scores.new_zeros(())
        for labels, share in batch.targets:
            own = -log_probabilities.gather(-1, labels.expand(lanes, n)[:, :, None])[:, :, 0]
            each = each + (own if share is None else share * own)
        for name, loss in self.on_loss.items():
            each = loss(self.values[name], each, log_probabilities)
        return each

    @torch.no_grad()
    def project(self, weights: Sequence[Tensor]) -> None:
        """What follows the optimizer's step, on weight tensors (K, units, …)."""
        for name, project in self.after_step.items():
            project(self.values[name], weights)

    def criterion_on(self, data: Labelled) -> Criterion | None:
        """The training criterion in eval mode on ``data``; None where it is the data loss.

        Images are mixed alike at every epoch: each has one λ and one partner, drawn from the run's seed.
        """
        if not self.changes_criterion:
            return None
        mixed = self._mixing(data)
        scale = 1.0 if self.class_weights is None else len(data.images) / self._total_weight_of(data)

        def measure(score: Score, scores: Tensor, part: slice) -> Tensor:
            if mixed is None:
                return self.criterion(scores, Batch(scores, ((data.labels[part], None),))).sum(1) * scale
            batch = mixed(part)
            return self.criterion(score(batch.images), batch).sum(1) * scale

        return measure

    def _total_weight_of(self, data: Labelled) -> Tensor:
        """:meth:`total_weight` of all of ``data`` as it is mixed, for which images of one pixel do."""
        labels = Labelled(self.background.new_zeros(len(data.labels), 1, 1, 1), data.labels)
        take = self._mixing(labels) or partial(_taken, labels)
        return self.total_weight(take(slice(None)))

    def _mixing(self, data: Labelled) -> Take | None:
        """Images of ``data`` as they are mixed for the criterion; None where they are not."""
        take: Take = partial(_taken, data)
        mixing = [(name, hook) for name, hook in self.on_data.items() if hook.mixes]
        for name, hook in mixing:
            assert hook.draw_evaluated is not None
            generator = torch.Generator().manual_seed(seed_for(self.seed, name, 0))
            drawn = hook.draw_evaluated(self.values[name], len(data.images), generator)
            take = partial(_mixed, take, hook, *(tensor.to(self.background.device) for tensor in drawn))
        return take if mixing else None


def _taken(data: Labelled, places: slice | Tensor) -> Batch:
    images = data.images[places] if isinstance(places, slice) else rows(data.images, places)
    return Batch(images, ((data.labels[places], None),))


def _mixed(take: Take, hook: DataHook, shares: Tensor, partners: Tensor, places: slice | Tensor) -> Batch:
    assert hook.mix is not None
    return hook.mix(take(places), take(partners[places]), shares[places])
