"""What the command line prints: lines for people, or JSON objects for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reglab.cli import streams
from reglab.events import EpochDone, Event, Started
from reglab.number_format import fixed, percent, short
from reglab.spec import RunSpec
from reglab.states import label_of


@dataclass
class Output:
    """Print to standard output; where it cannot be written, training continues, and ``lost`` is set."""

    as_json: bool
    epochs: int = 0
    lost: bool = False

    def listen(self, event: Event) -> None:
        """One line for each epoch."""
        if isinstance(event, Started):
            self.epochs = event.epochs
        if isinstance(event, EpochDone):
            m = event.metrics
            record = asdict(m)
            self.print(
                {"l1": m.l1, "l2": m.l2, **record.pop("penalties"), **record},
                f"epoch {m.epoch:>{len(str(self.epochs))}}/{self.epochs}  train loss {fixed(m.train_loss, 4)}  "
                f"validation loss {fixed(m.val_loss, 4)}  gap {fixed(m.gap_loss, 4, sign=True)}  "
                f"validation accuracy {percent(m.val_acc, 2)}",
            )

    def result(self, result: dict[str, Any]) -> None:
        """The last line: the run's result object, or its figures one a line."""
        figures = {**result["metrics"]}
        best = figures.pop("best") or {}
        facts = [(name, short(value, 6)) for name, value in figures.items()]
        facts += [("best", ", ".join(f"{name} {short(value, 6)}" for name, value in best.items()))] if best else []
        names = ("seconds", "device", "weights", "best_weights", "error", "missing")
        facts += [(name, result[name]) for name in names if result[name]]
        if result["learnt"] is False:
            chance = percent(result["chance"]["accuracy"], 0)
            facts.append(("learnt", f"nothing: validation accuracy is at chance, {chance}"))
        facts += [("on purpose", text)] if (text := RunSpec.parse(result["spec"]).on_purpose) else []
        facts += [("data", remark) for remark in result["data_remarks"]]
        facts += [("machine", result["machine_remark"])] if result["machine_remark"] else []
        width = max(11, *(len(name) for name, _ in facts))
        first = f"{result['name']} ({result['run']}): {status_of(result)}"
        self.print(result, "\n".join([first, *(f"  {name:<{width}} {fact}" for name, fact in facts)]))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Lines for people, the cells of each column under each other."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.note("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def note(self, line: str) -> None:
        """A line for people; JSON has none."""
        if not self.as_json:
            self.print({}, line)

    def print(self, record: dict[str, Any], line: str) -> None:
        text = json.dumps(_plain(record), ensure_ascii=False, allow_nan=False) if self.as_json else line
        self.lost |= not streams.write(text)


def status_of(result: dict[str, Any]) -> str:
    """The state as people read it; JSON has the state's own name."""
    return label_of(result["status"], began=result["seconds"] > 0)


def _plain(value: Any) -> Any:
    """``value`` with NaN and infinities as strings ("NaN", "Infinity", "-Infinity"): JSON has no such numbers."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
