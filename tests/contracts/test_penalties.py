"""Every registered penalty term: value, gradient, decay and proximal map against autograd, NumPy and KKT conditions.

Sums of terms are included, and a term of another package, from its registration to the store.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.factories import spec

from reglab import RunSpec, train
from reglab.errors import SpecError
from reglab.events import EpochDone
from reglab.exports import export
from reglab.penalties import PENALTIES, Term, penalty_of
from reglab.penalties.scaled import Scale, Tensors
from reglab.penalties.scope import Parameter
from reglab.settings import load_settings
from reglab.store import Store
from reglab.training import ExecutionMode

Array = NDArray[np.float64]
KEYS = PENALTIES.names()
SUMS = [keys for n in range(1, len(KEYS) + 1) for keys in itertools.combinations(KEYS, n)]
VALUES: dict[str, Callable[[Array], float]] = {
    "l1": lambda w: float(np.abs(w).sum()),
    "l2": lambda w: float(np.square(w).sum() / 2),
    "group": lambda w: sum(float(np.sqrt(g.size) * np.linalg.norm(g)) for g in w),
}


def tensor(seed: int, scale: float, zeros: float) -> torch.Tensor:
    """One lane with four filters 3×2×2, some weights and one whole filter of which may be 0."""
    random = np.random.default_rng(seed)
    w = random.normal(0, scale, (1, 4, 3, 2, 2)) * (random.random((1, 4, 3, 2, 2)) >= zeros)
    w[:, 1] *= zeros == 0
    return torch.from_numpy(w)


tensors = st.builds(tensor, st.integers(0, 10**6), st.sampled_from([1e-3, 0.1, 1.0, 30.0]), st.sampled_from([0, 0.3]))
lambdas = st.floats(1e-4, 5)


@pytest.mark.parametrize("key", VALUES)
@given(w=tensors)
def test_value_is_that_of_the_formula(key: str, w: torch.Tensor) -> None:
    assert PENALTIES.get(key).measure(w).item() == pytest.approx(VALUES[key](w[0].numpy()), rel=1e-12)


@pytest.mark.parametrize("keys", SUMS, ids="+".join)
@given(w=tensors, strength=lambdas)
def test_gradient_is_autograd_s_and_a_decay_is_a_step_of_it(
    keys: tuple[str, ...], w: torch.Tensor, strength: float
) -> None:
    strengths = {key: strength / (place + 1) for place, key in enumerate(keys)}
    leaf = w.clone().requires_grad_()
    total = sum(own * PENALTIES.get(key).measure(leaf).sum() for key, own in strengths.items())
    [expected] = torch.autograd.grad(total, leaf)  # type: ignore[arg-type]
    found, moved = torch.ones_like(w), w.clone()
    penalty_of(strengths).add_gradient([found], [w])
    penalty_of(strengths).decay([moved], 0.25)
    smooth = w != 0
    torch.testing.assert_close(found[smooth] - 1, expected[smooth], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(moved[smooth], (w - 0.25 * expected)[smooth], rtol=1e-10, atol=1e-10)
    assert bool((moved[~smooth] == 0).all())


@pytest.mark.parametrize("keys", SUMS, ids="+".join)
@given(w=tensors, strength=lambdas, step=st.floats(1e-3, 2), seed=st.integers(0, 10**6))
def test_proximal_map_is_the_minimum(
    keys: tuple[str, ...], w: torch.Tensor, strength: float, step: float, seed: int
) -> None:
    """F(u) = ½‖u − w‖² + ηP(u) is 1-strongly convex: F(u) ≥ F(v) + ½‖u − v‖² for every u just if v is its minimum."""
    strengths = {key: strength / (place + 1) for place, key in enumerate(keys)}

    def objective(u: torch.Tensor) -> float:
        penalty = sum(own * PENALTIES.get(key).measure(u).item() for key, own in strengths.items())
        return float((u - w).square().sum()) / 2 + step * penalty

    v = w.clone()
    penalty_of(strengths).shrink([v], step)
    noise = torch.from_numpy(np.random.default_rng(seed).normal(size=w.shape))
    single = [v * (torch.arange(4) != unit).reshape(1, 4, 1, 1, 1) for unit in range(4)]
    for u in (w, 0 * w, *single, *(v + reach * noise for reach in (1e-3, 1e-1, 1)), *(v * f for f in (0.99, 1.01))):
        at_least = objective(v) + float((u - v).square().sum()) / 2
        assert objective(u) >= at_least - 1e-11 * max(1, at_least)


@pytest.mark.parametrize("keys", [keys for keys in SUMS if set(keys) <= {"l1", "l2", "group"}], ids="+".join)
@given(w=tensors, strength=lambdas, step=st.floats(1e-3, 2))
def test_proximal_map_meets_the_kkt_conditions(
    keys: tuple[str, ...], w: torch.Tensor, strength: float, step: float
) -> None:
    """0 ∈ v − w + η ∂P(v): with the residual r = (w − v)/η − λ₂v, filter by filter."""
    strengths = {key: strength / (place + 1) for place, key in enumerate(keys)}
    v = w.clone()
    penalty_of(strengths).shrink([v], step)
    l1, l2, group = (strengths.get(key, 0.0) for key in ("l1", "l2", "group"))
    for before, after in zip(w[0].numpy(), v[0].numpy(), strict=True):
        residual = (before - after) / step - l2 * after
        norm, reach = np.linalg.norm(after), group * np.sqrt(after.size)
        scale = 1e-9 * (1 + np.abs(before).max() / step)
        if norm == 0:
            soft = np.maximum(np.abs(residual) - l1, 0)
            assert np.linalg.norm(soft) <= reach + scale
            continue
        residual = residual - reach * after / norm
        there = after != 0
        np.testing.assert_allclose(residual[there], l1 * np.sign(after[there]), rtol=0, atol=scale)
        assert np.abs(residual[~there]).max(initial=0) <= l1 + scale


@pytest.mark.parametrize("keys", SUMS, ids="+".join)
@given(seeds=st.lists(st.integers(0, 10**6), min_size=3, max_size=3), strength=lambdas)
@settings(max_examples=20)
def test_one_lambda_a_lane_is_each_lane_by_itself(keys: tuple[str, ...], seeds: list[int], strength: float) -> None:
    each = [tensor(seed, 1.0, 0.3) for seed in seeds]
    values = [0.0, strength, strength / 3]
    fused = penalty_of({key: torch.tensor(values, dtype=torch.float64) for key in keys})
    for use in ("decay", "shrink"):
        together = torch.cat(each).clone()
        getattr(fused, use)([together], 0.5)
        for w, own, row in zip(each, values, together, strict=True):
            alone = w.clone()
            getattr(penalty_of(dict.fromkeys(keys, own)), use)([alone], 0.5)
            torch.testing.assert_close(row, alone[0], rtol=1e-13, atol=1e-15)


def test_proximal_group_lasso_zeroes_whole_filters_and_spares_the_classifier() -> None:
    term = PENALTIES.get("group")
    kinds = [("conv", False), ("dense", False), ("dense", True), ("bias", False), ("norm", False)]
    assert [term.penalises(Parameter("w", (2, 2), *kind)) for kind in kinds] == [True, True, False, False, False]
    w = tensor(0, 0.1, 0)
    w[:, 2] *= 100
    term.shrink([w], 0.2)
    assert [bool((unit == 0).all()) for unit in w[0]] == [True, True, False, True]


@pytest.mark.parametrize("key", KEYS)
def test_every_formula_is_latex_with_balanced_braces(key: str) -> None:
    formulas = PENALTIES.get(key).formulas
    made = [formulas.objective("0.5", r"\sum", ""), formulas.gradient("0.5"), formulas.proximal(r"\eta \cdot 0.5")]
    made += [formulas.decay(r"\eta \cdot 0.5")] if formulas.decay else []
    for latex in made:
        assert "0.5" in latex
        assert latex.count("{") == latex.count("}")


def test_lanes_with_group_lasso_agree_fused_and_alone_and_report_zero_filters() -> None:
    base = spec(
        data__train_size=96, train__epochs=2, train__precision="float64", penalty__l2=0, penalty__apply="proximal"
    ).with_changes({"optim.name": "sgd", "optim.lr": 0.05, "optim.momentum": 0})
    specs = [base.with_changes({"penalty.group": value, "penalty.l1": 1e-3}) for value in (0, 0.05, 1)]
    ends = []
    for how in (ExecutionMode(False), ExecutionMode(True, True)):
        events = [event for event in train(*specs, device="cpu", threads=1, how=how) if isinstance(event, EpochDone)]
        ends.append({event.lane: event for event in events if event.metrics.epoch == 2})
    for lane, alone in ends[0].items():
        fused = ends[1][lane]
        assert fused.metrics.penalties == pytest.approx(dict(alone.metrics.penalties), rel=1e-9)
        assert set(alone.metrics.penalties) == {"l1", "l2"} | ({"group"} if lane else set())
        for one, two in zip(alone.layers, fused.layers, strict=True):
            assert (one.units, one.zero_units) == (two.units, two.zero_units)
            assert one.penalty_grad == pytest.approx(two.penalty_grad, rel=1e-9)
    assert sum(layer.zero_units for layer in ends[0][2].layers) > 0
    assert ends[0][2].layers[-1].zero_units == 0


def cubic() -> Term:
    """λ Σ|w|³/3, of another package: its proximal map is v = 2w/(1 + √(1 + 4λη|w|))."""

    def shrink(weights: Tensors, reach: Scale) -> None:
        for w in weights:
            w.mul_(2 / (1 + (1 + 4 * reach * w.abs()).sqrt()))

    return replace(
        PENALTIES.get("l2"),
        name="cubic",
        label="cubic",
        order=30,
        symbol="λ₃",
        measure=lambda w: w.flatten(1).abs().pow(3).sum(1) / 3,
        direction=lambda weights: [w.abs() * w for w in weights],
        shrink=shrink,
        code=None,
    )


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PENALTIES.entries, "cubic", cubic())


@pytest.mark.parametrize("apply", ["coupled", "proximal"])
def test_a_term_of_another_package_is_trained_and_stored(third_party: None, apply: str, store: Store) -> None:
    wanted = spec(data__train_size=64, train__epochs=1, penalty__apply=apply).with_changes({"penalty.cubic": 0.1})
    run = store.create(wanted)
    owner = store.owner()
    assert store.claim(run.id, owner)
    for event in train(wanted, device="cpu", threads=1):
        if isinstance(event, EpochDone):
            store.add_epochs([(run.id, event.metrics, event.layers, 1)])
    found = store.get(run.id)
    assert found.spec == wanted
    assert found.penalty == "L2 + cubic"
    assert found.last is not None
    assert found.last.penalties["cubic"] > 0
    assert store.epochs([run.id])["penalty_cubic"].item() == found.last.penalties["cubic"]


@pytest.mark.parametrize("name", ["pytorch", "keras"])
def test_no_script_can_be_written_for_a_term_without_code(third_party: None, name: str) -> None:
    wanted = RunSpec().with_changes({"penalty.cubic": 0.1})
    with pytest.raises(SpecError, match=r"^No script can be written for penalty\.cubic: cubic has no code for scripts"):
        export(wanted, name, settings=load_settings({}))


def test_a_key_is_known_while_its_term_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: Mapping[str, object] = {"penalty": {"cubic": 0.1}}
    with pytest.raises(SpecError, match=r"Unknown setting 'penalty\.cubic'"):
        RunSpec.parse(wanted)
    monkeypatch.setitem(PENALTIES.entries, "cubic", cubic())
    assert RunSpec.parse(wanted).penalty.strengths["cubic"] == 0.1
