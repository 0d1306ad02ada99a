"""The methods paragraph of a sweep, for a paper: every condition under which its figures hold. Pure text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reglab import __version__
from reglab.content.confirm_text import ConfirmedFigures, opened_text
from reglab.content.epoch_view import EpochView
from reglab.content.run_text import count_of, dataset_label, model_label, optimizer_text
from reglab.content.verdict_lines import difference_text, figure, named_point, zero_text
from reglab.datasets import DATASETS
from reglab.datasets.label_noise import class_number, confusion_map
from reglab.number_format import exact, exact_percent, percent, short
from reglab.spec import DataSpec, RunSpec
from reglab.sweep import EpochRule, SweepSpec
from reglab.sweep_values import values_text

_RULES: Mapping[EpochRule, str] = {
    "last": "every run counted at its last epoch",
    "best": "every run counted at the epoch of its lowest validation loss",
    "common": "all runs of a λ counted at the epoch of their lowest mean validation loss among those that all reached",
}
_CORRECTIONS = {
    "bootstrap bias correction": "by bootstrap bias correction over the validation images (Tsamardinos et al. 2018)",
    "Tibshirani and Tibshirani": "over folds (Tibshirani & Tibshirani 2009)",
}

_VALIDATION = {"data.val_fraction", "data.val_size"}
_NUMBER_OF_IMAGES = {"data.train_size", "data.train_share", "data.imbalance", "data.val_fraction"}


def methods_text(view: EpochView, environment: Mapping[str, Any]) -> str:
    """One paragraph: data, network, optimizer, λ, repeats, epoch rule, criterion, tests, results and versions.

    ``environment`` is the record of one run: image counts, versions, threads.
    """
    parts = (
        _data(view.spec, environment),
        _training(view.spec.run),
        _sweep(view.spec),
        _choice(view),
        _tests(view),
        *_results(view),
        _versions(environment),
    )
    return " ".join(filter(None, parts)).replace("\u202f", " ")


def _wrong(data: DataSpec, *, swept: bool) -> str:
    if swept:
        kind = data.noise_kind.replace("_", "-")
        return f"with {kind} label noise" + (f" ({_by_class(data, 'as given')})" if kind != "symmetric" else "")
    if data.noise_kind == "symmetric":
        return f"{exact_percent(data.label_noise)} of them with a wrong label"
    named = data.noise_kind == "asymmetric" or data.noise_by_class
    return f"with {data.noise_label}" + (f" ({_by_class(data, exact_percent(data.label_noise))})" if named else "")


def _by_class(data: DataSpec, others: str) -> str:
    """Which classes are confused, or which share of each has wrong labels: "3 → 8, 5 → 6", "3: 50 %, others: 10 %"."""
    entry = DATASETS.find(data.name)
    if entry is None or data.digest not in (None, entry.digest):  # its classes are not known here
        return "by class"
    if data.noise_kind == "asymmetric":
        if not data.noise_map and not entry.confusions:
            return "each class → the next"
        pairs = confusion_map(data, entry).items()
        return ", ".join(f"{entry.classes[c]} → {entry.classes[wrong]}" for c, wrong in pairs)
    named = {class_number(name, "data.noise_by_class", entry): share for name, share in data.noise_by_class.items()}
    each = [f"{entry.classes[c]}: {exact_percent(share)}" for c, share in sorted(named.items())]
    each += [f"others: {others}"] if named and len(named) < len(entry.classes) else []
    return ", ".join(each) or "the same share of each class"


def _data(spec: SweepSpec, known: Mapping[str, Any]) -> str:
    data = spec.shared_data
    train, val, pool, test = (int(known.get(name) or 0) for name in ("n_train", "n_val", "n_pool", "n_test"))
    swept = "data.label_noise" in spec.over
    noise = f", {_wrong(data, swept=swept)}" if data.has_label_noise or swept else ""
    noise += f" ({data.label})" if data.label else ""
    images = f"{train:,}" if train else str(spec.run.data.train_size or "all")
    images = f"{images} images"
    if axes := [axis.symbol for axis in spec.axes if axis.key in _NUMBER_OF_IMAGES]:
        images = f"images, as many as the {' and '.join(axes)} gives,"
    text = f"Networks were trained on {images} of {dataset_label(data.name)}{noise}"
    blocks = f"one of {spec.blocks} disjoint blocks of {pool // spec.blocks:,} of " if spec.blocks else ""
    drawn = f", both drawn stratified from {blocks}{pool:,} images" if pool else ""
    if (data.uneven or "data.imbalance" in spec.over) and pool:
        drawn = f", both drawn from {blocks}{pool:,} images, those of validation stratified"
    if data.validation == "own":
        drawn = ", the validation part of the dataset"
    others = "others" if _VALIDATION & spec.over.keys() else f"{val:,} others"
    text += f", and validated on {others}{drawn}." if val else "."
    if test:
        kept = "the official test images" if known.get("test_source") == "official" else "stratified and fixed"
        text += f" {test:,} images were locked away beforehand as a test part ({kept})."
    return text


def _training(run: RunSpec) -> str:
    train, other = run.train, run.regularize
    patience = count_of(train.patience, "epoch")
    stop = f", stopped after {patience} without a lower validation loss" if train.patience else ""
    extra = ["a global-pooling head"] * (run.model.head == "pool")
    extra += [f"dropout {exact(run.model.dropout)}"] * bool(run.model.dropout)
    extra += [f"label smoothing {exact(other.label_smoothing)}"] * bool(other.label_smoothing)
    extra += [f"mixup {exact(other.mixup)}"] * bool(other.mixup)
    extra += ["class weights ω_c = n/(C·n_c) in the loss"] * (train.class_weights == "balanced")
    extra += [f"max-norm {exact(other.max_norm or 0.0)}"] * (other.max_norm is not None)
    extra += [f"augmentation {other.augment}"] * (other.augment != "none")
    beside = f", {', '.join(extra)}" if extra else ""
    schedule = f", {run.optim.schedule} schedule" if run.optim.schedule != "constant" else ""
    return (
        f"The network was {model_label(run.model.name)} ({train.precision}), trained with {optimizer_text(run)}"
        f"{schedule}, batch size {train.batch_size}, for {count_of(train.epochs, 'epoch')}{stop}{beside}."
    )


def _sweep(spec: SweepSpec) -> str:
    axes = " and ".join(f"{axis.symbol} = {values_text(axis.values)}" for axis in spec.axes)
    own = spec.run.penalty
    fixed = [f"{symbol} = {exact(value)}" for symbol, value in own.symbols.items() if value]
    swept = {axis.symbol for axis in spec.axes}
    beside = [text for text in fixed if text.split(" = ")[0] not in swept]
    also = f" beside {', '.join(beside)}" if beside else ""
    modes = " and ".join(spec.applies)
    kind = {"seed": "seed", "block": "disjoint stratified block", "fold": "stratified fold"}[spec.repeated_over]
    over = count_of(spec.repeats, kind)
    seeds = f" (from {spec.run.train.seed})" if spec.repeated_over == "seed" else ""
    return (
        "The objective was J = mean cross-entropy + λ₁Σ|w| + (λ₂/2)Σw² over the "
        f"{own.scope.replace('+', ' and ')}, with {axes}{also}, {modes} penalty, repeated over {over}{seeds}; all λ "
        "of a repeat shared initial weights, split and batches."
    )


def _choice(view: EpochView) -> str:
    top = "highest" if view.measure == "accuracy" else "lowest"
    rule = view.judgement.declared
    declared = view.spec.measure
    other = "" if view.measure == declared else f" The measure that was declared beforehand is the {declared}."
    return (
        f"λ was chosen by the {top} mean validation {view.measure}, with {_RULES[rule]} (epoch rule “{rule}”, declared "
        f"beforehand); λ with diverged runs or at chance were excluded.{other}"
    )


def _tests(view: EpochView) -> str:
    if view.spec.repeats < 3:
        return ""
    own = view.spec.run.data.validation == "own"
    about = ", about the dataset's own validation images alone" if own else ""
    text = (
        f"Differences to {zero_text(view.spec)} are means of paired differences with 95 % intervals "
        f"d̄ ± t(J − 1)·s·√(1/J + r), r = {short(view.judgement.overlap, 3)} (Nadeau & Bengio 2003){about}; p values "
        "are two-sided and adjusted for the number of λ by flipping signs over repeats (max-T)."
    )
    corrected = view.judgement.corrected
    return f"{text} The figure at the choice was corrected {_CORRECTIONS[corrected.method]}." if corrected else text


def _results(view: EpochView) -> list[str]:
    """The choice with its figures, early stopping alone, and the confirmation."""
    judgement, best = view.judgement, view.judgement.best
    if best is None:
        return ["No λ was chosen."]
    mean = figure(best.mean, best.error, best.measure)
    texts = [f"Chosen: {named_point(view.spec, best.best)}, validation {view.measure} {mean}"]
    if judgement.corrected:
        texts[0] += f" (corrected {figure(judgement.corrected.value, None, best.measure)})"
    if best.paired is not None:
        count = f", better in {best.paired.better_in} of {best.paired.repeats} repeats"
        texts[0] += f"; against {zero_text(view.spec)} {difference_text(best.paired)}{count}"
    texts[0] += "."
    if judgement.rival is not None:
        mean = figure(judgement.rival.figure.mean, judgement.rival.error, best.measure)
        texts.append(f"Early stopping alone ({zero_text(view.spec)} at its best epochs) reached {mean}.")
    if (check := view.rate_check) is not None:
        rates = " and ".join(exact(one.rate) for one in check.others)
        texts.append(f"The same values were also trained at learning rates {rates}. {check.text}")
    if view.confirmed is not None and view.confirmed.figures:
        texts.append(_confirmation(view.spec, view.confirmed))
    return texts


def _confirmation(spec: SweepSpec, found: ConfirmedFigures) -> str:
    each = ", ".join(
        f"{named_point(spec, point)}: {percent(own.test_acc)} [{percent(own.low)}, {percent(own.high)}]"
        for point, own in zip(found.points, found.figures, strict=True)
    )
    own, zero = found.figures[0], zero_text(spec)
    apart = [
        f"{named_point(spec, point)} less {zero}: {difference_text(one)}"
        for point, one in zip(found.points, found.differences, strict=True)
        if one is not None
    ]
    paired = f" Differences on the test part, paired by seed and image (bootstrap over both): {', '.join(apart)}."
    were = "was" if len(found.points) == 1 else "were"
    return (
        f"For confirmation, {count_of(len(found.points), 'λ value')} {were} retrained on "
        f"{count_of(own.seeds, 'fresh seed')} and evaluated on the {own.images:,} test images (test part "
        f"{opened_text(found)}), with 95 % Wilson intervals: {each}.{paired if apart else ''}"
    )


def _versions(known: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in (known.get("versions") or {}).items())
    device = f" on {known['device']}" if known.get("device") else ""
    return f"Software: RegLab {__version__}{device}, with {versions}." if versions else ""
