"""The loop most people write: TensorDataset, DataLoader, torch.optim, the penalty as a term of the loss.

Same images, initial weights and batch order as :func:`reglab.train`, and none of its code in the steps: what the
figures and the speed of our loop are held against.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Sampler, TensorDataset

from reglab.datasets import prepare
from reglab.models import build
from reglab.spec import RunSpec
from reglab.training.seeds import seed_for

_EVALUATED = 256  # images per batch of an evaluation


class SimpleCNN(nn.Module):
    """conv 32 → conv 64 → dense 128 → dense, ReLU between."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc1 = nn.Linear(64 * side * side, 128)
        self.fc2 = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.relu(self.fc1(x.flatten(1)))
        return torch.as_tensor(self.fc2(x))


class KerasCNN(nn.Module):
    """conv 32 → pool → conv 64 → pool (from 10 pixels) → dense, ReLU before each pooling."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        self.second = 2 if side >= 10 else 1
        self.conv1 = nn.Conv2d(channels, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.fc = nn.Linear(64 * (((side - 2) // 2 - 2) // self.second) ** 2, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.conv2(x))
        if self.second > 1:
            x = F.max_pool2d(x, self.second)
        return torch.as_tensor(self.fc(x.flatten(1)))


class SmallCNN(nn.Module):
    """conv 8 → pool → conv 16 → pool → dense 64 → dense, ReLU before each pooling."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc1 = nn.Linear(16 * (side // 4) ** 2, 64)
        self.fc2 = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return torch.as_tensor(self.fc2(x))


class LeNet5(nn.Module):
    """conv 6 → pool → conv 16 → pool → dense 120 → 84 → classes, tanh between; 28 pixels."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        if side != 28:
            raise ValueError("this LeNet-5 is for 28 pixels")
        self.conv1 = nn.Conv2d(channels, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.fc1(x.flatten(1)))
        x = torch.tanh(self.fc2(x))
        return torch.as_tensor(self.fc3(x))


class Dense(nn.Module):
    """dense 128 → dense, ReLU between."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels * side * side, 128)
        self.fc2 = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.fc2(F.relu(self.fc1(x.flatten(1)))))


PLAIN: dict[str, type[nn.Module]] = {
    "simple_cnn": SimpleCNN,
    "small_cnn": SmallCNN,
    "keras_cnn": KerasCNN,
    "lenet5": LeNet5,
    "dense_784": Dense,
}


@dataclass(frozen=True)
class PlainEpoch:
    """Data losses and accuracies in eval mode at an epoch's end, the running loss, and the objective."""

    train_loss: float
    val_loss: float
    train_acc: float
    val_acc: float
    running_loss: float
    total: float


class GivenBatches(Sampler[list[int]]):
    """The batches of one epoch after another: the permutation that the run's seed fixes, cut into batches."""

    def __init__(self, n: int, size: int, seed: int) -> None:
        self.n, self.size, self.seed, self.epoch = n, size, seed, 0

    def __len__(self) -> int:
        return math.ceil(self.n / self.size)

    def __iter__(self) -> Iterator[list[int]]:
        self.epoch += 1
        generator = torch.Generator().manual_seed(seed_for(self.seed, "batch order", self.epoch))
        order = torch.randperm(self.n, generator=generator).tolist()
        return iter([order[a : a + self.size] for a in range(0, self.n, self.size)])


def plain_train(spec: RunSpec, folder: Path) -> Iterator[PlainEpoch]:
    """Train ``spec`` (Adam or SGD, penalty coupled, scope weights, no dropout) on the CPU, an epoch at a time."""
    split = prepare(spec.data, folder)
    dtype = torch.float64 if spec.train.precision == "float64" else torch.float32
    channels, side, _ = split.shape
    model = PLAIN[spec.model.name](channels, side, len(split.classes)).to(dtype)
    model.load_state_dict(build(spec.model, split.shape, len(split.classes), spec.train.seed).to(dtype).state_dict())
    train_set = TensorDataset(split.x_train.to(dtype), split.y_train)
    val_set = TensorDataset(split.x_val.to(dtype), split.y_val)
    n, n_val = len(train_set), len(val_set)
    batches = DataLoader(train_set, batch_sampler=GivenBatches(n, spec.train.batch_size, spec.train.seed))
    evaluated = DataLoader(_evaluated(train_set, n_val, spec.train.seed), batch_size=_EVALUATED)
    validation = DataLoader(val_set, batch_size=_EVALUATED)
    kernels = [p for p in model.parameters() if p.ndim >= 2]
    optimizer = _optimizer(spec, model)
    for _ in range(spec.train.epochs):
        running = _train_epoch(model, optimizer, batches, kernels, spec)
        train_loss, train_acc = plain_evaluate(model, evaluated)
        val_loss, val_acc = plain_evaluate(model, validation)
        with torch.no_grad():
            penalty = _penalty(kernels, spec).item()
        yield PlainEpoch(train_loss, val_loss, train_acc, val_acc, running / n, train_loss + penalty)


def plain_evaluate(model: nn.Module, loader: DataLoader[tuple[Tensor, ...]]) -> tuple[float, float]:
    """(mean cross-entropy, share classified rightly) in eval mode."""
    model.eval()
    loss, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            scores = model(x)
            loss += F.cross_entropy(scores, y, reduction="sum").item()
            right += int((scores.argmax(1) == y).sum().item())
            seen += len(y)
    return loss / seen, right / seen


def _train_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: DataLoader[tuple[Tensor, ...]],
    kernels: list[nn.Parameter],
    spec: RunSpec,
) -> float:
    """Σ over the epoch's batches of data loss × images, while weights move."""
    model.train()
    running = 0.0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        (loss + _penalty(kernels, spec)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        running += loss.item() * len(y)
    return running


def _penalty(kernels: list[nn.Parameter], spec: RunSpec) -> Tensor:
    """λ₁ Σ|w| + (λ₂/2) Σw²."""
    l1, l2 = spec.penalty.l1, spec.penalty.l2
    terms = [torch.zeros(())]
    if l1:
        terms += [l1 * w.abs().sum() for w in kernels]
    if l2:
        terms += [l2 / 2 * (w**2).sum() for w in kernels]
    return torch.stack([term.to(terms[-1].dtype) for term in terms]).sum()


def _optimizer(spec: RunSpec, model: nn.Module) -> torch.optim.Optimizer:
    if spec.optim.name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=spec.optim.lr, momentum=spec.optim.momentum)
    return torch.optim.Adam(model.parameters(), lr=spec.optim.lr)


def _evaluated(train_set: TensorDataset, most: int, seed: int) -> TensorDataset:
    """The fixed part of the training images on which losses are measured: at most as many as validation has."""
    if len(train_set) <= most:
        return train_set
    generator = torch.Generator().manual_seed(seed_for(seed, "evaluated training images"))
    chosen = torch.randperm(len(train_set), generator=generator)[:most].sort().values
    return TensorDataset(*train_set[chosen])
