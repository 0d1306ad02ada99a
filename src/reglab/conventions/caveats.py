"""Conditions under which a translated number does the same, part of the answer; and notes beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reglab.conventions.context import Context
from reglab.conventions.convention import Convention
from reglab.conventions.meaning import Meaning, figure

PLAIN_SGD = "the optimizer is plain SGD"
SAME_TENSORS = "both act on the same tensors"
OBJECTIVE = "it is the objective that counts, since adaptive optimizers rescale its gradient"
DECAY = "it is the decay that counts, since the rest of the step is another optimizer's"
HALF = "½·mean square error"


def conditions(
    sources: Sequence[Convention], target: Convention, parts: frozenset[str], crossed: bool, context: Context
) -> tuple[str, ...]:
    """Clauses after "exact if", for a meaning with ``parts``; ``crossed`` between objective and decay under plain SGD.

    Without a penalty there is nothing that could differ.
    """
    others = [source for source in sources if source.name != target.name]
    if not parts:
        return ()
    found = [clause for source in others for clause in _own_conditions(source, target, parts, context)]
    found += [PLAIN_SGD] * crossed
    found += [clause for source in others for clause in _shared_conditions(source, target)]
    return tuple(dict.fromkeys(found))


def _own_conditions(a: Convention, b: Convention, parts: frozenset[str], context: Context) -> Iterator[str]:
    """Conditions of either convention that the other does not share."""
    numbers = {name: value if isinstance(value, str) else figure(value) for name, value in context.given().items()}
    for one, other in ((a, b), (b, a)):
        for condition in one.conditions:
            if parts & condition.parts and condition not in other.conditions:
                yield condition.text.format_map(numbers)


def _shared_conditions(a: Convention, b: Convention) -> Iterator[str]:
    if a.data_loss and b.data_loss and a.data_loss != b.data_loss:
        yield f"the data loss changes with it, from {a.data_loss} to {b.data_loss}"
    elif a.data_loss != b.data_loss:
        yield f"the data loss is {a.data_loss or b.data_loss}"
    if {a.family, b.family} == {"sgd", "adaptive"}:
        yield DECAY if a.decoupled and b.decoupled else OBJECTIVE
    if differ_in_tensors(a, b):
        yield SAME_TENSORS


def differ_in_tensors(a: Convention, b: Convention) -> bool:
    """Whether the two may act on different tensors."""
    return a.tensors != b.tensors and (a.reach != b.reach or a.reach == "chosen")


def notes(sources: Sequence[Convention], target: Convention, meaning: Meaning) -> tuple[str, ...]:
    """Notes for a translation of ``meaning`` from ``sources`` to ``target``, each once."""
    others = [source for source in sources if source.name != target.name]
    own = [note for c in (*others, target) for note in c.notes] if others else []
    found = [note for source in others for note in _differences(source, target, meaning)]
    return tuple(dict.fromkeys([*found, *own]))


def _differences(a: Convention, b: Convention, meaning: Meaning) -> Iterator[str]:
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
        yield "The objective is the same; adaptive optimizers rescale its gradient, so the steps to its minimum differ."
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
