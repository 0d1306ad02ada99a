"""A lane is one model in training; K lanes advance together, a single run is K = 1.

A lane owns everything random about it (initial weights, batch order, dropout masks, augmentation), so that it trains to
the same bits alone or beside any number of others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from reglab.events import EpochMetrics, LayerStats, Reason
from reglab.models import Shape, build, set_dropout_generator, summarise
from reglab.optimizers import learning_rate
from reglab.optimizers.construct import make_optimizer, set_learning_rate
from reglab.penalties import kinds, penalised_parameters
from reglab.predictions import Which
from reglab.spec import RunSpec
from reglab.training.arrays import DTYPES, Arrays
from reglab.training.gradient_ratio import gradient_sums
from reglab.training.mapped import rows
from reglab.training.metrics import Evaluated, chunk_size, evaluate
from reglab.training.objective import APPLY, penalty_groups
from reglab.training.optimizer_step import clear_gradients
from reglab.training.products import Products, products_of, use_products
from reglab.training.regularizing import Hooks
from reglab.training.seeds import seed_for
from reglab.training.stats import layer_stats

_NOTHING = Evaluated(math.nan, math.nan)


@dataclass
class Progress:
    """Progress of a lane: epochs done, steps done in the next one, and running figures."""

    epoch: int = 0
    step: int = 0
    running_loss: float = 0.0
    seconds: float = 0.0
    best_epoch: int = 0
    best_val_loss: float = math.inf
    ended: Reason | None = None


@dataclass
class Best:
    """What is kept of the best ``epoch`` (0: of none): a copy of the model's tensors, and its logits (n, classes)."""

    epoch: int = 0
    tensors: dict[str, Tensor] = field(default_factory=dict)
    logits: Tensor | None = None


