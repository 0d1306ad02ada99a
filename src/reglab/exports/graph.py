"""A network as the calls that a script writes; see :mod:`reglab.models.calls`."""

from __future__ import annotations

from torch import nn

from reglab.exports.entry import ExportError
from reglab.models import CannotFollow, Network, Shape, follow

__all__ = ["Network", "network"]


def network(model: nn.Module, shape: Shape) -> Network:
    """The calls of ``model`` for images of ``shape``, without those that do nothing.

    :raises ExportError: where ``forward`` cannot be followed.
    """
    try:
        return follow(model, shape)
    except CannotFollow as error:
        raise ExportError(f"This CNN cannot be written as a script: {error}") from None
