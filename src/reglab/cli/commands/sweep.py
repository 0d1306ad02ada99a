"""``reglab sweep``: a sweep over λ or other settings of one spec, in worker processes of this command."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import Any

from reglab.cli.command import Command, read_spec, spec_arguments
from reglab.cli.output import Output
from reglab.cli.streams import complain
from reglab.columns import MEASURES
from reglab.errors import SpecError, clipped, shown
from reglab.number_text import read_named
from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.spec_text import scalar
from reglab.sweep import MOST_REPEATS, SweepSpec
from reglab.sweep_axes import read_setting
from reglab.sweep_values import parse_values

_LIST = "0,1e-4,1e-3 or 1e-4:1e-1:9 (9 values at equal ratios), also mixed; '0,001;0,01' for decimal commas"
_DEFAULT = "0,1e-4:1e-1:8"
_REPEATS = ("seeds", "folds", "blocks")


def _arguments(parser: argparse.ArgumentParser) -> None:
    spec_arguments(parser)
    add = parser.add_argument
    add("--l2", metavar="LIST", help=f"values of λ₂: {_LIST}; default: {_DEFAULT}")
    add("--l1", metavar="LIST", help="values of λ₁, written likewise; λ₂ is then 0 unless set; with --l2: a grid")
    add("--lambda", dest="lambdas", metavar="LIST", help="values of an elastic net's λ")
    add("--l1-ratio", metavar="RHO", help="with --lambda: λ₁ = ρλ, λ₂ = (1 − ρ)λ")
    add(
        "--over",
        metavar="KEY=LIST",
        action="append",
        default=[],
        help="values of any numeric setting, e.g. optim.lr=1e-4:1e-2:5 or model.dropout=0,0.3,0.5; beside λ or alone; "
        "can be repeated: one or two axes in all, λ counting as one",
    )
    add("--apply", metavar="MODES", help="penalty modes, e.g. coupled,decoupled")
    add("--seeds", metavar="N", help="repeat with N seeds; default: 3")
    add("--folds", metavar="K", help="repeat over K stratified folds instead")
    add("--blocks", metavar="J", help="repeat over J disjoint stratified blocks of the images instead (overlap r = 0)")
    rules = "last: the last one; best: each run's of lowest validation loss; common: of lowest mean loss over repeats"
    add("--epoch", metavar="RULE", help=f"epoch at which runs count: {rules}; default: best with early stopping")
    first, *_ = MEASURES
    about = f"validation figure that λ is chosen by; default: {first}"
    add("--measure", choices=tuple(MEASURES), default=first, help=about)
    add(
        "--confirm",
        metavar="N",
        help="then train the best λ, the 1-SE choice, the best λ by the other measure and λ = 0 on N fresh seeds, "
        "and open the test part once",
    )
    add(
        "--check-lr",
        action="store_true",
        help="then train the same values at a third and at three times the learning rate, and say whether the choice "
        "moves; takes twice as long as the sweep",
    )


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.training import train_sweep
    from reglab.datasets import pinned
    from reglab.jobs import check_sweep, check_test_part, rate_check_spec, size_remark
    from reglab.store import open_store

    spec, settings, seeds = _spec(arguments), load_settings(), _fresh_seeds(arguments.confirm)
    check_sweep(spec, settings)
    if remark := size_remark(spec.run):
        complain(remark)
    if seeds is not None:
        check_test_part(spec)
    if arguments.check_lr:
        check_sweep(rate_check_spec(spec), settings)
    with open_store(settings) as store:
        sweep = store.create(pinned(spec), name=arguments.name, owner=store.owner())
        return train_sweep(store, settings, sweep, output, check_lr=arguments.check_lr, seeds=seeds)


def _fresh_seeds(text: str | None) -> int | None:
    """The number after ``--confirm``."""
    if text is None:
        return None
    seeds = scalar(text)
    if not isinstance(seeds, int) or isinstance(seeds, bool) or not 2 <= seeds <= MOST_REPEATS:
        raise SpecError(f"--confirm takes 2 to {MOST_REPEATS} fresh seeds, not {shown(text)}; 10 are usual.")
    return seeds


def _spec(arguments: argparse.Namespace) -> SweepSpec:
    run = read_spec(arguments.spec)
    if arguments.spec is None and arguments.l1 is not None:
        run = run.with_changes({"penalty.l2": 0.0})
    run = run.with_assignments(arguments.set)
    values: dict[str, Any] = {"run": run.model_dump(), "over": _over(arguments.over, run), "measure": arguments.measure}
    lists = [("l1", "--l1", "λ₁"), ("l2", "--l2", "λ₂"), ("lambdas", "--lambda", "λ")]
    given = [(key, option, symbol) for key, option, symbol in lists if getattr(arguments, key) is not None]
    for key, option, symbol in given:
        try:
            values[key] = parse_values(getattr(arguments, key), symbol)
        except SpecError as error:
            raise SpecError(f"{option}: {error}") from None
    if not given and not values["over"]:
        values["l2"] = parse_values(_DEFAULT)
    if arguments.l1_ratio is not None:
        values["l1_ratio"] = read_named(arguments.l1_ratio, "--l1-ratio")
    if arguments.apply is not None:
        values["apply"] = tuple(mode.strip() for mode in arguments.apply.split(","))
    if arguments.epoch is not None:
        values["epoch"] = arguments.epoch
    repeats = {name: scalar(text) for name in _REPEATS if (text := getattr(arguments, name)) is not None}
    if len(repeats) > 1:
        raise SpecError(f"A sweep repeats over {' or over '.join(f'--{name}' for name in repeats)}, not both.")
    return SweepSpec.parse({**values, **(repeats or {"seeds": 3})})


def _over(assignments: Sequence[str], run: RunSpec) -> dict[str, tuple[float, ...]]:
    """Dotted key → values of each ``KEY=LIST``."""
    over: dict[str, tuple[float, ...]] = {}
    for text in assignments:
        key, equals, listed = (part.strip() for part in text.partition("="))
        if not equals:
            raise SpecError(f"--over: cannot read {shown(key)}; write KEY=LIST, e.g. optim.lr=1e-4:1e-2:5.")
        if key in over:
            raise SpecError(f"--over: {clipped(key)} is given twice; keep one of the two lists.")
        try:
            over[key] = parse_values(listed, key, most=math.inf, whole=read_setting(key, run).whole)
        except SpecError as error:
            raise SpecError(f"--over: {error}") from None
    return over


ENTRY = Command("sweep", "train a sweep over λ or other settings, over seeds, blocks or folds", 15, _arguments, _run)
