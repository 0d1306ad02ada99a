"""The JSON records of an archive: what it says of itself, of each run and of each sweep; unknown keys are refused.

JSON here has no NaN, no ∞ and no key twice. Texts are those that the store would take: no control characters, and as
long as a page allows. Records hold ended runs only, because a queued one would start to train where it arrives.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from reglab.errors import RegLabError, clipped, shown
from reglab.states import ENDED, State
from reglab.store.files import is_plain
from reglab.store.labels import MOST_COLOURS, checked_name, checked_note, checked_tags, printable

FORMAT: Literal["reglab-archive"] = "reglab-archive"
VERSION = 1

_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)  # names that Windows keeps for devices


class ArchiveError(RegLabError):
    """The archive is damaged, hostile, or of a newer version; or it cannot be written."""


def _id(text: str) -> str:
    if not is_plain(text) or len(text) > 16 or _DEVICES.fullmatch(text):
        raise ValueError("is not an id")
    return text


def _line(text: str) -> str:
    if printable(text) != text or len(text) > 4_000:
        raise ValueError("has control characters, or more than 4,000 characters")
    return text


def _as_the_store_takes_it(check: Any) -> Any:
    def checked(value: Any) -> Any:
        try:
            same = type(value)(check(value)) == value
        except RegLabError as error:
            raise ValueError(str(error)) from None
        if not same:
            raise ValueError("has control characters, doubles, or blanks around it")
        return value

    return checked


def _state(text: str) -> str:
    if text not in ENDED:
        raise ValueError(f"is none of {', '.join(sorted(ENDED))}")
    return text


Id = Annotated[str, AfterValidator(_id)]
Line = Annotated[str, AfterValidator(_line)]
Name = Annotated[str, AfterValidator(_as_the_store_takes_it(checked_name))]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Seconds = Annotated[float, Field(ge=0)]


class Record(BaseModel):
    """A strict JSON object."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Member(Record):
    """Size in bytes and SHA-256 of a member."""

    size: Count
    sha256: Sha256


class Manifest(Record):
    """What is in an archive; ``members`` are all others by name."""

    format: Literal["reglab-archive"]
    version: int
    reglab: Line
    runs: tuple[Id, ...]
    sweeps: tuple[Id, ...]
    members: dict[str, Member]


class Environment(Record):
    """Where a run's bits come from, see :class:`reglab.events.Environment`; those of earlier versions have less."""

    device: Line = ""
    threads: Count = 1
    versions: dict[Line, Line] = {}
    parameters: Count = 0
    n_train: Count = 0
    n_val: Count = 0
    advance: Line = "alone"
    train_labels: tuple[Count, ...] = ()
    val_labels: tuple[Count, ...] = ()
    n_pool: Count = 0
    n_test: Count = 0
    test_sha256: Line = ""
    test_source: Line = "none"
    cpu: Line = ""
    cpu_capability: Line = ""
    earlier: tuple[Line, ...] = ()


class RunRecord(Record):
    """A run without its figures; ``layers`` names its weight tensors, ``keeps`` the weights that it ends with."""

    id: Id
    name: Name
    state: Annotated[State, AfterValidator(_state)]
    spec: dict[str, Any]
    created: AwareDatetime
    queued: AwareDatetime
    started: AwareDatetime | None
    ended: AwareDatetime | None
    seconds: Seconds
    environment: Environment | None
    device: Line | None
    threads: Count | None
    error: Line | None
    epoch: Count
    steps: Count
    best_epoch: Count | None
    keeps: Literal["weights", "best"] | None
    weights_sha256: Sha256 | None
    group: Name | None
    tags: Annotated[tuple[str, ...], AfterValidator(_as_the_store_takes_it(checked_tags))]
    note: Annotated[str, AfterValidator(_as_the_store_takes_it(checked_note))]
    colour: Annotated[int, Field(ge=0, lt=MOST_COLOURS)] | None
    layers: tuple[Line, ...]


class Opening(Record):
    """One evaluation of a test part."""

    dataset: Line
    test_sha256: Sha256
    images: Count
    opened: AwareDatetime


class Confirms(Record):
    """What a sweep confirms, see :class:`reglab.store.Confirmation`."""

    sweep: Id
    rule: Literal["last", "best", "common"]
    shift: Count
    seeds: Annotated[int, Field(ge=1, lt=2**31)]
    test_sha256: Sha256
    roles: tuple[tuple[Literal["best", "one_se", "best_by_accuracy", "best_by_loss", "zero", "added"], ...], ...]
    epochs: tuple[Count, ...]
    measure: Literal["val_loss", "val_acc"]


class How(Record):
    """How groups of lanes advance, see :class:`reglab.training.ExecutionMode`."""

    fused: bool
    fused_evaluation: bool = False
    wide_evaluation: bool = False


class Execution(Record):
    """How a sweep is executed, see ``reglab.jobs.sweep_plan.Plan``; floats may be NaN or ∞."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=True)

    stacks: tuple[tuple[Count, ...], ...]
    how: How
    together: Annotated[int, Field(ge=1, lt=2**31)]
    workers: Annotated[int, Field(ge=1, lt=2**31)]
    speedup: float
    difference: float | None
    seconds: float
    reason: Line | None = None


class SweepRecord(Record):
    """A sweep without its runs; ``plan`` is JSON text, NaN and ±∞ included, ``checks`` the sweep whose η it checks."""

    id: Id
    name: Name
    spec: dict[str, Any]
    created: AwareDatetime
    plan: str | None
    seconds: Seconds
    error: Line | None
    confirms: Confirms | None
    checks: Id | None
    opening: Opening | None
    runs: tuple[Id, ...]


R = TypeVar("R", bound=Record)


def read_record(kind: type[R], data: bytes, name: str) -> R:
    """The record in the member ``name``.

    :raises ArchiveError: it is anything else.
    """
    try:
        values = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
        return kind.model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(clipped(str(part)) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise ArchiveError(f"{name} of the archive is wrong: {where or 'it'}: {what[:1].lower()}{what[1:]}.") from None
    except (ValueError, RecursionError) as error:
        raise ArchiveError(
            f"{name} of the archive is no JSON of RegLab's: {clipped(str(error)).rstrip('.')}."
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{shown(text)} is no JSON number")
