"""Every optimizer: the step on the card is the step taken, torch's state is what the memory estimate counts, its
settings explain themselves, and its lanes train fused, resume and survive links and files.
"""

from __future__ import annotations

import pkgutil
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.keras_torch import keras
from tests.optimizers.cases import CASES, COMMON, bound, own_keys, title
from tests.patience import PATIENCE
from tests.training.test_fused_lanes import ELASTIC, FUSED, difference, lanes_of, spec, trained
from tests.ui.latex import run_line

from reglab import RunSpec, train
from reglab.errors import SpecError
from reglab.events import Ended, StepDone
from reglab.exports.script import unpenalised
from reglab.optimizers import OPTIMIZERS, Optimizer, learning_rate
from reglab.optimizers.construct import make_optimizer, set_learning_rate
from reglab.spec import OptimSpec
from reglab.training import SEQUENTIAL

STEPS, LR = 50, 0.02
ENTRIES = pytest.mark.parametrize("entry", OPTIMIZERS.entries.values(), ids=lambda entry: entry.name)
SETTINGS = pytest.mark.parametrize("case", CASES, ids=title)


def gradients(scale: float = 1.0) -> np.ndarray[Any, Any]:
    """A gradient (3, 4) for each step, some of whose entries are 0."""
    found = np.random.default_rng(7).normal(size=(STEPS, 3, 4)) * scale
    found[:, 0, 0] = 0.0
    found[:10, 1, 1] = 0.0
    return found


def start() -> torch.Tensor:
    return torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(3, 4).clone()


def walk(optimizer: torch.optim.Optimizer, weight: torch.Tensor, given: np.ndarray[Any, Any]) -> list[torch.Tensor]:
    """The weight after each step."""
    found = []
    for gradient in given:
        weight.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
        found.append(weight.detach().clone())
    return found


def taken(optim: OptimSpec, given: np.ndarray[Any, Any]) -> list[torch.Tensor]:
    weight = start()
    return walk(make_optimizer(optim, [weight]), weight, given)


def apart(mine: torch.Tensor, other: torch.Tensor) -> float:
    return float(((mine - other).abs() / other.abs().clamp(min=1)).max())


@SETTINGS
def test_the_formula_is_the_step(case: dict[str, Any]) -> None:
    optim = OptimSpec.of(**case, lr=LR)
    values: dict[str, Any] = dict.fromkeys(string.ascii_lowercase, 0.0)
    values |= {"w": start().numpy(), "eta": LR}
    for step, (gradient, ours) in enumerate(zip(gradients(), taken(optim, gradients()), strict=True), 1):
        values |= {"g": gradient, "t": step}
        for line in OPTIMIZERS.get(optim.name).lines(optim):
            run_line(line.latex, values, "w")
        assert apart(torch.from_numpy(values["w"]), ours) <= 1e-12, step


@SETTINGS
def test_the_step_is_torch_s_with_and_without_fused_kernels(case: dict[str, Any]) -> None:
    optim = OptimSpec.of(**case, lr=LR)
    entry, weight = OPTIMIZERS.get(optim.name), start()
    kind = pkgutil.resolve_name(entry.torch)
    plain = kind([weight], lr=LR, weight_decay=0, foreach=False, **entry.arguments(optim))
    for mine, torchs in zip(taken(optim, gradients()), walk(plain, weight, gradients()), strict=True):
        assert apart(mine, torchs) <= 1e-12


@SETTINGS
def test_torch_keeps_the_state_that_memory_is_estimated_from(case: dict[str, Any]) -> None:
    optim, weight = OptimSpec.of(**case, lr=LR), start()
    optimizer = make_optimizer(optim, [weight])
    walk(optimizer, weight, gradients())
    state = {key for key, value in optimizer.state[weight].items() if value is not None and value.numel() > 1}
    assert state == set(OPTIMIZERS.get(optim.name).state(optim))


@SETTINGS
def test_adaptive_steps_do_not_grow_with_the_gradient_and_others_do(case: dict[str, Any]) -> None:
    optim = OptimSpec.of(**case, lr=LR)
    grown = taken(optim, gradients(1e3))[-1] - start()
    usual = taken(optim, gradients())[-1] - start()
    factor = 1 if OPTIMIZERS.get(optim.name).adaptive else 1e3
    assert torch.allclose(grown, factor * usual, rtol=1e-3)


@pytest.mark.parametrize("case", [case for case in CASES if not OPTIMIZERS.get(case["name"]).adaptive], ids=title)
def test_a_constant_gradient_moves_by_the_step_over_one_minus_the_momentum(case: dict[str, Any]) -> None:
    """Not of adaptive optimizers, whose steps may go on falling, as Adagrad's do."""
    optim = OptimSpec.of(**case, lr=LR)
    entry = OPTIMIZERS.get(optim.name)
    steps = taken(optim, np.ones((300, 3, 4)))
    expected = LR / (1 - entry.momentum(optim))
    assert torch.allclose(steps[-2] - steps[-1], torch.full((3, 4), expected, dtype=torch.float64), rtol=0.02)
    if entry.is_plain(optim):
        assert torch.equal(steps[0], start() - LR)


@ENTRIES
def test_a_twin_takes_the_same_steps_and_another_penalty_mode(entry: Optimizer) -> None:
    if entry.twin is None:
        assert entry.mode == "coupled"
        return
    twin = OPTIMIZERS.get(entry.twin)
    pairs = zip(*(taken(OptimSpec.of(e.name), gradients()) for e in (entry, twin)), strict=True)
    assert all(torch.equal(mine, other) for mine, other in pairs)
    assert twin.mode != entry.mode
    assert RunSpec.parse({"optim": {"name": entry.name}}).penalty.apply == entry.mode


