"""K lanes that advance fused: each of their tensors is one row of a tensor (K, …), and one step advances all.

The lanes' own parameters, buffers, moments and sums become views of the fused tensors, so each lane can be inspected,
captured and restored like one that trains alone. Fused lanes share data, seed, network and optimizer settings, and
differ in λ and penalty mode; so they share batch order, dropout masks, augmented images and mixtures, too. Optimizers
work element by element, so fusing changes nothing in them; the K losses are summed, so that each lane's gradient is its
own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from reglab.errors import SpecError
from reglab.events import EpochMetrics, LayerStats
from reglab.models import Shape
from reglab.optimizers.construct import make_optimizer, set_learning_rate
from reglab.penalties import PENALTIES
from reglab.penalties.scaled import Scale
from reglab.spec import PenaltySpec, RunSpec
from reglab.training.captured import Captured
from reglab.training.fused_network import fuse
from reglab.training.gradient_ratio import GradientSums
from reglab.training.lane import Lane
from reglab.training.mapped import rows
from reglab.training.metrics import chunk_size, evaluate, wide_chunk
from reglab.training.objective import PenaltyMode, penalty_groups, step
from reglab.training.optimizer_step import clear_gradients
from reglab.training.stats import lane_stats


class FusedLanes:
    """``lanes``, from where they stand, as one: :meth:`step`, :meth:`evaluate`, :meth:`close_epoch`.

    A lane that has ended keeps its row, which is no longer read: the others' bits do not depend on it.

    :raises SpecError: where the lanes differ in more than λ and the penalty mode.
    :raises CannotFollow: where the network cannot be fused; the lanes are then as they were.
    """

    def __init__(
        self, lanes: Sequence[Lane], shape: Shape, *, fused_evaluation: bool = True, wide_evaluation: bool = False
    ) -> None:
        """``fused_evaluation``: also evaluate fused; else each lane by itself, which large chunks can make faster."""
        check_alike([lane.spec for lane in lanes])
        self.lanes, first = tuple(lanes), lanes[0]
        self.arrays, self.penalised, self.hooks = first.arrays, first.penalised, first.hooks
        self.network = fuse(first.model, shape, len(lanes), first.products)
        self.parameters = adopt_parameters([lane.parameters for lane in lanes])
        self.weights = {**self.parameters, **adopt_buffers([lane.model for lane in lanes])}
        device = first.arrays.train.images.device
        gpu = device.type == "cuda"
        self.optimizer = make_optimizer(first.spec.optim, self.parameters.values(), captured=gpu)
        self.gradients = self._adopt_gradients()
        self.running = stacked([lane.running for lane in lanes])
        for lane, row in zip(lanes, self.running, strict=True):
            lane.running, lane.share = row, 1 / len(lanes)
            lane.dropout, lane.hooks = first.dropout, first.hooks  # equal in all, so that one draw serves all
        self.strengths = self._strengths([lane.spec.penalty.strengths for lane in lanes])
        self.modes = self._modes()
        self.chunk = chunk_size(first.activation_bytes, device, len(lanes))
        if wide_evaluation:
            self.chunk = wide_chunk(first.activation_bytes, len(lanes), self.chunk)
        self._step = Captured(self._compute, first.dropout, self._rate) if gpu else self._compute
        self._fused_evaluation = fused_evaluation
        self.best = self._adopt_best()
        self._adopted = self._adopt_moments()
        set_learning_rate(self.optimizer, first.lr)

    def step(self) -> None:
        """One optimizer step of every lane, on the batch that they share."""
        batch, *_ = [lane.begin_step() for lane in self.lanes]
        if self.lanes[0].at.step == 0:
            set_learning_rate(self.optimizer, self.lanes[0].lr)
        self._step(batch, *self.hooks.draw(len(batch)))
        if not self._adopted:
            self._hand_out_moments()
        for lane in self.lanes:
            lane.at.step += 1

    def score(self, images: Tensor) -> Tensor:
        """Logits (K, N, classes) of every lane, in eval mode."""
        return self.network.scores(self.weights, images, training=False)

    def evaluate(self) -> Generator[None]:
        """Evaluate the epoch whose last step is done; the caller may stop at each yield."""
        if not self._fused_evaluation:
            for lane in self.lanes:
                yield from lane.evaluate()
            return
        criterion = self.hooks.criterion_on(self.arrays.evaluated)
        train = yield from evaluate(self.score, self.arrays.evaluated, len(self.lanes), self.chunk, criterion)
        val = yield from evaluate(self.score, self.arrays.val, len(self.lanes), self.chunk, keep=True)
        for lane, *found in zip(self.lanes, train, val, strict=True):
            lane.evaluated = (found[0], found[1])

    def close_epoch(self) -> Iterator[tuple[Lane, EpochMetrics, tuple[LayerStats, ...]]]:
        """Go on to the next epoch: the figures of every lane that has not ended."""
        n, penalties = len(self.arrays.train.images), self._penalties()
        each = [self._stats(name, total / n) for name, total in self.gradients.sums.items()]
        metrics = [lane.finish_epoch(of_lane) for lane, of_lane in zip(self.lanes, penalties, strict=True)]
        self._keep_best()
        for lane, of_lane, layers in zip(self.lanes, metrics, zip(*each, strict=True), strict=True):
            if not lane.ended:
                yield lane, of_lane, layers

    @torch.no_grad()
    def _keep_best(self) -> None:
        """Copy the rows of the lanes whose best epoch this is."""
        better = [lane.improved for lane in self.lanes]
        rows = slice(None) if all(better) else torch.tensor(better, device=self.running.device).nonzero()[:, 0]
        if any(better):
            for name, kept in self.best.items():
                kept[rows] = self.weights[name][rows]
        for lane in self.lanes:
            if lane.improved:
                lane.note_best()

    def _compute(self, batch: Tensor, *drawn: Tensor) -> None:
        """Forward, backward and step of all lanes; everything is kept in tensors, nothing is read."""
        train = self.arrays.train
        trained = self.hooks.batch(rows(train.images, batch), train.labels[batch], drawn)
        each = self.hooks.mean_criterion(self.network.scores(self.weights, trained.images, training=True), trained)
        clear_gradients(self.optimizer)
        each.sum().backward()  # type: ignore[no-untyped-call]
        self.gradients.add(len(batch))
        step(self.optimizer, self.modes, self._rate())
        if self.hooks.after_step:
            self.hooks.project([self.parameters[name].detach() for name in self.lanes[0].layer_weights])
        with torch.no_grad():
            self.running += each.detach() * len(batch)

    def _rate(self) -> float:
        rate: float = self.optimizer.param_groups[0]["lr"]
        return rate

    def _stats(self, name: str, mean_gradients: Tensor) -> list[LayerStats]:
        own = self.penalised.strengths(name, self.strengths)
        return lane_stats(name, self.parameters[name], own, mean_gradients)

    @torch.no_grad()
    def _penalties(self) -> list[dict[str, float]]:
        """Key of each term → its value, summed over the penalised tensors with their factors, for each lane."""
        terms = {key: PENALTIES.get(key) for key in self.strengths}
        sums = torch.zeros(len(terms), len(self.lanes), dtype=torch.float64, device=self.running.device)
        for name, factor in self.penalised.factors.items():
            if factor:
                own, applied = self.parameters[name].detach(), self.penalised.strengths(name, self.strengths)
                measured = [term.measure(own) if key in applied else sums.new_zeros(1) for key, term in terms.items()]
                sums += factor * torch.stack([each.expand(len(self.lanes)).double() for each in measured])
        strengths = torch.stack([torch.as_tensor(strength) for strength in self.strengths.values()])
        rows = (strengths * sums).T.tolist()
        return [
            {key: value for key, value in zip(terms, row, strict=True) if key in lane.spec.penalty.strengths}
            for lane, row in zip(self.lanes, rows, strict=True)
        ]

    def _modes(self) -> list[PenaltyMode]:
        """The penalty groups of each penalty mode, with λ = 0 for the lanes of other modes."""
        found: list[PenaltyMode] = []
        for apply in dict.fromkeys(lane.spec.penalty.apply for lane in self.lanes):
            own = [lane.spec.penalty.strengths if lane.spec.penalty.apply == apply else {} for lane in self.lanes]
            found.append((apply, penalty_groups(self.parameters, self.penalised, self._strengths(own), fused=True)))
        return found

    def _strengths(self, each: Sequence[Mapping[str, float]]) -> dict[str, Scale]:
        """One λ a lane (K,) of every term that any lane has, in float64 on the device."""
        keys = dict.fromkeys(key for strengths in each for key in strengths)
        return {
            key: torch.tensor([own.get(key, 0.0) for own in each], dtype=torch.float64, device=self.running.device)
            for key in keys
        }

    def _adopt_gradients(self) -> GradientSums:
        weights = {name: self.parameters[name] for name in self.lanes[0].layer_weights}
        sums = {name: stacked([lane.gradients.sums[name] for lane in self.lanes]) for name in weights}
        for k, lane in enumerate(self.lanes):
            lane.gradients = GradientSums(lane.layer_weights, {name: total[k] for name, total in sums.items()})
        return GradientSums(weights, sums)

    def _adopt_best(self) -> dict[str, Tensor]:
        """The weights of each lane's best epoch so far; those that have none get rows for them."""
        each = [lane.best_tensors() for lane in self.lanes]
        best = {name: stacked([own[name] for own in each]) for name in each[0]}
        for k, lane in enumerate(self.lanes):
            lane.best.tensors = {name: rows[k] for name, rows in best.items()}
        return best

    def _adopt_moments(self) -> bool:
        """The lanes' moments, where they have any: a lane has none before its first step."""
        moments = [lane.optimizer.state for lane in self.lanes]
        if not moments[0]:
            return False
        for name, parameter in self.parameters.items():
            each = [state[lane.parameters[name]] for state, lane in zip(moments, self.lanes, strict=True)]
            self.optimizer.state[parameter] = {
                key: value.clone() if value.ndim == 0 else stacked([own[key] for own in each])
                for key, value in each[0].items()
            }
        self._hand_out_moments()
        return True

    def _hand_out_moments(self) -> None:
        """Each lane's moments are its rows; the step counter is one for all."""
        for name, parameter in self.parameters.items():
            for lane, own in zip(self.lanes, rows_into(self.optimizer.state[parameter], len(self.lanes)), strict=True):
                lane.optimizer.state[lane.parameters[name]] = own
        self._adopted = True


