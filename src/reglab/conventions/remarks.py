"""What an exact number does not tell: other tensors, another data loss, clipping, adaptive steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reglab.conventions.conditions import differ_in_tensors
from reglab.conventions.convention import Convention
from reglab.conventions.meaning import Meaning

HALF = "½·mean square error"


def remarks(sources: Sequence[Convention], target: Convention, meaning: Meaning) -> tuple[str, ...]:
    """Notes for a translation of ``meaning`` from ``sources`` to ``target``, each once."""
    others = [source for source in sources if source.name != target.name]
    own = [note for c in (*others, target) for note in c.notes] if others else []
    found = [note for source in others for note in _between(source, target, meaning)]
    return tuple(dict.fromkeys([*found, *own]))


def _between(a: Convention, b: Convention, meaning: Meaning) -> Iterator[str]:
    if differ_in_tensors(a, b):
        yield f"Which tensors: {a.label} acts on {a.tensors}; {b.label} on {b.tensors}. Set both on the same ones."
    if a.data_loss != b.data_loss:
        yield from _data_losses(a, b)
    terms = bool(meaning.l1 or meaning.l2) and not (a.decoupled or b.decoupled)
    if terms and a.in_loss != b.in_loss:
        inside, outside = (a, b) if a.in_loss else (b, a)
        yield (
            f"The printed loss of {inside.label} contains the penalty, that of {outside.label} does not; gradient "
            "clipping sees the penalty only where it is in the loss."
        )
    if terms and "adaptive" in (a.family, b.family) and a.family != b.family:
        yield "The objective is the same; Adam and its kin rescale its gradient, so the steps to its minimum differ."
    if a.decoupled and b.decoupled and {a.family, b.family} == {"sgd", "adaptive"}:
        yield "The decay is the same share each step; the rest of the step is another optimizer's."


def _data_losses(a: Convention, b: Convention) -> Iterator[str]:
    if a.data_loss and b.data_loss:
        yield f"The data losses differ: {a.data_loss} in {a.label}, {b.data_loss} in {b.label}."
        return
    named, other = (a, b) if a.data_loss else (b, a)
    if named.data_loss != HALF:
        yield f"The data loss is {named.data_loss}, as in {named.label}."
        return
    change = "doubles the λ of" if named is a else "halves the λ for"
    whose = other if named is a else named
    yield (
        f"The data loss is {HALF}, as in {named.label}; a mean square error without ½, such as torch's MSELoss and "
        f"Keras's mse, {change} {whose.label}."
    )