@ENTRIES
def test_a_decoupled_class_of_torch_decays_beside_the_same_step(entry: Optimizer) -> None:
    optim = OptimSpec.of(entry.name, lr=LR)
    if entry.decoupled is None:
        return
    weight, mine, decay = start(), start(), 0.1
    decayed = pkgutil.resolve_name(entry.decoupled)([weight], lr=LR, weight_decay=decay, **entry.arguments(optim))
    optimizer = make_optimizer(optim, [mine])
    for gradient in gradients():
        [expected] = walk(decayed, weight, gradient[None])
        mine *= 1 - LR * decay
        [ours] = walk(optimizer, mine, gradient[None])
        assert apart(ours, expected) <= 1e-12


@ENTRIES
def test_it_explains_itself_and_its_settings(entry: Optimizer) -> None:
    assert entry.label
    assert entry.help.endswith(".")
    assert all(line.meaning.endswith(".") for line in entry.lines(OptimSpec.of(entry.name)))
    assert entry.uses <= set(COMMON)
    for key in own_keys(entry):
        about = entry.settings.model_fields[key]
        assert about.title
        assert about.description
        assert about.description.endswith(".")
        if not isinstance(about.default, bool):
            assert any(bound(entry, key, kind) is not None for kind in ("ge", "gt"))
            assert any(bound(entry, key, kind) is not None for kind in ("le", "lt"))


@SETTINGS
def test_specs_survive_files_and_links(case: dict[str, Any]) -> None:
    wanted = RunSpec.parse({"optim": case})
    assert RunSpec.from_yaml(wanted.to_yaml()) == wanted == RunSpec.parse(wanted.model_dump())
    assert RunSpec.from_query(wanted.to_query()) == wanted
    assert RunSpec.model_validate_json(wanted.model_dump_json()) == wanted
    assert {f"optim.{key}" for key in case} <= set(wanted.flat())


@ENTRIES
def test_its_own_settings_are_refused_elsewhere_and_leave_with_it(entry: Optimizer) -> None:
    wanted = RunSpec().with_changes({"optim.name": entry.name})
    for name in OPTIMIZERS.names():
        assert set(wanted.with_changes({"optim.name": name}).flat()) == set(
            RunSpec.parse({"optim": {"name": name}}).flat()
        )
    for key in entry.own_settings:
        with pytest.raises(SpecError, match=f"Unknown setting 'optim.{key}' .only .*{entry.name}.* has it"):
            RunSpec.parse({"optim": {"name": "sgd", key: 0.5}})
        with pytest.raises(SpecError, match=rf"Unknown setting 'optim.{key}x' \(did you mean '{key}'\?\)"):
            RunSpec.parse({"optim": {"name": entry.name, f"{key}x": 0.5}})
        with pytest.raises(SpecError, match=f"optim.{key} should be"):
            wanted.with_changes({f"optim.{key}": -1})


@ENTRIES
def test_fused_lanes_are_the_runs_alone(entry: Optimizer) -> None:
    base = spec(optim={"name": entry.name, "lr": 1e-3}, train={"epochs": 10, "precision": "float64"})
    specs = lanes_of(base, ELASTIC)
    for mine, alone in zip(trained(specs, FUSED), trained(specs, SEQUENTIAL), strict=True):
        assert difference(mine, alone) <= 1e-12


@ENTRIES
@pytest.mark.parametrize("how", [SEQUENTIAL, FUSED], ids=["alone", "fused"])
def test_resuming_is_bit_equal(entry: Optimizer, how: Any) -> None:
    specs = lanes_of(spec(optim={"name": entry.name, "lr": 1e-3, "schedule": "cosine"}), ELASTIC[:2])
    options: dict[str, Any] = {"device": "cpu", "threads": 1, "folder": Path(), "how": how}
    whole = trained(specs, how)
    events = train(*specs, **options)
    left = next(event for event in events if isinstance(event, StepDone) and event.epoch == 2)
    checkpoints = [take() for take in left.snapshots]
    events.close()
    resumed = {e.lane: dict(e.weights()) for e in train(*specs, **options, resume=checkpoints) if isinstance(e, Ended)}
    for lane, weights in enumerate(whole):
        assert all(np.array_equal(resumed[lane][name], array) for name, array in weights.items())


def test_reading_a_spec_loads_no_torch() -> None:
    names = ", ".join(repr(name) for name in OPTIMIZERS.names())
    code = (
        "import sys; from reglab import RunSpec\n"
        f"for name in [{names}]: RunSpec.parse({{'optim': {{'name': name}}}})\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)


@pytest.fixture
def keras_in_float64() -> Iterator[None]:
    before = keras.config.floatx()
    keras.config.set_floatx("float64")  # of the learning rate, too
    yield
    keras.config.set_floatx(before)


@pytest.mark.usefixtures("keras_in_float64")
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@SETTINGS
def test_the_optimizer_of_a_keras_script_takes_our_step(case: dict[str, Any], schedule: str) -> None:
    optim = OptimSpec.of(**case, lr=LR, schedule=schedule)
    entry = unpenalised(optim)
    names: dict[str, Any] = {"keras": keras}
    exec(entry.keras.subclass(optim), names)
    kind = names.get(entry.keras.name) or getattr(keras.optimizers, entry.keras.name)
    optimizer, variable = kind(LR, **entry.keras.arguments(optim)), keras.Variable(start().numpy(), dtype="float64")
    weight = start()
    ours = make_optimizer(optim, [weight])
    for epoch, gradient in enumerate(gradients(), 1):
        set_learning_rate(ours, rate := learning_rate(optim, epoch, STEPS))
        optimizer.learning_rate = rate
        optimizer.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")], [variable])
        [expected] = walk(ours, weight, gradient[None])
        assert apart(variable.value.detach(), expected) <= 1e-12, epoch
