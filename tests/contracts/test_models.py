"""What every CNN of the registry promises, checked for each entry with each of its switches."""

from __future__ import annotations

import copy
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from reglab.errors import SpecError
from reglab.models import MODELS, Shape, build, check_model, set_dropout_generator, summarise
from reglab.spec import Head, ModelSpec

HEADS: tuple[Head, ...] = ("dense", "pool")
SHAPES: list[Shape] = [(1, 8, 8), (1, 16, 16), (1, 28, 28), (3, 32, 32)]
SPECS = (
    [ModelSpec(name=name) for name in MODELS.names()]
    + [
        ModelSpec(name=entry.name, dropout=0.5, batch_norm="batch_norm" in entry.switches)
        for entry in MODELS.entries.values()
        if entry.switches
    ]
    + [ModelSpec(name=entry.name, head="pool") for entry in MODELS.entries.values() if "head" in entry.switches]
)

every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.name}-{s.dropout}-{s.batch_norm}-{s.head}")
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda s: "x".join(map(str, s)))


def images(shape: Shape, n: int = 4) -> Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(7))


def logits(model: nn.Module, x: Tensor) -> Tensor:
    y = model(x)
    assert isinstance(y, Tensor)
    return y


def loss(model: nn.Module, x: Tensor) -> Tensor:
    return cross_entropy(logits(model, x), torch.arange(len(x)))


def ready(spec: ModelSpec, shape: Shape, classes: int = 10, seed: int = 0) -> nn.Module:
    model = build(spec, shape, classes, seed)
    set_dropout_generator(model, torch.Generator().manual_seed(seed))
    return model


def same_bits(a: nn.Module, b: nn.Module) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


@every_shape
@every_spec
def test_maps_images_to_one_logit_a_class(spec: ModelSpec, shape: Shape) -> None:
    check_model(spec, shape)
    y = logits(ready(spec, shape, classes=7), images(shape))
    assert y.shape == (4, 7)
    assert y.dtype == torch.float32
    assert y.isfinite().all()


@every_spec
def test_adapts_to_every_size_up_to_224_pixels(spec: ModelSpec) -> None:
    smallest = MODELS.get(spec.name).min_side
    assert smallest <= 8
    if spec.dropout:
        return  # dropout changes no shape
    sides = (*range(smallest, 18), 28, 31, 32, 33, 47, 63, 64, 95, 96, 97, 224)
    shapes = [(1 + side % 4, side, side) for side in sides] + [
        (1, smallest, 30),
        (2, 30, smallest),
        (3, 224, smallest),
        (3, 96, 224),
    ]
    for shape in shapes:
        assert summarise(spec, shape, 5).layers[-1].output == (5,)


@pytest.mark.parametrize(("name", "head"), [(spec.name, spec.head) for spec in SPECS if spec.dropout == 0])
def test_gives_logits_of_an_image_of_224_pixels(name: str, head: Head) -> None:
    spec, shape = ModelSpec(name=name, head=head), (3, 224, 224)
    if summarise(spec, shape, 3).weight_bytes > 2**28:  # dense layers as large as this are what the form warns of
        assert "head" in MODELS.get(name).switches
        return
    y = logits(build(spec, shape, 3, 0).eval(), images(shape, 1))
    assert y.shape == (1, 3)
    assert y.isfinite().all()


@pytest.mark.parametrize("name", [e.name for e in MODELS.entries.values() if "head" in e.switches])
def test_a_pooled_head_does_not_grow_and_begins_as_the_dense_one_but_for_its_first_layer(name: str) -> None:
    pooled = [summarise(ModelSpec(name=name, head="pool"), (3, side, side), 10).parameters for side in (32, 224)]
    assert pooled[0] == pooled[1] < summarise(ModelSpec(name=name), (3, 32, 32), 10).parameters
    dense, pool = (build(ModelSpec(name=name, head=head), (1, 28, 28), 10, 3).state_dict() for head in HEADS)
    assert dense.keys() == pool.keys()
    assert all(torch.equal(dense[key], pool[key]) for key in dense if key.startswith("conv"))


def test_a_cnn_without_the_switch_refuses_another_head() -> None:
    with pytest.raises(SpecError, match=r"Softmax regression has no other head; set model.head to dense or choose one"):
        check_model(ModelSpec(name="linear", head="pool"), (1, 28, 28))


@every_shape
@every_spec
def test_the_gradient_reaches_every_parameter(spec: ModelSpec, shape: Shape) -> None:
    model = ready(spec, shape)
    loss(model, images(shape, 8)).backward()  # type: ignore[no-untyped-call]
    dead = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


@every_spec
def test_trains_at_its_smallest_size(spec: ModelSpec) -> None:
    side = MODELS.get(spec.name).min_side
    model = ready(spec, (1, side, side), classes=2)
    loss(model, images((1, side, side), 2)).backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@every_spec
def test_evaluation_repeats_and_draws_nothing(spec: ModelSpec) -> None:
    model = build(spec, (1, 8, 8), 10, 0).eval()  # with no dropout generator: it must not need one
    x = images((1, 8, 8))
    assert torch.equal(logits(model, x), logits(model, x))