class Lane:
    """One model, its optimizer and its random generators, moved one step at a time."""

    def __init__(self, index: int, spec: RunSpec, arrays: Arrays, shape: Shape, classes: int) -> None:
        device = arrays.train.images.device
        self.index, self.spec, self.arrays, self.classes = index, spec, arrays, classes
        self.model = build(spec.model, shape, classes, spec.train.seed)
        self.model.to(device, DTYPES[spec.train.precision], memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dropout = torch.Generator(device).manual_seed(seed_for(spec.train.seed, "dropout"))
        set_dropout_generator(self.model, self.dropout)
        self.hooks = Hooks(spec, arrays.background, arrays.class_weights)
        self.parameters = dict(self.model.named_parameters())
        wide = DTYPES[spec.train.precision].itemsize // torch.float32.itemsize
        self.activation_bytes = wide * summarise(spec.model, shape, classes).activation_bytes
        self.compute_by(products_of(self.model))
        self.optimizer = make_optimizer(spec.optim, self.parameters.values())
        self.penalised = penalised_parameters(self.model, spec.penalty)
        self.groups = penalty_groups(self.parameters, self.penalised, spec.penalty.strengths)
        self.layer_weights = {n: self.parameters[n] for n, kind in kinds(self.model).items() if kind == "weight"}
        self.gradients = gradient_sums(self.layer_weights)
        self.running = torch.zeros((), dtype=torch.float64, device=device)
        self.at, self.share = Progress(), 1.0
        self.evaluated = (_NOTHING, _NOTHING)
        self.best = Best()
        self._apply = APPLY[spec.penalty.apply]
        self.chunk = chunk_size(self.activation_bytes, device)
        self._order: tuple[int, tuple[Tensor, ...]] = (0, ())
        self._since = time.perf_counter()

    def compute_by(self, products: Products) -> None:
        """Let these layers be computed as products, and the others by torch."""
        self.products = dict(products)
        use_products(self.model, self.products)

    @property
    def ended(self) -> bool:
        """Whether it trains no further."""
        return self.at.ended is not None

    @property
    def epochs(self) -> int:
        """Epochs that the spec asks for."""
        return self.spec.train.epochs

    @property
    def steps(self) -> int:
        """Optimizer steps in an epoch."""
        return len(self._batches(self.at.epoch + 1))

    @property
    def lr(self) -> float:
        """η of the present epoch."""
        return learning_rate(self.spec.optim, min(self.at.epoch + 1, self.epochs), self.epochs)

    def begin_step(self) -> Tensor:
        """The numbers of the next batch's images; the epoch's clock and learning rate where it is the first."""
        if self.at.step == 0:
            self._since = time.perf_counter()
            set_learning_rate(self.optimizer, self.lr)
        return self._batches(self.at.epoch + 1)[self.at.step]

    def step(self) -> None:
        """One optimizer step on the next batch."""
        batch = self.begin_step()
        loss = self._loss(rows(self.arrays.train.images, batch), self.arrays.train.labels[batch])
        clear_gradients(self.optimizer)
        loss.backward()  # type: ignore[no-untyped-call]
        self.gradients.add(len(batch))
        self._apply(self.optimizer, self.groups, self.optimizer.param_groups[0]["lr"])
        if self.hooks.after_step:
            self.hooks.project([weight.detach()[None] for weight in self.layer_weights.values()])
        self.running += loss.detach() * len(batch)
        self.at.step += 1

    def _loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """The training criterion of a batch."""
        if not self.hooks.on_data and not self.hooks.changes_criterion:
            return F.cross_entropy(self.model(images), labels)
        batch = self.hooks.batch(images, labels, self.hooks.draw(len(images)))
        return self.hooks.mean_criterion(self.model(batch.images)[None], batch)[0]

    def score(self, images: Tensor) -> Tensor:
        """Logits (1, N, classes) of the model as it is."""
        logits: Tensor = self.model(images)[None]
        return logits

    def evaluate(self) -> Generator[None]:
        """Evaluate the epoch whose last step is done, for :meth:`close_epoch`; the caller may stop at each yield."""
        self.model.eval()
        criterion = self.hooks.criterion_on(self.arrays.evaluated)
        [train] = yield from evaluate(self.score, self.arrays.evaluated, 1, self.chunk, criterion)
        [val] = yield from evaluate(self.score, self.arrays.val, 1, self.chunk, keep=True)
        self.model.train()
        self.evaluated = (train, val)

    def close_epoch(self) -> tuple[EpochMetrics, tuple[LayerStats, ...]]:
        """Go on to the next epoch: the figures of the one that was evaluated, and its layers."""
        n = len(self.arrays.train.images)
        layers = self.layers({name: total / n for name, total in self.gradients.sums.items()})
        metrics = self.finish_epoch(self.penalties())
        if self.improved:
            state = self.model.state_dict()
            for name, kept in self.best_tensors().items():
                kept.copy_(state[name])
            self.note_best()
        return metrics, layers

    def finish_epoch(self, penalties: Mapping[str, float]) -> EpochMetrics:
        """Go on to the next epoch; the figures of the one that was evaluated, given its penalty terms by key."""
        self.at.epoch, self.at.step = self.at.epoch + 1, 0
        metrics = self._metrics(penalties)
        self.running.zero_()
        self.gradients.fill(0.0)
        self.at.seconds = 0.0
        if metrics.val_loss < self.at.best_val_loss and not self.ended:
            self.at.best_epoch, self.at.best_val_loss = metrics.epoch, metrics.val_loss
        return metrics

    @property
    def improved(self) -> bool:
        """Whether the epoch that :meth:`finish_epoch` ended is the best so far; never after the lane has ended."""
        return 0 < self.at.epoch == self.at.best_epoch

    def best_tensors(self) -> dict[str, Tensor]:
        """The tensors for the best epoch's weights, in memory of their own; made at the first call."""
        if not self.best.tensors:
            self.best.tensors = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        return self.best.tensors

    def note_best(self) -> None:
        """:meth:`best_tensors` now hold the weights of the epoch that was evaluated."""
        self.best.epoch, self.best.logits = self.at.epoch, self.evaluated[1].logits

    def layers(self, mean_gradients: Mapping[str, Tensor] | None = None) -> tuple[LayerStats, ...]:
        """Norms and histogram of every weight tensor as it is; the gradients are known at an epoch's end only."""
        strengths = self.spec.penalty.strengths
        return tuple(
            layer_stats(name, w, self.penalised.strengths(name, strengths), (mean_gradients or {}).get(name))
            for name, w in self.layer_weights.items()
        )

    def weights(self) -> Mapping[str, NDArray[Any]]:
        """A copy of every parameter and buffer, by name."""
        return {name: to_array(tensor) for name, tensor in self.model.state_dict().items()}

    def best_weights(self) -> Mapping[str, NDArray[Any]]:
        """A copy of those of the best epoch; empty where there is none, or an older checkpoint did not have them."""
        return {name: to_array(tensor) for name, tensor in self.best.tensors.items()} if self._knows_best else {}

    def probabilities(self) -> Mapping[Which, NDArray[np.float32]]:
        """Class probabilities (n, classes) of the validation images, "last" and "best", as far as they are known."""
        found: dict[Which, Tensor | None] = {
            "last": self.evaluated[1].logits,
            "best": self.best.logits if self._knows_best else None,
        }
        return {name: to_array(logits.float().softmax(-1)) for name, logits in found.items() if logits is not None}

    def capture(self) -> tuple[dict[str, Tensor], Progress]:
        """Everything that the next step depends on: tensors by name (live, not copied) and the progress."""
        tensors = {f"model/{name}": tensor for name, tensor in self.model.state_dict().items()}
        for name, parameter in self.parameters.items():
            tensors |= {f"optimizer/{name}/{key}": value for key, value in self.optimizer.state[parameter].items()}
        tensors["dropout"] = self.dropout.get_state()
        tensors |= self._capture_best()
        tensors |= {f"generator/{name}": generator.get_state() for name, generator in self.hooks.generators.items()}
        if self.at.step:  # between epochs there is nothing to remember
            tensors |= {f"gradients/{name}": total for name, total in self.gradients.sums.items()}
        at = Progress(**{**vars(self.at), "running_loss": self.running.item()})
        at.seconds += self._elapsed()
        return tensors, at

    @property
    def _knows_best(self) -> bool:
        return 0 < self.best.epoch == self.at.best_epoch

    def _capture_best(self) -> dict[str, Tensor]:
        """What is kept of the best epoch, unless it is the present state, and the predictions of an evaluated epoch."""
        last, best = self.evaluated[1].logits, self.best
        tensors = {"logits/last": last} if last is not None and not self.at.step else {}
        if self._knows_best and (self.at.step or best.epoch < self.at.epoch):
            tensors |= {f"best/{name}": tensor for name, tensor in best.tensors.items()}
            tensors |= {} if best.logits is None else {"logits/best": best.logits}
        return tensors

    def _restore_best(self, tensors: Mapping[str, Tensor]) -> None:
        """Older checkpoints have no weights of their best epoch; they are then those of the next better one."""
        last = tensors.get("logits/last")
        self.evaluated = (_NOTHING, replace(_NOTHING, logits=last))
        present = self.improved and not self.at.step
        if present or any(name.startswith("best/") for name in tensors):
            for name, kept in self.best_tensors().items():
                kept.copy_(tensors[f"model/{name}" if present else f"best/{name}"])
            self.best.epoch, self.best.logits = self.at.best_epoch, last if present else tensors.get("logits/best")

    def restore(self, tensors: Mapping[str, Tensor], at: Progress) -> None:
        """Continue from what :meth:`capture` gave."""
        for name, tensor in self.model.state_dict().items():
            tensor.copy_(tensors[f"model/{name}"])
        for name, parameter in self.parameters.items():
            prefix = f"optimizer/{name}/"
            state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            self.optimizer.state[parameter] = {key: _like(value, parameter) for key, value in state.items()}
        self.dropout.set_state(tensors["dropout"])
        for name, generator in self.hooks.generators.items():
            generator.set_state(tensors[f"generator/{name}"])
        sums = {name.removeprefix("gradients/"): t for name, t in tensors.items() if name.startswith("gradients/")}
        self.gradients.restore(sums, at.step)
        self.at, self._since = Progress(**vars(at)), time.perf_counter()
        self._restore_best(tensors)
        self.running.fill_(at.running_loss)
        set_learning_rate(self.optimizer, self.lr)

    def _elapsed(self) -> float:
        """Seconds since the epoch began or was resumed; a fused lane has its share of them."""
        return self.share * (time.perf_counter() - self._since)

    def _metrics(self, penalties: Mapping[str, float]) -> EpochMetrics:
        train, val = self.evaluated
        total = train.criterion if self.hooks.changes_criterion else train.loss
        for term in penalties.values():
            total += term
        seconds, self._since = self.at.seconds + self._elapsed(), time.perf_counter()
        return EpochMetrics(
            epoch=self.at.epoch,
            train_loss=train.loss,
            val_loss=val.loss,
            train_acc=train.accuracy,
            val_acc=val.accuracy,
            running_loss=self.running.item() / len(self.arrays.train.images),
            penalties=penalties,
            total=total,
            gap_loss=val.loss - train.loss,
            gap_acc=train.accuracy - val.accuracy,
            lr=self.optimizer.param_groups[0]["lr"],
            seconds=seconds,
            clean_acc=train.clean,
            flipped_acc=train.flipped,
            true_acc=train.true,
            criterion=train.criterion,
        )

    @torch.no_grad()
    def penalties(self) -> dict[str, float]:
        """Key of each term → its value, summed over the penalised tensors with their factors."""
        values = dict.fromkeys(self.spec.penalty.strengths, 0.0)
        for group in self.groups:
            for term, strength in group.penalty.terms:
                for weight in group.weights:
                    values[term.name] += float(strength * term.measure(weight).item())
        return values

    def _batches(self, epoch: int) -> tuple[Tensor, ...]:
        """The image numbers of each batch of ``epoch``: a fresh permutation, fixed by seed and epoch alone."""
        if self._order[0] != epoch:
            generator = torch.Generator().manual_seed(seed_for(self.spec.train.seed, "batch order", epoch))
            images = self.arrays.train.images
            order = torch.randperm(len(images), generator=generator).to(images.device)
            self._order = (epoch, split_batches(order, self.spec.train.batch_size))
        return self._order[1]


def split_batches(order: Tensor, size: int) -> tuple[Tensor, ...]:
    """Batches of ``size``; a single image left over joins the batch before it, since batch norm cannot train on one."""
    starts = list(range(0, len(order), size))
    if len(starts) > 1 and len(order) - starts[-1] == 1:
        starts.pop()
    return tuple(order[a:b] for a, b in zip(starts, [*starts[1:], len(order)], strict=True))


def to_array(tensor: Tensor) -> NDArray[Any]:
    """A contiguous copy of ``tensor`` in main memory."""
    array: NDArray[Any] = tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format).numpy()
    return array


def _like(value: Tensor, parameter: Tensor) -> Tensor:
    """A moment in its parameter's memory layout, a step counter as it is; both on the parameter's device."""
    if value.shape != parameter.shape:
        return value.to(parameter.device, copy=True)
    return torch.empty_like(parameter, memory_format=torch.preserve_format).copy_(value)
