"""Class weights: scikit-learn's balanced ones, torch's criterion, and data losses that stay unweighted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from tests.factories import spec

from reglab import train
from reglab.datasets import prepare
from reglab.events import Ended, EpochDone
from reglab.models import build
from reglab.regularizers import Batch
from reglab.spec import RunSpec
from reglab.training.arrays import evaluated
from reglab.training.class_weights import balanced_weights
from reglab.training.regularizing import Hooks
from reglab.training.seeds import seed_for

UNEVEN = spec(
    data__train_size=80, data__val_size=40, data__imbalance=6, data__label_noise=0.1, train__epochs=3,
    train__precision="float64", train__class_weights="balanced",
).with_changes({"model.name": "small_cnn", "optim.name": "sgd", "optim.lr": 0.05})  # fmt: skip


@given(st.lists(st.integers(0, 50), min_size=2, max_size=9).filter(any))
def test_they_are_those_of_scikit_learn(counts: list[int]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    present = np.unique(labels)
    weights = balanced_weights(counts)
    np.testing.assert_allclose(
        [weights[c] for c in present], compute_class_weight("balanced", classes=present, y=labels), rtol=1e-12
    )
    assert sum(weights[y] for y in labels) == pytest.approx(sum(counts))
    assert all(weights[c] == 0 for c in range(len(counts)) if not counts[c])


@given(seed=st.integers(0, 10**6), smoothing=st.sampled_from([0.0, 0.2]), lanes=st.integers(1, 3), mix=st.booleans())
def test_the_criterion_of_a_batch_is_torch_s(seed: int, smoothing: float, lanes: int, mix: bool) -> None:
    rng = np.random.default_rng(seed)
    scores, labels = torch.from_numpy(rng.normal(0, 3, (lanes, 9, 4))), torch.from_numpy(rng.integers(0, 4, 9))
    weights, partners = torch.from_numpy(rng.uniform(0.1, 5, 4)), labels[torch.from_numpy(rng.permutation(9))]
    wanted = RunSpec.parse({"regularize": {"label_smoothing": smoothing}, "train": {"class_weights": "balanced"}})
    hooks = Hooks(wanted, torch.zeros(1, dtype=torch.float64), weights)
    share = torch.full((9,), 0.3, dtype=torch.float64)
    targets = ((labels, share), (partners, 1 - share)) if mix else ((labels, None),)
    found = hooks.mean_criterion(scores, Batch(torch.zeros(9), targets))
    for own, value in zip(scores, found, strict=True):
        each = [F.cross_entropy(own, y, weight=weights, label_smoothing=smoothing) for y in (labels, partners)]
        expected = 0.3 * each[0] + 0.7 * each[1] if mix else each[0]
        assert value.item() == pytest.approx(expected.item(), rel=1e-12)


def test_the_criterion_is_weighted_and_the_data_losses_are_not() -> None:
    events = list(train(UNEVEN, device="cpu", threads=1))
    last = [event for event in events if isinstance(event, EpochDone)][-1].metrics
    [weights] = [event.weights() for event in events if isinstance(event, Ended)]
    split = prepare(UNEVEN.data, Path("/nonexistent"))
    model = build(UNEVEN.model, split.shape, 10, UNEVEN.train.seed).double().eval()
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    omega = torch.tensor(balanced_weights(split.counts(split.y_train)), dtype=torch.float64)
    measured = evaluated(80, 40, UNEVEN.train.seed)
    with torch.no_grad():
        x, y = split.x_train.double()[measured], split.y_train[measured]
        assert last.train_loss == pytest.approx(F.cross_entropy(model(x), y).item(), rel=1e-9)
        assert last.criterion == pytest.approx(F.cross_entropy(model(x), y, weight=omega).item(), rel=1e-9)
        validation = F.cross_entropy(model(split.x_val.double()), split.y_val)
        assert last.val_loss == pytest.approx(validation.item(), rel=1e-9)
    assert last.total == pytest.approx(last.criterion + sum(last.penalties.values()))
    assert abs(last.criterion - last.train_loss) > 1e-3


def test_a_step_is_the_step_of_plain_torch() -> None:
    """One epoch of plain SGD, written out; the batch order is the run's."""
    one = UNEVEN.with_changes({"train.epochs": 1, "optim.momentum": 0, "penalty.l2": 0})
    [weights] = [event.weights() for event in train(one, device="cpu", threads=1) if isinstance(event, Ended)]
    split = prepare(one.data, Path("/nonexistent"))
    model = build(one.model, split.shape, 10, one.train.seed).double()
    omega = torch.tensor(balanced_weights(split.counts(split.y_train)), dtype=torch.float64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    order = torch.randperm(80, generator=torch.Generator().manual_seed(seed_for(one.train.seed, "batch order", 1)))
    for batch in torch.split(order, 32):
        optimizer.zero_grad()
        loss = torch.nn.CrossEntropyLoss(weight=omega)(model(split.x_train[batch].double()), split.y_train[batch])
        loss.backward()
        optimizer.step()
    for name, tensor in model.state_dict().items():
        np.testing.assert_allclose(weights[name], tensor.numpy(), rtol=1e-9, atol=1e-12)


def test_a_spec_without_them_is_written_as_before() -> None:
    assert "class_weights" not in RunSpec().to_yaml()
    weighted = RunSpec().with_changes({"train.class_weights": "balanced"})
    assert RunSpec.from_yaml(weighted.to_yaml()) == weighted
    assert RunSpec.from_query(weighted.to_query()) == weighted
    assert weighted.with_assignments(["train.class_weights=none"]) == RunSpec()
