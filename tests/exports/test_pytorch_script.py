"""The PyTorch script against the run that it repeats: every setting with code of its own, and a default run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as runs_of
from hypothesis import strategies as st
from tests.exports.running import (
    SETTINGS,
    check_style,
    exported_and_run,
    largest_difference,
    last_epoch,
    run_scripts,
    tiny,
)
from tests.factories import add_run

from reglab.errors import CheckpointError, DataError
from reglab.exports import EXPORTS, export, save
from reglab.jobs import Worker
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Store

REGULARIZED: dict[str, dict[str, Any]] = {
    "label smoothing": {"label_smoothing": 0.1},
    "max-norm": {"max_norm": 0.4},
    "mixup": {"mixup": 0.4},
    "flip": {"augment": "flip"},
    "everything": {"label_smoothing": 0.1, "max_norm": 0.4, "mixup": 0.4, "augment": "shift+flip+rotate+crop+erase"},
}
ADAM: dict[str, Any] = {"name": "adam", "lr": 1e-3}
BRANCHES = "resnet18, a network of branches: dropout, scope all, best weights, patience"
KNOBS = {
    "class weights": tiny(data={"train_size": 40, "imbalance": 4}, train={"class_weights": "balanced"}),
    "every knob of the data": tiny(
        data={
            "train_size": None, "train_share": 0.03, "imbalance": 3, "noise_kind": "per_class", "input_noise": 0.1,
            "noise_by_class": {"0": 0.5}, "val_input_noise": 0.2,
        },
        regularize={"label_smoothing": 0.1, "mixup": 0.4},
        train={"class_weights": "balanced"},
    ),
}  # fmt: skip
SPECS = {
    **KNOBS,
    **{
        f"{optimizer}, {penalty}, {apply}": tiny(
            model={"name": "keras_cnn"}, optim={"name": optimizer, "lr": 1e-3}, penalty={**lambdas, "apply": apply}
        )
        for optimizer in ("adam", "adamw")
        for penalty, lambdas in {"L2": {"l2": 0.03}, "elastic net": {"l1": 1e-3, "l2": 0.03}}.items()
        for apply in ("coupled", "decoupled", "proximal")
    },
    "cosine": tiny(optim={"schedule": "cosine"}, train={"epochs": 4}),
    "step, proximal": tiny(
        optim={"schedule": "step", "step_every": 2}, penalty={"apply": "proximal"}, train={"epochs": 4}
    ),
    "Nesterov": tiny(optim={"nesterov": True}),
    "no momentum": tiny(optim={"momentum": 0.0, "nesterov": True}),
    "dropout": tiny(model={"name": "lenet5", "dropout": 0.4}, optim=ADAM, train={"epochs": 3}),
    "batch norm and dropout": tiny(model={"name": "vgg_small", "batch_norm": True, "dropout": 0.3}),
    "scope weights+biases": tiny(model={"name": "vgg_small", "batch_norm": True}, penalty={"scope": "weights+biases"}),
    "scope all": tiny(model={"name": "vgg_small", "batch_norm": True}, penalty={"scope": "all", "l1": 1e-3}),
    **{
        f"factors, {apply}, l1 = {l1}": tiny(
            penalty={"factors": {"conv1.weight": 3.0, "fc1.weight": 0.0, "fc1.bias": 0.5}, "scope": "weights+biases",
                     "apply": apply, "l1": l1, "l2": 0.03},
        )
        for apply in ("coupled", "decoupled", "proximal") for l1 in (0.0, 1e-3)
    },
    "factors, L1 alone": tiny(penalty={"factors": {"conv1.weight": 3.0}, "l1": 1e-3, "l2": 0.0}),
    **{
        f"{name}, {apply}": tiny(
            penalty={"group": 0.03, "factors": {"conv1.weight": 40.0}, "l1": own, "l2": own, "apply": apply},
            train={"epochs": 4},
        )
        for apply in ("coupled", "decoupled", "proximal")
        for name, own in (("group lasso", 0.0), ("every term", 1e-3))
    },
    "factors that exempt everything": tiny(
        model={"name": "dense_784"}, penalty={"factors": {"fc1.weight": 0.0, "fc2.weight": 0.0}}
    ),
    **{
        f"{apply}, {name}": tiny(
            regularize=regularize, penalty={"l1": l1, "l2": 0.03, "apply": apply}, train={"epochs": 3}
        )
        for apply, l1 in (("coupled", 0.0), ("proximal", 1e-3))
        for name, regularize in REGULARIZED.items()
    },
    "L1 in the loss, mixup and smoothing": tiny(
        regularize={"mixup": 0.4, "label_smoothing": 0.1}, penalty={"l1": 1e-3, "l2": 0.0}
    ),
    "patience": tiny(optim={"lr": 0.5}, train={"epochs": 12, "patience": 2}),
    "best weights": tiny(optim={"lr": 0.5}, train={"epochs": 9, "keep": "best"}),
    BRANCHES: tiny(
        model={"name": "resnet18", "dropout": 0.3},
        penalty={"scope": "all"},
        optim={"lr": 0.03},
        train={"epochs": 9, "patience": 1, "keep": "best"},
    ),
    "float64": tiny(optim=ADAM, penalty={"l1": 1e-3}, train={"precision": "float64", "epochs": 4}),
    "whole batches": tiny(data={"train_size": 16}),
    "one batch": tiny(train={"batch_size": 17}),
    "a test part": tiny(data={"test_fraction": 0.2}),
    "a subset evaluated": tiny(data={"train_size": 60}, train={"batch_size": 16}),
    "synthetic images": tiny(data={"name": "synthetic", "train_size": 40}, model={"name": "keras_cnn"}),
}  # fmt: skip


def test_every_setting_is_repeated() -> None:
    done = exported_and_run(SPECS, "pytorch")
    differences = {key: largest_difference(last_epoch(spec), done[key].figures) for key, spec in SPECS.items()}
    assert {key: difference for key, difference in differences.items() if difference > 1e-5} == {}
    assert all(not script.inexact for script in done.values())
    assert len(done["patience"].printed) - 1 == last_epoch(SPECS["patience"]).epoch < 12
    assert len(done["best weights"].printed) - 1 == 9 > last_epoch(SPECS["best weights"]).epoch
    assert [len(done[BRANCHES].printed) - 1, last_epoch(SPECS[BRANCHES]).epoch] == [3, 2]  # stopped, and the best
    assert "weight_decay" in done["adam, L2, coupled"].text
    assert "AdamW" in done["adam, L2, decoupled"].text
    assert "weight_decay" not in done["adam, elastic net, coupled"].text
    assert {key for key, script in done.items() if "shrink_groups" in script.text} == {
        "group lasso, proximal",
        "every term, proximal",
    }


@pytest.fixture
def trained(store: Store, settings: Settings) -> Any:
    """A function that trains a run in the store and gives it back."""

    def train(spec: RunSpec, name: str | None = None) -> Any:
        run = store.create(spec, name=name, owner=store.owner())
        Worker(store, settings, run).work()
        return store.get(run.id)

    return train


def test_runs_of_a_store_from_their_saved_initial_weights(
    trained: Any, store: Store, settings: Settings, tmp_path: Path
) -> None:
    """The default run, and one with a hostile name; both scripts in one process."""
    run = trained(RunSpec().with_changes({"train.epochs": 8}), name="default")
    hostile = trained(tiny(), name='"""\nimport os; os.abort()\n"""\\N{x} \u202e' + "x" * 150)
    bundle = export(run, "pytorch", settings=settings, store=store)
    saved = (settings.home / run.id / "initial.safetensors").read_bytes()
    assert bundle.files["initial.safetensors"] == saved
    odd = export(hostile, "pytorch", settings=settings, store=store)
    paths = [save(one, EXPORTS.get("pytorch"), tmp_path / name)[0] for one, name in ((bundle, "script"), (odd, "odd"))]
    check_style(paths)
    printed, others = run_scripts(paths)
    assert (len(printed), len(others)) == (9, 3)
    theirs = {name: float(value) for name, value in re.findall(r'"(\w+)": ([\d.e+-]+)', printed[-1])}
    assert largest_difference(run.last, theirs) <= 1e-5
    text = bundle.files["train.py"].decode()
    assert f"from run {run.id} ('default')" in text
    assert "J(w) = (1/400)·Σ cross-entropy + (0.01/2)·Σw²." in text
    assert f"{run.last.val_loss:.6f}" in text


def test_a_run_whose_initial_weights_are_missing_is_a_sentence(trained: Any, store: Store, settings: Settings) -> None:
    run = trained(tiny())
    (settings.home / run.id / "initial.safetensors").unlink()
    for name in ("pytorch", "keras"):
        with pytest.raises(CheckpointError, match=f"initial weights of run {run.id} are missing"):
            export(run, name, settings=settings, store=store)
    with pytest.raises(CheckpointError, match="wait until it has begun"):
        export(store.create(tiny()), "pytorch", settings=settings, store=store)


def test_weights_of_another_network_are_refused(trained: Any, store: Store, settings: Settings) -> None:
    run, other = trained(tiny()), trained(tiny(model={"name": "lenet5"}))
    weights = (settings.home / other.id / "initial.safetensors").read_bytes()
    (settings.home / run.id / "initial.safetensors").write_bytes(weights)
    with pytest.raises(CheckpointError, match="do not fit its CNN 'simple_cnn'"):
        export(run, "pytorch", settings=settings, store=store)


def test_data_that_are_not_at_hand_are_a_sentence_and_no_download(store: Store, settings: Settings) -> None:
    with pytest.raises(DataError, match="CIFAR-10 is not at hand"):
        export(RunSpec().with_changes({"data.name": "cifar10"}), "pytorch", settings=settings)


def test_a_run_that_did_not_finish_says_so(store: Store, settings: Settings) -> None:
    run = add_run(store, tiny(), state="cancelled", epochs=1)
    store.files(run.id).save_weights(_initial(tiny()), "initial")
    bundle = export(run, "pytorch", settings=settings, store=store)
    (sentence,) = bundle.inexact
    assert sentence == "The run is cancelled after 1 of 2 epochs; this script trains all 2."
    assert sentence[:40] in bundle.files["train.py"].decode()


@runs_of(max_examples=40)
@given(st.text(max_size=200))
def test_whatever_a_run_is_called_the_script_is_python(name: str) -> None:
    from reglab.exports.code import one_line

    text = f'"""Exported from {one_line(name)}."""\n'
    code = compile(text, "script", "exec")
    assert len(code.co_consts) == 2  # the docstring and None: nothing of the name is code
    assert text.count("\n") == 1


def _initial(spec: RunSpec) -> Any:
    from reglab.exports import Subject

    return Subject(spec, SETTINGS).initial
