"""What every part of a spec is made of: its types of numbers, and the class of a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeGuard

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reglab.spec_errors import NO_NUMBER

MAX_SEED = 2**32 - 1


def _number(kind: str) -> BeforeValidator:
    """Refuse text and truth values where a number belongs: only what a person typed is converted, and elsewhere."""

    def check(value: Any) -> Any:
        if isinstance(value, bool | str):
            raise PydanticCustomError(NO_NUMBER, f"Input should be a valid {kind}")
        return value

    return BeforeValidator(check)


def _truth(value: Any) -> Any:
    if not isinstance(value, bool):
        raise PydanticCustomError("no_truth_value", "Input should be true or false")
    return value


Number = Annotated[float, _number("number")]
Whole = Annotated[int, _number("integer")]
Truth = Annotated[bool, BeforeValidator(_truth)]


Strength = Annotated[float, _number("number"), Field(ge=0, le=1e3)]
"""λ of a penalty term."""


class SpecPart(BaseModel):
    """A part of a spec."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def known_keys(cls) -> list[str]:
        """The keys that the part may have, for a sentence about one that it may not."""
        return list(cls.model_fields)

    @classmethod
    def owners(cls, key: str) -> list[str]:
        """The entries that have ``key`` where others do not."""
        return []


def is_map(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether ``value`` has keys."""
    return isinstance(value, Mapping)
