"""λΣ|w| added to the loss by hand: PyTorch has no L1 built in."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="torch-l1",
    label="PyTorch, L1 by hand",
    order=23,
    formula=r"\lambda \sum |w|",
    plain="λ·Σ|w|",
    tensors="the tensors that you sum over",
    reach="chosen",
    conversion=direct(l1="l1"),
    code="loss = loss + {l1} * sum(p.abs().sum() for p in weights)",
    source="Nothing built in as of torch 2.13; the sum executed by RegLab's tests.",
    help="A term in the loss; its subgradient steps do not reach exact zeros.",
)
