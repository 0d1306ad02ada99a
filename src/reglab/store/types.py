"""Column types that keep what SQL loses: NaN and ±∞, time zones, and histogram counts as compressed blobs.

A stored value that a type cannot read raises :class:`UnreadableValue`: SQLite accepts any value in any column, and a
newer version may write what this one does not know.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import JSON, DateTime, Dialect, Double, LargeBinary
from sqlalchemy.types import TypeDecorator, TypeEngine

from reglab.errors import StoreError, shown
from reglab.lazy import later

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = later("numpy")

T = TypeVar("T")


class UnreadableValue(StoreError):
    """A stored ``value`` that is not ``what`` its column holds, "a time" for example."""

    def __init__(self, value: object, what: str) -> None:
        self.fault = f"holds {shown(value)} where {what} belongs"
        super().__init__(f"The store {self.fault}.")


class Checked(TypeDecorator[T]):
    """A type decorator whose reading fails with :class:`UnreadableValue`."""

    impl: Any = Double  # SQLAlchemy wants one; every subclass has its own
    cache_ok = True
    what = "a value"

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], T | None]:
        process = super().result_processor(dialect, coltype)

        def read(value: Any) -> Any:
            try:
                return value if process is None else process(value)
            except (ValueError, TypeError, OverflowError, AttributeError, RecursionError, zlib.error):
                raise UnreadableValue(value, self.what) from None

        return read


class _AnyReal(Double[float]):
    """SQLite's REAL, bound as it comes: SQLAlchemy would turn the text 'NaN' back into a float."""

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


class Real(Checked[float]):
    """A float64 that comes back as it went in, NaN and ±∞ included; None stays NULL. (SQLite forgets the sign of −0.)

    PostgreSQL's double precision holds all of them. SQLite turns a NaN into NULL, so there it is the text 'NaN', which
    sorts above every number, as PostgreSQL sorts NaN.
    """

    impl = Double
    cache_ok = True
    what = "a number"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(_AnyReal() if dialect.name == "sqlite" else Double())

    def process_bind_param(self, value: float | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        number = float(value)
        return "NaN" if dialect.name == "sqlite" and math.isnan(number) else number

    def process_result_value(self, value: Any, dialect: Dialect) -> float | None:
        return None if value is None else float(value)


class Measured(Real):
    """A float64 that may not have been measured: NaN is kept as NULL, and NULL comes back as NaN."""

    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> Any:
        return None if value is None or math.isnan(value) else super().process_bind_param(value, dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> float:
        return math.nan if value is None else float(value)


class Utc(Checked[datetime]):
    """An aware datetime, always UTC; SQLite keeps it as text without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True
    what = "a time"

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(Checked[Any]):
    """JSON; None is NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True
    what = "JSON"


class Counts(Checked["NDArray[np.int64]"]):
    """Histogram counts as zlib-compressed little-endian int64: 1.4 kB become 0.1 to 0.3 kB."""

    impl = LargeBinary
    cache_ok = True
    what = "compressed histogram counts"

    def process_bind_param(self, value: NDArray[np.int64] | None, dialect: Dialect) -> bytes | None:
        return None if value is None else pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> NDArray[np.int64] | None:
        return None if value is None else unpack(value)


def pack(counts: NDArray[np.int64]) -> bytes:
    """``counts`` (any integer type, one axis) as compressed little-endian int64."""
    return zlib.compress(np.ascontiguousarray(counts, dtype="<i8").tobytes(), 1)


def unpack(blob: bytes) -> NDArray[np.int64]:
    """The counts that :func:`pack` packed, as a writable native int64 array."""
    return np.frombuffer(zlib.decompress(blob), dtype="<i8").astype(np.int64)
