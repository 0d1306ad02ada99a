"""How pages write names, numbers, times and runs: what a run trains, its progress, how it ended. No Streamlit.

Plain numbers and shares are those of :mod:`reglab.number_format`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import fmean
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reglab.datasets import DATASETS
from reglab.jobs import chance_of_run
from reglab.models import MODELS
from reglab.number_format import exact, fixed, percent, short
from reglab.optimizers import OPTIMIZERS
from reglab.spec import PenaltySpec, RunSpec
from reglab.store import Run

_RECENT = 5  # epochs whose mean length predicts the coming ones
_JOINER = "\N{WORD JOINER}"  # invisible, and no line breaks at it

# What Streamlit's Markdown rewrites after it has taken escapes away: icons and emoji (":name:"), bare addresses of
# pages and of people, and arrows. Backslashes do not help there; a joiner inside does.
_REWRITTEN = re.compile(
    r"""(?P<first> :(?=[\w+-]+[:/]) | https?:(?=//) | www(?=\.) | [\w.+-](?=@)
              | (?<!\S)[<>~-](?=[->=]{1,2}(?!\S)) )""",
    re.VERBOSE | re.IGNORECASE,
)


def literal(text: str) -> str:
    """``text`` escaped so that Markdown shows it as it is: people name things as they like."""
    joined = _REWRITTEN.sub(lambda found: found["first"] + _JOINER, text)
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:&" else c for c in joined)


def count_of(number: int, thing: str) -> str:
    """ "1 run", "12 runs"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def named(names: Sequence[str], most: int = 5) -> str:
    """For example "“a”, “b” and 3 more", safe in Markdown."""
    shown = [f"“{literal(name)}”" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


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


def local_time(moment: datetime, zone: str | None) -> str:
    """For example "2026-03-01 12:00:05 CET"; in UTC if ``zone`` is unknown."""
    try:
        local = moment.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        local = moment.astimezone(UTC)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}"


def penalty_text(penalty: PenaltySpec) -> str:
    """For example "λ₂ = 0.03", "λ₁ = 0.0001, λ₂ = 0.01 proximal", "no penalty"."""
    parts = [f"{symbol} = {exact(strength)}" for symbol, strength in penalty.symbols.items() if strength]
    mode = "" if penalty.apply == "coupled" else f" {penalty.apply}"
    return ", ".join(parts) + mode if parts else "no penalty"


def data_text(spec: RunSpec, images: int | None) -> str:
    """For example "Digits, 400 training images with 20 % wrong labels"; ``images``: None if not known."""
    number = f", {images:,} training images" if images else ""
    noise = f" with {percent(spec.data.label_noise, 0)} wrong labels" if spec.data.label_noise else ""
    return f"{dataset_label(spec.data.name)}{number}{noise}"


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
    return DATASETS.entries[name].label if name in DATASETS.entries else name


def model_label(name: str) -> str:
    """As :func:`dataset_label`, of a CNN."""
    return MODELS.entries[name].label if name in MODELS.entries else name


def facts(run: Run) -> str:
    """What the run trains, in one line: data, CNN, penalty, optimizer, device."""
    return " · ".join(filter(None, _facts(run)))


def common_facts(runs: Sequence[Run]) -> str:
    """What is the same in all ``runs``, in one line; the rest is in their names."""
    same = [texts[0] for texts in zip(*map(_facts, runs), strict=True) if texts[0] and len(set(texts)) == 1]
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


def share_done(run: Run) -> float:
    """(epochs done + share of the current one) / epochs, from 0 to 1; 1 for a run that is complete."""
    return 1.0 if run.state == "finished" else min((run.epoch + _within(run)) / max(run.epochs, 1), 1.0)


def seconds_left(run: Run, epoch_seconds: Sequence[float]) -> float | None:
    """Epochs still to do × mean length of the last five; before the first ends, from the steps done so far."""
    left = run.epochs - run.epoch - _within(run)
    recent = [s for s in epoch_seconds[-_RECENT:] if math.isfinite(s)]
    if recent:
        return left * fmean(recent)
    return run.seconds / _within(run) * left if _within(run) and run.epoch == 0 else None


def _within(run: Run) -> float:
    """The share of the current epoch that is done."""
    return run.step / run.steps if run.steps else 0.0


def progress_line(run: Run, epoch_seconds: Sequence[float], position: int | None) -> str:
    """One line on the progress of a run, whatever its state."""
    done = f"after {run.epoch} of {run.epochs} epochs, {duration(run.seconds)}"
    done = done if run.epoch else "before its first epoch"
    match run.state:
        case "queued":
            place = f", number {position} in the queue" if position else ""
            again = f" It goes on from epoch {run.epoch}." if run.epoch else ""
            return f"Waiting for a free slot{place}.{again}"
        case "running":
            return _running(run, epoch_seconds)
        case "finished":
            return _finished(run, done)
        case "cancelled":
            return f"Stopped {done}." if run.epoch or run.has_checkpoint else "Cancelled before it began."
        case "interrupted":
            return f"Interrupted {done}{_cause(run)}"
        case "failed":
            return f"Failed {done}."
        case "diverged":
            return f"Diverged {done}."


def _cause(run: Run) -> str:
    """What ended an interrupted run: the sentence of a lost process, or none where the server closed in good order."""
    return f". {run.error}" if run.error else ": the program ended while this run was training."


def _running(run: Run, epoch_seconds: Sequence[float]) -> str:
    at = f"Epoch {min(run.epoch + 1, run.epochs)} of {run.epochs}"
    if run.wanted == "stop":
        return f"{at}. Stopping, with a checkpoint…"
    if run.activity:
        return run.activity
    if not run.steps and not run.epoch:
        return "Preparing the data…"
    left = seconds_left(run, epoch_seconds)
    slow = left is None or (epoch_seconds and fmean(epoch_seconds[-_RECENT:]) > 3) or not epoch_seconds
    within = f", step {run.step} of {run.steps}" if run.step and slow else ""
    return f"{at}{within}." + (f" About {duration(left)} left." if left is not None else "")


def _finished(run: Run, done: str) -> str:
    nothing = f" {found}" if (found := learnt_nothing(run)) else ""
    if run.epoch < run.epochs:
        return f"Stopped early {done}: no lower validation loss since epoch {run.best_epoch}.{nothing}"
    best = f" Lowest validation loss in epoch {run.best_epoch}." if run.best_epoch else ""
    return f"Finished {run.epochs} epochs in {duration(run.seconds)}.{best}{nothing}"


def learnt_nothing(run: Run) -> str:
    """A sentence where the run's last validation accuracy is at chance; empty otherwise."""
    chance = chance_of_run(run)
    if run.last is None or chance is None or not chance.holds(run.last.val_acc):
        return ""
    return f"Nothing was learnt: its validation accuracy is at chance, {chance.text}."


def resume_text(run: Run) -> str:
    """What Resume would do."""
    if not run.has_checkpoint:
        return "Resume starts it from the beginning."
    return f"Resume continues from epoch {run.epoch}, with exactly the numbers of an uninterrupted run."


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
