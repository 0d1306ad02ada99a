"""What a run was trained with, as rows of a table: machine, versions, images, seeds."""

from __future__ import annotations

from reglab.number_format import exact
from reglab.store import Run

Row = tuple[str, str]


def environment_rows(run: Run) -> list[Row]:
    """What is recorded of machine, versions, images and seeds; seeds alone before the run has begun."""
    known, spec = run.environment or {}, run.spec
    rows = [("Device", f"{run.device}, {_threads(run.threads)}")] if run.device else []
    cpu, capability = known.get("cpu"), known.get("cpu_capability")
    if cpu:
        rows.append(("CPU", f"{cpu} ({capability})" if capability else cpu))
    if known.get("earlier"):
        rows.append(("Trained before on", ", then ".join(known["earlier"])))
    rows += [(name, str(version)) for name, version in sorted(known.get("versions", {}).items())]
    if known.get("advance"):
        rows.append(("Execution", str(known["advance"])))
    if known.get("parameters"):
        rows.append(("Parameters", f"{known['parameters']:,}"))
    if known.get("n_train"):
        rows.append(("Images", f"{known['n_train']:,} training, {known['n_val']:,} validation"))
    if known.get("n_test"):
        rows.append(("Locked test part", f"{known['n_test']:,} images ({known['test_source']})"))
    rows += [("Seed of data", str(spec.data.seed)), ("Seed of training", str(spec.train.seed))]
    if run.weights_sha256:
        rows.append(("SHA-256 of weights", run.weights_sha256))
    return rows


def _threads(number: int | None) -> str:
    return f"{exact(number or 1)} thread{'' if number == 1 else 's'}"