@every_spec
def test_evaluation_judges_every_image_alone(spec: ModelSpec) -> None:
    model, x = build(spec, (1, 8, 8), 10, 0).eval(), images((1, 8, 8))
    alone = torch.cat([logits(model, row[None]) for row in x])
    torch.testing.assert_close(logits(model, x), alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", [e.name for e in MODELS.entries.values() if "dropout" in e.switches])
def test_the_dropout_switch_changes_training_and_not_evaluation(name: str) -> None:
    shape = (1, 8, 8)
    plain, dropping = ready(ModelSpec(name=name), shape), ready(ModelSpec(name=name, dropout=0.5), shape)
    x = images(shape)
    assert same_bits(plain, dropping)
    assert not torch.allclose(logits(plain, x), logits(dropping, x))
    assert not torch.equal(logits(dropping, x), logits(dropping, x))
    plain, dropping = ready(ModelSpec(name=name), shape).eval(), ready(ModelSpec(name=name, dropout=0.5), shape).eval()
    assert torch.equal(logits(plain, x), logits(dropping, x))


@pytest.mark.parametrize("name", [e.name for e in MODELS.entries.values() if "batch_norm" in e.switches])
def test_the_batch_norm_switch_adds_batch_norms(name: str) -> None:
    def norms(spec: ModelSpec) -> int:
        return sum(isinstance(m, nn.BatchNorm2d) for m in build(spec, (1, 8, 8), 10, 0).modules())

    assert norms(ModelSpec(name=name)) == 0
    assert norms(ModelSpec(name=name, batch_norm=True)) > 0


@pytest.mark.parametrize("name", MODELS.names())
def test_has_batch_norm_tells_the_truth(name: str) -> None:
    model = build(ModelSpec(name=name), (1, 8, 8), 10, 0)
    assert any(isinstance(m, nn.BatchNorm2d) for m in model.modules()) == MODELS.get(name).has_batch_norm


@every_spec
def test_a_seed_fixes_every_bit(spec: ModelSpec) -> None:
    first = build(spec, (1, 8, 8), 10, 2**32 - 1)
    torch.rand(3)  # wherever the process-wide generator stands
    assert same_bits(first, build(spec, (1, 8, 8), 10, 2**32 - 1))
    assert not same_bits(first, build(spec, (1, 8, 8), 10, 1))


@every_spec
def test_a_seed_fixes_every_bit_in_any_thread(spec: ModelSpec) -> None:
    seeds = [0, 1] * 2
    alone = {seed: build(spec, (1, 8, 8), 10, seed) for seed in set(seeds)}
    with ThreadPoolExecutor(len(seeds)) as pool:
        beside = list(pool.map(lambda seed: build(spec, (1, 8, 8), 10, seed), seeds))
    assert all(same_bits(alone[seed], model) for seed, model in zip(seeds, beside, strict=True))


@every_spec
def test_no_process_wide_generator_moves(spec: ModelSpec) -> None:
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # type: ignore[index]
    model = ready(spec, (1, 8, 8))
    logits(model.train(), images((1, 8, 8)))
    summarise(spec, (1, 8, 8), 7)  # a number of classes that no other test asks for: nothing is known of it yet
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert np.array_equal(before[2], np.random.get_state()[1])  # type: ignore[index]


@every_spec
def test_weights_come_back_from_a_state_dict(spec: ModelSpec) -> None:
    shape, x = (1, 8, 8), images((1, 8, 8))
    trained = ready(spec, shape)
    logits(trained, x)  # moves the statistics of batch norms
    restored = build(spec, shape, 10, 99)
    restored.load_state_dict(copy.deepcopy(trained.state_dict()))
    assert torch.equal(logits(trained.eval(), x), logits(restored.eval(), x))


@every_shape
@every_spec
def test_the_memory_layout_does_not_change_the_function(spec: ModelSpec, shape: Shape) -> None:
    model, x = build(spec, shape, 10, 0).eval(), images(shape)
    contiguous = logits(model, x)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    turned = logits(model, x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(turned, contiguous, atol=1e-5, rtol=1e-5)


@every_spec
def test_double_precision_starts_from_the_same_numbers(spec: ModelSpec) -> None:
    single = dict(build(spec, (1, 8, 8), 10, 0).named_parameters())
    double = build(spec, (1, 8, 8), 10, 0).double()
    assert all(torch.equal(single[name].double(), p) for name, p in double.named_parameters())
    assert logits(double.eval(), images((1, 8, 8)).double()).dtype == torch.float64


@every_shape
@every_spec
def test_the_summary_is_the_real_count(spec: ModelSpec, shape: Shape) -> None:
    model, summary = build(spec, shape, 10, 0), summarise(spec, shape, 10)
    assert summary == summarise(model, shape, 10)
    assert summary.parameters == sum(p.numel() for p in model.parameters())
    assert summary.parameters == sum(row.parameters for row in summary.layers)
    assert summary.weight_bytes == sum(t.nbytes for t in [*model.parameters(), *model.buffers()])


@every_spec
def test_parameters_have_readable_names(spec: ModelSpec) -> None:
    for name, _ in build(spec, (1, 8, 8), 10, 0).named_parameters():
        assert not name.split(".")[0].isdecimal(), f"{name} does not say which layer it is"


@pytest.mark.parametrize("name", MODELS.names())
def test_tells_a_person_what_it_is(name: str) -> None:
    entry = MODELS.get(name)
    assert entry.name == name
    for text in (entry.about, entry.source):
        assert text.endswith(".")
    assert 0 < len(entry.label) <= 30
    assert len({e.order for e in MODELS.entries.values()}) == len(MODELS.entries)
