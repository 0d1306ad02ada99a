"""Groups of the table of runs: by sweep, CNN or λ, each figure as mean ± standard error over seeds.

The figures of all runs are one frame, read once; grouping and ordering them are array operations. Over J seeds the
standard error is s/√J, s with J − 1, of each seed's mean over the group's settings (ESL 7.10). It is NaN for a single
seed, and where the seeds have different settings: the spread over λ is no error. Folds and blocks count as seeds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import Connection, LargeBinary, Text, cast, select

from reglab.lazy import later
from reglab.number_format import exact
from reglab.spec.penalty import penalty_keys, penalty_symbol
from reglab.store import run_table_columns as t
from reglab.store.run_filter import DEMO_GROUPS, SWEEP_GROUPS
from reglab.store.run_table import RunOrder, figure_columns, weight_figures
from reglab.store.schema import sweeps

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
else:
    np = later("numpy")

GroupBy = Literal["sweep", "cnn", "lambda"]
GROUPINGS: tuple[GroupBy, ...] = get_args(GroupBy)

GROUP, LAMBDAS, SETTING, REPEAT = "group", "lambdas", "setting", "repeat"
NO_LAMBDA = "0"
"""The key of the runs without a penalty."""

_TEXTS = (t.RUN, t.STATE, t.MODEL, GROUP, "spec")
_MEANS = tuple(name for name in t.FIGURES if name not in (t.BEST_EPOCH, t.BEST_ACC_EPOCH))
"""The figures of a group; a mean of epochs would name an epoch that no run has."""

_SEEDS = (("train", "seed"), ("data", "seed"), ("data", "fold"), ("data", "block"))
_NO_STRENGTHS = ("apply", "scope", "factors")


@dataclass(frozen=True)
class RunGroup:
    """A row of the grouped table: ``runs`` by id, in the order of the table, and their figures.

    ``single``: a run that belongs to no sweep or group, by itself. ``seeds``: how many different ones the runs have.
    ``means`` and ``errors`` are by column; NaN for none. ``counts`` says how many runs each mean is over. ``choice`` is
    what a sweep chooses, where a page has judged it.
    """

    by: GroupBy
    key: str
    label: str
    runs: tuple[str, ...]
    seeds: int
    means: Mapping[str, float]
    errors: Mapping[str, float]
    counts: Mapping[str, int]
    states: Mapping[str, int]
    choice: str = ""

    @property
    def single(self) -> bool:
        return self.by == "sweep" and self.runs == (self.key,)

    def record(self) -> dict[str, Any]:
        """For JSON: each figure's mean under its name, its error as ``…_se`` (None for none), its runs as ``…_n``."""
        figures: dict[str, Any] = {}
        for name in _MEANS:
            mean, error = (None if np.isnan(value) else value for value in (self.means[name], self.errors[name]))
            figures |= {name: mean, f"{name}_se": error, f"{name}_n": self.counts[name]}
        own = {"group": self.key, "by": self.by, "label": self.label, "n": len(self.runs), "seeds": self.seeds}
        return {**own, "runs": list(self.runs), "states": dict(self.states), "figures": figures}


def run_figures(connection: Connection, tests: Mapping[str, float], only: Sequence[str] | None = None) -> pd.DataFrame:
    """What groups follow from, of all runs (or those in the states ``only``) that are not deleted, by their ids.

    GROUP is the group or the id, LAMBDAS and SETTING are texts, REPEAT is the seed; :data:`FIGURES <t.FIGURES>` follow.
    """
    import pandas as pd

    as_text = LargeBinary if connection.dialect.name == "sqlite" else Text
    names, query = figure_columns(lambda column: cast(column, as_text), only)
    rows = connection.execute(query).all()
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    texts = {name: [_text(value) for value in columns.pop(name)] for name in _TEXTS}
    ids, weights = texts[t.RUN], weight_figures(connection, None if only is None else texts[t.RUN])
    figures = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    own = np.array([weights.get(run, (np.nan, np.nan)) for run in ids], dtype=np.float64).reshape(-1, 2)
    figures |= {t.WEIGHT_NORM: own[:, 0], t.ZERO_SHARE: own[:, 1]}
    figures[t.TEST_ACC] = np.array([tests.get(run, np.nan) for run in ids], dtype=np.float64)
    facts = [_facts(text) for text in texts.pop("spec")]
    keys = dict(zip((LAMBDAS, SETTING, REPEAT), zip(*facts, strict=True), strict=True)) if facts else {}
    texts[GROUP] = [group or run for group, run in zip(texts[GROUP], ids, strict=True)]
    own_keys = {name: list(keys.get(name, ())) for name in (LAMBDAS, SETTING, REPEAT)}
    return pd.DataFrame({**texts, **own_keys, **figures}).set_index(t.RUN)