def check_alike(specs: Sequence[RunSpec]) -> None:
    """Raise where ``specs`` differ in more than λ and the penalty mode."""

    def rest(spec: RunSpec) -> RunSpec:
        own = PenaltySpec(l1=0.0, l2=0.0, scope=spec.penalty.scope, factors=spec.penalty.factors)
        return spec.model_copy(update={"penalty": own})

    if any(rest(spec) != rest(specs[0]) for spec in specs):
        raise SpecError("Fused lanes may differ in λ and in the penalty mode, and in nothing else.")


def stacked(each: Sequence[Tensor]) -> Tensor:
    """The tensors as rows of one; axes keep their order in memory, so that channels stay last where they were."""
    first = each[0]
    order = sorted(range(first.ndim), key=first.stride().__getitem__, reverse=True)
    back = [1 + order.index(axis) for axis in range(first.ndim)]
    return torch.stack([tensor.detach().permute(order) for tensor in each]).permute(0, *back)


def adopt_parameters(each: Sequence[Mapping[str, nn.Parameter]]) -> dict[str, Tensor]:
    """Trainable stacks of the lanes' parameters, by name; the parameters become their rows."""
    made = {}
    for name in each[0]:
        rows = stacked([parameters[name] for parameters in each])
        for parameters, row in zip(each, rows, strict=True):
            parameters[name].data = row
            parameters[name].grad = None
        made[name] = rows.requires_grad_()
    return made


def adopt_buffers(models: Sequence[nn.Module]) -> dict[str, Tensor]:
    """Stacks of the networks' buffers, by name; the buffers become their rows."""
    made = {}
    for name, _ in list(models[0].named_buffers()):
        rows = stacked([model.get_buffer(name) for model in models])
        path, _, leaf = name.rpartition(".")
        for model, row in zip(models, rows, strict=True):
            model.get_submodule(path)._buffers[leaf] = row
        made[name] = rows
    return made


def rows_into(state: Mapping[str, Any], lanes: int) -> list[dict[str, Any]]:
    """An optimizer's state of a stacked parameter as one for each lane: rows, and what has no axes shared."""
    return [{key: value if value.ndim == 0 else value[k] for key, value in state.items()} for k in range(lanes)]
