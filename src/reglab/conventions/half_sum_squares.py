"""Texts that write (λ/2)Σw²."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="half-sum-squares",
    label="(λ/2)Σw² in a text or a loss",
    order=91,
    formula=r"\frac{\lambda}{2} \sum w^2",
    plain="(λ/2)·Σw²",
    tensors="the weights that are summed, in many texts all",
    reach="chosen",
    conversion=direct(l2="lambda"),
    code="loss = loss + {lambda} / 2 * sum((p ** 2).sum() for p in weights)",
    source="Widespread, e.g. Bishop 2006, equation 1.4; executed with autograd by RegLab's tests.",
    help="Its gradient is λw: the ½ is there so that no 2 appears.",
)