@dataclass(frozen=True, eq=False)
class RunGroups:
    """All groups of the table, by their ``keys`` in its order; :meth:`at` makes rows of those that are shown."""

    by: GroupBy
    keys: tuple[str, ...]
    _rows: NDArray[np.str_]
    _states: NDArray[np.str_]
    _members: Mapping[str, NDArray[np.int64]]
    _places: Mapping[str, int]
    _seeds: NDArray[np.int64]
    _tables: Mapping[str, _Table]

    def at(self, keys: Iterable[str]) -> list[RunGroup]:
        """The groups with these keys, in this order, without those that are not there."""
        return [self._group(key) for key in keys if key in self._members]

    def _group(self, key: str) -> RunGroup:
        place, mine = self._places[key], self._members[key]
        states = self._states[mine].tolist()
        means, errors, counts = (
            {name: table[part][place].item() for name, table in self._tables.items()} for part in range(3)
        )
        runs, number = tuple(self._rows[mine].tolist()), {one: states.count(one) for one in dict.fromkeys(states)}
        return RunGroup(self.by, key, key, runs, int(self._seeds[place]), means, errors, counts, number)


def groups_of(figures: pd.DataFrame, ids: Sequence[str], by: GroupBy, order: RunOrder) -> RunGroups:
    """The groups of the runs ``ids``, in the order of the table: by a figure's mean, else by their first run.

    ``figures``: :func:`run_figures`; runs that it lacks are left out.
    """
    import pandas as pd

    places = figures.index.get_indexer(pd.Index(ids))
    rows = figures.take(places[places >= 0])
    codes, found = rows[{"sweep": GROUP, "cnn": t.MODEL, "lambda": LAMBDAS}[by]].factorize()
    keys, count = [str(key) for key in found], len(found)
    repeats, settings = rows[REPEAT].factorize()[0], rows[SETTING].factorize()[0]
    tables = {name: _table(codes, repeats, settings, rows[name].to_numpy(), count) for name in _MEANS}
    by_group = np.argsort(codes, kind="stable")
    members = np.split(by_group, np.cumsum(np.bincount(codes, minlength=count))[:-1]) if count else []
    return RunGroups(
        by,
        tuple(keys[place] for place in _ordered(tables, order, count)),
        rows.index.to_numpy(dtype=str),
        rows[t.STATE].to_numpy(dtype=str),
        dict(zip(keys, members, strict=True)),
        {key: place for place, key in enumerate(keys)},
        _distinct(codes, count, repeats),
        tables,
    )


_Table = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.int64]"]


