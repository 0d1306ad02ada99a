"""What must hold for a translated number to do the same: it is part of the answer, not a note below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reglab.conventions.context import Context
from reglab.conventions.convention import Convention
from reglab.conventions.meaning import figure

PLAIN_SGD = "the optimizer is plain SGD"
SAME_TENSORS = "both act on the same tensors"
OBJECTIVE = "it is the objective that counts, since Adam and its kin rescale its gradient"
DECAY = "it is the decay that counts, since the step beside it is another optimizer's"


def conditions(
    sources: Sequence[Convention], target: Convention, parts: frozenset[str], crossed: bool, context: Context
) -> tuple[str, ...]:
    """Clauses after "exact if", for a meaning with ``parts``; ``crossed`` between objective and decay under plain SGD.

    Without a penalty there is nothing that could differ.
    """
    others = [source for source in sources if source.name != target.name]
    if not parts:
        return ()
    found = [clause for source in others for clause in _own(source, target, parts, context)]
    found += [PLAIN_SGD] * crossed
    found += [clause for source in others for clause in _between(source, target)]
    return tuple(dict.fromkeys(found))


def _own(a: Convention, b: Convention, parts: frozenset[str], context: Context) -> Iterator[str]:
    """Conditions of either convention that the other does not share."""
    numbers = {name: value if isinstance(value, str) else figure(value) for name, value in context.given().items()}
    for one, other in ((a, b), (b, a)):
        for condition in one.conditions:
            if parts & condition.parts and condition not in other.conditions:
                yield condition.text.format_map(numbers)


def _between(a: Convention, b: Convention) -> Iterator[str]:
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
