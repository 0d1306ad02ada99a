"""The step of an exported PyTorch script is ours, for every optimizer, penalty and penalty mode."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from tests.exports.running import SETTINGS, tiny
from torch import nn

from reglab.events import Ended
from reglab.exports import EXPORTS, export, save
from reglab.optimizers import OPTIMIZERS as REGISTRY
from reglab.spec import Apply, RunSpec
from reglab.training import train

OPTIMIZERS: dict[str, dict[str, Any]] = {name: {"name": name, "lr": 1e-3} for name in REGISTRY.names()} | {
    "Nesterov": {"name": "sgd", "lr": 1e-2, "nesterov": True}
}
PENALTIES: dict[str, dict[str, Any]] = {
    "L2": {"l2": 0.03},
    "L1": {"l1": 1e-3, "l2": 0.0},
    "elastic net": {"l1": 1e-3, "l2": 0.03},
    "factors": {"l1": 1e-3, "l2": 0.03, "scope": "weights+biases", "factors": {"fc1.weight": 3.0, "fc2.bias": 0.0}},
    "group lasso": {"group": 3e-3, "l2": 0.0},
    "every term": {"l1": 1e-3, "l2": 0.03, "group": 1e-3, "scope": "weights+biases", "factors": {"fc1.weight": 3.0}},
}
CASES = list(itertools.product(OPTIMIZERS, PENALTIES, get_args(Apply)))


@pytest.fixture
def process_settings() -> Iterator[None]:
    """A script sets the threads and the flushing of its process; both are restored."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


@pytest.mark.usefixtures("process_settings")
@pytest.mark.parametrize(("optimizer", "penalty", "mode"), CASES)
def test_the_step_of_the_pytorch_script_is_ours(optimizer: str, penalty: str, mode: str, tmp_path: Path) -> None:
    """Weights after six steps in float64 agree to 1e-12."""
    spec = tiny(
        model={"name": "dense_784"},
        optim=OPTIMIZERS[optimizer],
        penalty={**PENALTIES[penalty], "apply": mode},
        train={"precision": "float64", "epochs": 3},
    )
    *_, last = (
        event for event in train(spec, device="cpu", threads=1, folder=SETTINGS.data) if isinstance(event, Ended)
    )
    theirs = _trained_by_script(spec, tmp_path).state_dict()
    for name, ours in last.weights().items():
        torch.testing.assert_close(theirs[name], torch.from_numpy(ours), rtol=1e-12, atol=1e-12)


def _trained_by_script(spec: RunSpec, folder: Path) -> nn.Module:
    """The model of the exported script's ``main``, run in this process."""
    path = save(export(spec, "pytorch", settings=SETTINGS), EXPORTS.get("pytorch"), folder)[0]
    names: dict[str, Any] = {"__name__": "script", "__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), names)
    make, made = names["make_model"], list[nn.Module]()

    def make_model() -> nn.Module:
        made.append(make().double())
        return made[-1]

    names["make_model"] = make_model
    names["main"]()
    return made[0]