def _table(codes: NDArray[Any], repeats: NDArray[Any], settings: NDArray[Any], values: Any, count: int) -> _Table:
    """Mean, standard error over repeats and number of the finite ``values`` of each of ``count`` groups."""
    known = np.isfinite(values)
    codes, repeats, settings, values = codes[known], repeats[known], settings[known], values[known]
    number = np.bincount(codes, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(codes, values, count) / number
        pairs, inverse = np.unique(_combined(codes, repeats), return_inverse=True)
        of_repeat = np.bincount(inverse, values) / np.bincount(inverse)
        owner = _first(pairs, repeats)
        seeds = np.bincount(owner, minlength=count)
        centre = np.bincount(owner, of_repeat, count) / seeds
        spread = np.bincount(owner, (of_repeat - centre[owner]) ** 2, count)
        error = np.sqrt(spread / (seeds - 1) / seeds)
    crossed = _distinct(codes, count, repeats, settings) == seeds * _distinct(codes, count, settings)
    return mean, np.where(crossed & (seeds > 1), error, np.nan), number


def _distinct(codes: NDArray[Any], count: int, *others: NDArray[Any]) -> NDArray[np.int64]:
    """How many different combinations of ``others`` each group has."""
    combinations = np.unique(_combined(codes, *others))
    for other in reversed(others):
        combinations = _first(combinations, other)
    return np.bincount(combinations, minlength=count)


def _combined(*codes: NDArray[Any]) -> NDArray[np.int64]:
    """One number for each combination of ``codes``, numbers from 0 on: sorted much faster than rows."""
    whole = codes[0].astype(np.int64)
    for code in codes[1:]:
        whole = whole * _size(code) + code
    return whole


def _first(combined: NDArray[np.int64], last: NDArray[Any]) -> NDArray[np.int64]:
    """What :func:`_combined` combined with ``last``."""
    return combined // _size(last)


def _size(codes: NDArray[Any]) -> int:
    return int(codes.max(initial=0)) + 1


def _ordered(tables: Mapping[str, _Table], order: RunOrder, count: int) -> list[int]:
    """The places of the groups: by the mean of the figure in ``order``, else as they come."""
    if order.column not in tables:
        return list(range(count))
    means = tables[order.column][0]
    values = np.where(np.isnan(means), np.inf, -means if order.descending else means)
    return [int(place) for place in np.argsort(values, kind="stable")]


def named(connection: Connection, by: GroupBy, keys: Iterable[str]) -> dict[str, str]:
    """Key of a group → its name: a sweep's own, Demo, the λ with its symbol, the CNN's key."""
    wanted = list(keys)
    if by == "lambda":
        return {key: lambda_label(key) for key in wanted}
    ids = [key.removeprefix(SWEEP_GROUPS) for key in wanted if key.startswith(SWEEP_GROUPS)] if by == "sweep" else []
    found = connection.execute(select(sweeps.c.id, sweeps.c.name).where(sweeps.c.id.in_(ids))).all() if ids else []
    names = {SWEEP_GROUPS + row.id: row.name for row in found}
    return {key: names.get(key, "Demo" if key.startswith(DEMO_GROUPS) else key) for key in wanted}


def lambda_label(key: str) -> str:
    """A key of LAMBDAS with symbols, for example "λ₁ = 1e-4, λ₂ = 0.01 proximal"."""
    if "=" not in key:
        return "no penalty" if key == NO_LAMBDA else "unknown"
    terms, _, mode = key.partition(" ")
    known = penalty_keys()
    parts = [one.split("=") for one in terms.split(",")]
    text = ", ".join(f"{penalty_symbol(name) if name in known else name} = {value}" for name, value in parts)
    return f"{text} {mode}".rstrip()


@lru_cache(maxsize=16_384)
def _facts(text: str) -> tuple[str, str, str]:
    """λ ("l1=1e-4,l2=0.01 proximal"), the settings without seeds, and the seeds, of a spec as it is stored.

    A spec that cannot be read is a setting by itself.
    """
    try:
        spec = json.loads(text)
        penalty = spec["penalty"]
        repeat = repr([spec[part].pop(name, None) for part, name in _SEEDS])
        strengths = {key: float(value) for key, value in penalty.items() if key not in _NO_STRENGTHS}
        mode = penalty.get("apply", "coupled")
        lambdas = ",".join(f"{key}={exact(value)}" for key, value in strengths.items() if value)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "?", text, ""
    named = f"{lambdas} {mode}" if lambdas and mode != "coupled" else lambdas or NO_LAMBDA
    return named, json.dumps(spec, sort_keys=True), repeat


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
