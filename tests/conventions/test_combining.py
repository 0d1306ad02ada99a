"""Several conventions at once: λ₂ = 3λ, terms of different kinds, coupled beside decoupled."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.conventions.strategies import PLAIN

from reglab.conventions import CONVENTIONS, Context, MissingContext, Part, combine, translate_parts
from reglab.errors import SpecError

W = torch.tensor([1.5, -0.7, 0.0, 0.3], dtype=torch.float64)


@pytest.mark.parametrize("lam", [0.1, 1e-4, 3.0])
def test_weight_decay_and_the_sum_of_squares_in_the_loss_are_three_lambda(lam: float) -> None:
    """The popular double: one SGD step with both equals one with (3λ/2)Σw² alone, by autograd."""
    target = torch.tensor([0.2, 0.4, -1.0, 2.0], dtype=torch.float64)

    def step(weight_decay: float, term: float) -> torch.Tensor:
        w = W.clone().requires_grad_()
        optimizer = torch.optim.SGD([w], lr=0.1, weight_decay=weight_decay)
        loss = ((w - target) ** 2).mean() + term * (w**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return w.detach()

    both = combine([Part("torch-sgd", lam), Part("sum-squares", lam)])
    assert both.meaning.l2 == pytest.approx(3 * lam, rel=1e-15)
    torch.testing.assert_close(step(lam, lam), step(0.0, both.meaning.l2 / 2), rtol=1e-14, atol=0)
    assert not torch.allclose(step(lam, lam), step(lam, 0.0))
    assert both.doubled
    assert "3 times" in both.sentence


def test_together_they_translate_as_their_sum() -> None:
    found = translate_parts([Part("torch-sgd", 0.1), Part("sum-squares", 0.1)], "keras-l2")
    assert found.exact
    assert found.values == pytest.approx({"l2": 0.15})
    assert "λ₂ = 0.1 + 0.2 = 0.3" in [step.equation for step in found.steps]
    twice = translate_parts([Part("keras-l2", 0.1), Part("keras-l2", 0.1)], "keras-l2")
    assert twice.values == pytest.approx({"l2": 0.2})


def test_l1_beside_l2_is_no_double() -> None:
    both = combine([Part("torch-sgd", 0.1), Part("torch-l1", 0.2)])
    assert (both.meaning.l1, both.meaning.l2) == (0.2, 0.1)
    assert not both.doubled
    assert "nothing is counted twice" in both.sentence
    assert translate_parts(both.parts, "keras-l1l2").values == {"l1": 0.2, "l2": 0.05}


def test_a_term_beside_a_decay_is_two_things() -> None:
    parts = [Part("keras-l2", 0.1), Part("keras-weight-decay", 0.3)]
    both = combine(parts)
    assert (both.meaning.l2, both.meaning.decay) == (0.2, 0.3)
    assert not both.doubled
    assert "two different things at once" in both.sentence
    for target in ("torch-adam", "torch-adamw", "keras-l2", "reglab", "reglab-decoupled"):
        assert not translate_parts(parts, target, Context(optimizer="adam", momentum=0)).exact
    plain = translate_parts(parts, "torch-sgd", PLAIN)
    assert plain.exact
    assert plain.values == pytest.approx({"weight_decay": 0.5})


def test_two_decays_add() -> None:
    both = combine([Part("torch-adamw", 0.1), Part("optax-adamw", 0.2)])
    assert both.meaning.decay == pytest.approx(0.3)
    assert both.doubled


def test_the_same_weights_have_one_optimizer() -> None:
    with pytest.raises(SpecError, match="PyTorch SGD and PyTorch AdamW have different optimizers"):
        combine([Part("torch-sgd", 0.1), Part("torch-adamw", 0.1)])


def test_nothing_is_refused() -> None:
    with pytest.raises(SpecError, match="at least one"):
        combine([])
    with pytest.raises(SpecError, match="not -1"):
        combine([Part("torch-sgd", 0.1), Part("keras-l2", -1)])
    with pytest.raises(MissingContext):
        combine([Part("torch-sgd", 0.1), Part("sklearn-ridge", 1)])
    with pytest.raises(SpecError, match="too large"):
        combine([Part("torch-sgd", 1.7e308), Part("keras-l2", 0.8e308)])


def test_one_alone_needs_no_sentence() -> None:
    alone = combine([Part("torch-sgd", 0.1)])
    assert (alone.sentence, alone.doubled) == ("", False)


@given(st.lists(st.tuples(st.sampled_from(["reglab", "keras-l2", "sum-squares", "torch-sgd"]), st.floats(0, 1e3))))
def test_order_does_not_matter(drawn: list[tuple[str, float]]) -> None:
    parts = [Part(name, value) for name, value in drawn] + [Part("keras-l2", 1.0)]
    there, back = combine(parts).meaning, combine(parts[::-1]).meaning
    assert there.l2 == pytest.approx(back.l2)
    assert there.l1 == pytest.approx(back.l1)
    alone = sum(CONVENTIONS.get(p.name).conversion.read(p.numbers, Context()).l2 for p in parts)
    assert there.l2 == pytest.approx(alone)
