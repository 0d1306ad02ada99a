"""Texts that write λΣw², without ½."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="sum-squares",
    label="λΣw² in a text or a loss",
    order=90,
    formula=r"\lambda \sum w^2",
    plain="λ·Σw², without ½",
    tensors="the weights that are summed, in many texts all",
    reach="chosen",
    conversion=direct(l2="lambda", half=False),
    code="loss = loss + {lambda} * sum((p ** 2).sum() for p in weights)",
    source="Widespread in courses and code; executed with autograd by RegLab's tests.",
    help="Its gradient is 2λw, twice that of (λ/2)Σw².",
)
