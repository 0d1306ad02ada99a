"""The Keras script on Keras's torch backend: the run's figures where it is exact, and what it says where it is not."""

from __future__ import annotations

import pytest
from tests.exports.running import SETTINGS, exported_and_run, largest_difference, last_epoch, tiny
from tests.exports.test_pytorch_script import KNOBS, REGULARIZED

from reglab.exports import export

FACTORS = {"conv1.weight": 3.0, "fc1.weight": 0.0, "fc1.bias": 0.5}
GROUP = {"group": 0.03, "factors": {"conv1.weight": 40.0}}  # filters of conv1 become 0 in proximal mode
EXACT = {
    "cosine, momentum": tiny(optim={"schedule": "cosine"}, train={"epochs": 4}),
    "step, Nesterov": tiny(optim={"schedule": "step", "step_every": 1, "nesterov": True}, train={"epochs": 4}),
    "no momentum, cosine": tiny(optim={"schedule": "cosine", "momentum": 0.0}),
    "best weights": tiny(model={"name": "dense_784"}, optim={"lr": 0.1}, train={"epochs": 9, "keep": "best"}),
    "patience": tiny(model={"name": "dense_784"}, optim={"lr": 0.1}, train={"epochs": 9, "patience": 2}),
    "float64": tiny(model={"name": "lenet5"}, train={"precision": "float64", "epochs": 4}, penalty={"l1": 1e-3}),
    "pixels rescaled": tiny(model={"name": "sigmoid_784"}),
    "whole batches": tiny(data={"train_size": 16}),
    "scope all": tiny(penalty={"scope": "all", "l1": 1e-3}),
    "scope all, decoupled": tiny(penalty={"scope": "all", "apply": "decoupled", "l2": 0.03}),
    "scope all, decoupled L1": tiny(penalty={"scope": "all", "apply": "decoupled", "l1": 1e-3}),
    **{
        f"factors, {apply}, l1 = {l1}": tiny(
            penalty={"factors": FACTORS, "scope": "weights+biases", "apply": apply, "l1": l1, "l2": 0.03},
            optim={"schedule": "cosine"},
        )
        for apply in ("coupled", "decoupled", "proximal")
        for l1 in (0.0, 1e-3)
    },
    **{
        f"{name}, {apply}": tiny(
            penalty={**GROUP, "l1": own, "l2": own, "apply": apply, "scope": scope}, train={"epochs": 4}
        )
        for apply in ("coupled", "decoupled", "proximal")
        for name, own, scope in (("group lasso", 0.0, "weights"), ("every term", 1e-3, "weights+biases"))
    },
    **{f"coupled, {name}": tiny(regularize=regularize) for name, regularize in REGULARIZED.items()},
    **{
        f"{apply}, everything else": tiny(regularize=REGULARIZED["everything"], penalty={**GROUP, "apply": apply})
        for apply in ("decoupled", "proximal")
    },
    **KNOBS,
    "one factor for all": tiny(
        model={"name": "dense_784"},
        penalty={"factors": {"fc2.weight": 0.0}, "apply": "decoupled", "l2": 0.03},
    ),
}
INEXACT = {
    "Adam": (tiny(optim={"name": "adam", "lr": 1e-3}, train={"epochs": 5}), "Adam divides by √v"),
    "AdamW": (tiny(optim={"name": "adamw", "lr": 1e-3}, train={"epochs": 5}), "magnifies how Keras rounds"),
    "RMSprop": (tiny(optim={"name": "rmsprop", "lr": 1e-3}, train={"epochs": 5}), "RMSprop divides by √v"),
    "dropout": (tiny(model={"name": "keras_cnn", "dropout": 0.4}), "dropout masks"),
    "batch norm": (tiny(model={"name": "vgg_small", "batch_norm": True}, optim={"lr": 1e-3}), "running variance"),
}


@pytest.mark.timeout(900)
def test_every_setting_is_repeated_or_said_not_to_be() -> None:
    """Batch norm's variance moves the figures a little, Adam's rounding none yet; dropout is another draw."""
    done = exported_and_run({**EXACT, **{key: spec for key, (spec, _) in INEXACT.items()}}, "keras")
    differences = {key: largest_difference(last_epoch(spec), done[key].figures) for key, spec in EXACT.items()}
    assert {key: difference for key, difference in differences.items() if difference > 1e-4} == {}
    assert all(not done[key].inexact for key in EXACT)
    assert len(done["best weights"].printed) - 1 == 9 > last_epoch(EXACT["best weights"]).epoch
    assert len(done["patience"].printed) - 1 == last_epoch(EXACT["patience"]).epoch < 9
    for key, (spec, words) in INEXACT.items():
        (sentence,) = done[key].inexact
        assert words in sentence
        assert "Not exact: " in done[key].text
        ours = last_epoch(spec)
        if key != "dropout":
            assert abs(ours.val_loss - done[key].figures["val_loss"]) < (0.02 if key == "batch norm" else 1e-4)


def test_the_converted_lambda_is_half_of_ours() -> None:
    text = export(tiny(penalty={"l2": 0.03}), "keras", settings=SETTINGS).files["train.py"].decode()
    assert "L2 = 0.03" in text
    assert 'name="conv1", kernel_regularizer=regularizers.L2(L2 / 2)' in text
    assert "bias_regularizer" not in text
    both = tiny(penalty={"l1": 0.01, "l2": 0.03, "scope": "weights+biases", "factors": {"fc1.bias": 2.0}})
    text = export(both, "keras", settings=SETTINGS).files["train.py"].decode()
    assert "regularizers.L1L2(2.0 * L1, 2.0 * L2 / 2)" in text


def test_group_lasso_is_written_out_and_nothing_of_it_elsewhere() -> None:
    group = tiny(penalty={"group": 0.01, "l2": 0.03})
    text = export(group, "keras", settings=SETTINGS).files["train.py"].decode()
    assert "GROUP = 0.01  # λᴳ of λᴳ·Σ_G √|G|·‖w_G‖₂\n# G is a filter of a convolution or a unit" in text
    assert "kernel_regularizer=Sum(GroupLasso(GROUP), regularizers.L2(L2 / 2))" in text
    assert "kernel_regularizer=regularizers.L2(L2 / 2)" in text  # the classifier
    assert "shrunk_groups" not in text
    assert "GroupLasso" not in export(tiny(), "keras", settings=SETTINGS).files["train.py"].decode()
