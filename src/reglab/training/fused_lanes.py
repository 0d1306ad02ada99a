"""K lanes that advance fused: every tensor of theirs is one row of a tensor (K, …), and every step is one for all.

The lanes' own parameters, buffers, moments and sums become views of the stacked tensors, so each lane can be looked at,
captured and restored as if it were alone. Lanes of a stack share data, seed, network and optimizer settings, and differ
in λ and in how it is applied; so they share batch order and dropout masks, too. Optimizers work element by element,
hence stacking changes nothing in them; the K losses are summed, so that each lane's gradient is its own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from reglab.errors import SpecError
from reglab.events import EpochMetrics, LayerStats
from reglab.models import Shape
from reglab.penalties import Strength
from reglab.spec import RunSpec
from reglab.training.apply import Group, PenaltyMode, group_by_strength, step
from reglab.training.arrays import rows
from reglab.training.captured import Captured
from reglab.training.fused_network import fuse
from reglab.training.fused_tensors import adopt_buffers, adopt_parameters, rows_into, stacked
from reglab.training.gradient_ratio import GradientSums
from reglab.training.lane import Lane
from reglab.training.metrics import chunk_size, evaluate, losses
from reglab.training.optimizers import make_optimizer, set_learning_rate
from reglab.training.stats import flat, lane_stats


class FusedLanes:
    """``lanes``, from where they stand, as one: :meth:`step`, :meth:`evaluate`, :meth:`close_epoch`.

    A lane that has ended keeps its row, where nobody looks at it any more: the others' bits do not depend on it.

    :raises SpecError: where the lanes differ in more than λ and how it is applied.
    :raises CannotFollow: where the network cannot be fused; the lanes are then as they were.
    """

    def __init__(self, lanes: Sequence[Lane], shape: Shape, *, fused_evaluation: bool = True) -> None:
        """``fused_evaluation``: also evaluate fused; else each lane by itself, which large chunks can make faster."""
        check_alike([lane.spec for lane in lanes])
        self.lanes, first = tuple(lanes), lanes[0]
        self.arrays, self.factors = first.arrays, first.factors
        self.network = fuse(first.model, shape, len(lanes))
        self.parameters = adopt_parameters([lane.parameters for lane in lanes])
        self.weights = {**self.parameters, **adopt_buffers([lane.model for lane in lanes])}
        device = first.arrays.train.images.device
        gpu = device.type == "cuda"
        self.optimizer = make_optimizer(first.spec.optim, self.parameters.values(), captured=gpu)
        self.gradients = self._adopt_gradients()
        self.running = stacked([lane.running for lane in lanes])
        for lane, row in zip(lanes, self.running, strict=True):
            lane.running, lane.share = row, 1 / len(lanes)
            lane.dropout = first.dropout  # equal in all, so that one draw serves all
        self.strength = self._strength([lane.strength for lane in lanes])
        self.ways = self._modes()
        self.chunk = chunk_size(first.activation_bytes, device, len(lanes))
        self._step = Captured(self._compute, first.dropout, self._rate) if gpu else self._compute
        self._fused_evaluation = fused_evaluation
        self._adopted = self._adopt_moments()
        set_learning_rate(self.optimizer, first.lr)

    def step(self) -> None:
        """One optimizer step of every lane, on the batch that they share."""
        batch, *_ = [lane.begin_step() for lane in self.lanes]
        if self.lanes[0].at.step == 0:
            set_learning_rate(self.optimizer, self.lanes[0].lr)
        self._step(batch)
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
        train = yield from evaluate(self.score, self.arrays.evaluated, len(self.lanes), self.chunk)
        val = yield from evaluate(self.score, self.arrays.val, len(self.lanes), self.chunk)
        for lane, *found in zip(self.lanes, train, val, strict=True):
            lane.evaluated = (found[0], found[1])

    def close_epoch(self) -> Iterator[tuple[Lane, EpochMetrics, tuple[LayerStats, ...]]]:
        """Go on to the next epoch: the figures of every lane that has not ended."""
        n, terms = len(self.arrays.train.images), self._penalty_terms()
        kernels = [self._stats(name, total / n) for name, total in self.gradients.sums.items()]
        for lane, of_lane, layers in zip(self.lanes, terms, zip(*kernels, strict=True), strict=True):
            metrics = lane.finish_epoch(of_lane)
            if not lane.ended:
                yield lane, metrics, layers

    def _compute(self, batch: Tensor) -> None:
        """Forward, backward and step of all lanes; everything is kept in tensors, nothing is read."""
        train = self.arrays.train
        scores = self.network.scores(self.weights, rows(train.images, batch), training=True)
        each = losses(scores, train.labels[batch], "mean")
        self.optimizer.zero_grad(set_to_none=True)
        each.sum().backward()  # type: ignore[no-untyped-call]
        self.gradients.add(len(batch))
        step(self.optimizer, self.ways, self._rate())
        with torch.no_grad():
            self.running += each.detach() * len(batch)

    def _rate(self) -> float:
        rate: float = self.optimizer.param_groups[0]["lr"]
        return rate

    def _stats(self, name: str, mean_gradients: Tensor) -> list[LayerStats]:
        return lane_stats(name, self.parameters[name], self.strength * self.factors[name], mean_gradients)

    @torch.no_grad()
    def _penalty_terms(self) -> list[tuple[float, float]]:
        """(λ₁ Σ f|w|, (λ₂/2) Σ f w²) of each lane."""
        sums = torch.zeros(2, len(self.lanes), dtype=torch.float64, device=self.running.device)
        for name, factor in self.factors.items():
            if factor:
                own = flat(self.parameters[name].detach())
                sums += factor * torch.stack([own.abs().sum(1), own.square().sum(1)]).double()
        terms = torch.stack([self.strength.l1 * sums[0], self.strength.l2 / 2 * sums[1]])
        return [(l1, l2) for l1, l2 in terms.T.tolist()]

    def _modes(self) -> list[PenaltyMode]:
        """For each way of applying a penalty its groups, with λ = 0 for lanes that apply theirs in another way."""
        found: list[PenaltyMode] = []
        for apply in dict.fromkeys(lane.spec.penalty.apply for lane in self.lanes):
            own = [lane.strength * float(lane.spec.penalty.apply == apply) for lane in self.lanes]
            groups: list[Group] = group_by_strength(self.parameters, self.factors, self._strength(own))
            found.append((apply, groups))
        return found

    def _strength(self, each: Sequence[Strength]) -> Strength:
        """One λ₁ and one λ₂ a lane, in float64 on the device."""
        device = self.running.device
        l1, l2 = (
            torch.tensor(values, dtype=torch.float64, device=device) for values in zip(*map(_pair, each), strict=True)
        )
        return Strength(l1, l2)

    def _adopt_gradients(self) -> GradientSums:
        kernels = {name: self.parameters[name] for name in self.lanes[0].kernels}
        sums = {name: stacked([lane.gradients.sums[name] for lane in self.lanes]) for name in kernels}
        for k, lane in enumerate(self.lanes):
            lane.gradients = GradientSums(lane.kernels, {name: total[k] for name, total in sums.items()})
        return GradientSums(kernels, sums)

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
    """Raise where ``specs`` differ in more than λ and how it is applied."""
    first = specs[0]
    same: Mapping[str, object] = {"l1": 0.0, "l2": 0.0, "apply": "coupled"}

    def rest(spec: RunSpec) -> RunSpec:
        return spec.model_copy(update={"penalty": spec.penalty.model_copy(update=same)})

    if any(rest(spec) != rest(first) for spec in specs):
        raise SpecError("Lanes of one stack may differ in λ and in how it is applied, and in nothing else.")


def _pair(strength: Strength) -> tuple[float, float]:
    return float(strength.l1), float(strength.l2)
