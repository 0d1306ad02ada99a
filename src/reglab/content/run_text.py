"""How pages and reports write names, numbers and runs: what a run trains, what it is called in legends, its look.

Plain numbers and shares are those of :mod:`reglab.number_format`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from reglab.charts import RunIdentity
from reglab.datasets import DATASETS
from reglab.jobs import chance_of_run
from reglab.models import MODELS
from reglab.number_format import exact, fixed, short
from reglab.optimizers import OPTIMIZERS
from reglab.spec import PenaltySpec, RunSpec
from reglab.store import Run


def count_of(number: int, thing: str) -> str:
    """ "1 run", "12 runs"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def loss(value: float | None) -> str:
    """A loss with three significant digits; "–" if there is none, "not finite" if it is no number."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not finite"
    return fixed(value, max(2 - math.floor(math.log10(abs(value))), 0)) if abs(value) >= 1e-3 else short(value, 3)


def duration(seconds: float) -> str:
    """For example "4 s", "3 min 20 s", "2 h 5 min"; begun seconds count."""
    whole = math.ceil(max(seconds, 0))
    minutes, s = divmod(whole, 60)
    hours, m = divmod(minutes, 60)
    if hours:
        return f"{hours} h {m} min"
    return f"{m} min {s} s" if m else f"{s} s"


def penalty_text(penalty: PenaltySpec) -> str:
    """For example "λ₂ = 0.03", "λ₁ = 0.0001, λ₂ = 0.01 proximal", "no penalty"."""
    parts = [f"{symbol} = {exact(strength)}" for symbol, strength in penalty.symbols.items() if strength]
    mode = "" if penalty.apply == "coupled" else f" {penalty.apply}"
    return ", ".join(parts) + mode if parts else "no penalty"


def data_text(spec: RunSpec, images: int | None) -> str:
    """For example "Digits, 400 training images with 20 % wrong labels"; ``images``: None if not known."""
    number = f", {images:,} training images" if images else ""
    noise = f" with {spec.data.noise_label}" if spec.data.noise_label else ""
    knobs = f", {spec.data.label}" if spec.data.label else ""
    return f"{dataset_label(spec.data.name)}{number}{noise}{knobs}{class_weights_text(spec)}"


def class_weights_text(spec: RunSpec) -> str:
    """What follows the data where classes have weights; else empty."""
    return ", class weights in the loss" if spec.train.class_weights != "none" else ""


def optimizer_text(spec: RunSpec) -> str:
    """For example "Adam, learning rate 0.001" or "SGD, momentum 0.5, learning rate 0.1", without defaults."""
    entry = OPTIMIZERS.get(spec.optim.name)
    named = [entry.label]
    for key in (*sorted(entry.uses), *entry.own_settings):
        about, value = entry.settings.model_fields[key], getattr(spec.optim, key)
        if value != about.default:
            title = str(about.title)
            named.append(title if value is True else f"{title[:1].lower()}{title[1:]} {exact(value)}")
    return ", ".join([*named, f"learning rate {exact(spec.optim.lr)}"])


def optimizer_label(name: str) -> str:
    """As :func:`dataset_label`, of an optimizer."""
    return OPTIMIZERS.entries[name].label if name in OPTIMIZERS.entries else name


def dataset_label(name: str) -> str:
    """The name on pages; the key itself where no registry has it (any more)."""
    entry = DATASETS.find(name)
    return entry.label if entry else name


def model_label(name: str) -> str:
    """As :func:`dataset_label`, of a CNN."""
    return MODELS.entries[name].label if name in MODELS.entries else name


def facts(run: Run, *, device: bool = True) -> str:
    """What the run trains, in one line: data, CNN, penalty, optimizer, and the device."""
    return " · ".join(filter(None, _facts(run) if device else _facts(run)[:-1]))


def common_facts(runs: Sequence[Run], *, device: bool = True) -> str:
    """What is the same in all ``runs``, in one line; the rest is in their names."""
    every = zip(*(_facts(run) if device else _facts(run)[:-1] for run in runs), strict=True)
    same = [texts[0] for texts in every if texts[0] and len(set(texts)) == 1]
    return "In common: " + " · ".join(same) if same else "These runs have neither data, CNN nor optimizer in common."


def _facts(run: Run) -> tuple[str, ...]:
    """Data, CNN, penalty, optimizer, device; empty where not known yet."""
    spec = run.spec
    return (
        data_text(spec, (run.environment or {}).get("n_train") or spec.data.train_size),
        model_label(spec.model.name),
        penalty_text(spec.penalty),
        optimizer_text(spec),
        f"{run.device}, {run.threads} thread{'s' if run.threads != 1 else ''}" if run.device else "",
    )


def learnt_nothing(run: Run) -> str:
    """A sentence where the run's last validation accuracy is at chance; empty otherwise."""
    chance = chance_of_run(run)
    if run.last is None or chance is None or not chance.holds(run.last.val_acc):
        return ""
    return f"Nothing was learnt: its validation accuracy is at chance, {chance.text}."


def labels(runs: Sequence[Run]) -> dict[str, str]:
    """Run id → a short name for legends: the λ where only λ differs, else the part of the name that does."""
    same_but_penalty = len({run.spec.model_copy(update={"penalty": PenaltySpec()}).model_dump_json() for run in runs})
    lambdas = [penalty_text(run.spec.penalty) for run in runs]
    if len(runs) > 1 and same_but_penalty == 1 and len(set(lambdas)) == len(runs):
        return {run.id: text for run, text in zip(runs, lambdas, strict=True)}
    # the names without the parts that all of them have, which stand between " · "
    parts = [run.name.split(" · ") for run in runs]
    common = set(parts[0]).intersection(*parts[1:]) if len(parts) > 1 else set()
    short = [" · ".join(part for part in own if part not in common) for own in parts]
    short = short if all(short) else [run.name for run in runs]
    short = [name if len(name) <= 32 else name[:31] + "…" for name in short]
    return {
        run.id: name if short.count(name) == 1 else f"{name} ({run.id[:4]})"
        for run, name in zip(runs, short, strict=True)
    }


def identity_of(run: Run, label: str) -> RunIdentity:
    """What the look of ``run`` follows from, under the name ``label``; λ counts inside a sweep only."""
    strength = sum(run.spec.penalty.strengths.values()) if run.sweep is not None else None
    return RunIdentity(run.id, label, run.colour, strength)


def equal_ratios_are_rest(spec: RunSpec) -> bool:
    """Whether weights rest where both gradients are equally large; see :mod:`reglab.training.gradient_ratio`."""
    return spec.penalty.apply == "coupled" or OPTIMIZERS.get(spec.optim.name).is_plain(spec.optim)
