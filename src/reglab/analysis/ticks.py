"""Ticked rows as runs: a table widget knows positions, and rows come, go and hide while a tick belongs to a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def reconciled(ticked: Sequence[str], shown: Sequence[str], rows: Iterable[int]) -> tuple[str, ...]:
    """The ticked runs after ``rows`` of the ``shown`` runs are ticked: what is not shown keeps its tick.

    Runs ticked before come first, in their order, then new ones in the table's. Rows beyond the table are passed over.
    """
    now = {shown[row] for row in rows if 0 <= row < len(shown)}
    visible = set(shown)
    kept = [run for run in ticked if run in now or run not in visible]
    return (*kept, *(run for run in shown if run in now and run not in kept))


def positions(ticked: Iterable[str], shown: Sequence[str]) -> list[int]:
    """The rows of ``shown`` that are ticked, ascending."""
    wanted = set(ticked)
    return [row for row, run in enumerate(shown) if run in wanted]
