"""What a link of the Data page names: the view, the dataset and the settings of its data.

``/data?view=preview&dataset=mnist_5k&data.train_size=200``. Links are typed and edited by hand, so a bad value costs
itself alone. Settings of other parts of the spec are kept for "Train on this". Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from reglab.datasets.usual import usual_for
from reglab.errors import shown
from reglab.spec import RunSpec
from reglab.ui.shared.query import best_effort
from reglab.ui.shared.spec_fields import check_names

View = Literal["catalogue", "preview", "health"]
VIEW, DATASET = "view", "dataset"
_NAME = "data.name"


@dataclass(frozen=True)
class Shown:
    """The view on screen, and the spec whose data it shows."""

    view: View = "catalogue"
    spec: RunSpec = field(default_factory=RunSpec.fresh)


DEFAULT = Shown()
_USUAL = DEFAULT.spec.to_query()


def owns(key: str) -> bool:
    """Whether the page owns the parameter ``key``."""
    return key in (VIEW, DATASET) or ("." in key and key.partition(".")[0] in RunSpec.PARTS)


def read(query: Mapping[str, str], repeated: Sequence[str] = ()) -> tuple[Shown | None, str | None]:
    """What ``query`` asks for, None where it asks for nothing; and a sentence on what of it could not be read.

    A link with a dataset or a setting and without a view is one to the preview.
    """
    settings = {key: value for key, value in query.items() if "." in key}
    if DATASET in query:
        settings = {_NAME: query[DATASET], **settings}
    problems, view = list(repeated), "preview" if settings else DEFAULT.view
    if VIEW in query:
        wanted = next((one for one in get_args(View) if one == query[VIEW]), None)
        view = wanted or view
        problems += [] if wanted else [f"view cannot be {shown(query[VIEW])}."]
    spec, unread = best_effort({**_USUAL, **settings}, check_names)
    if settings.keys() == {_NAME}:
        spec = usual_for(spec.data.name)
    asked = bool(settings) or VIEW in query
    return (Shown(view, spec) if asked else None), " ".join([*problems, *unread]) or None


def query_of(what: Shown) -> dict[str, str]:
    """The query of a view; what is as usual is not in it, and nothing but the view where that shows every dataset."""
    if what.view == "catalogue":
        return {}
    every = {**dict.fromkeys(_USUAL, "0"), **what.spec.to_query()}
    settings = {key: value for key, value in every.items() if key != _NAME and _USUAL.get(key) != value}
    return {VIEW: what.view, DATASET: what.spec.data.name, **settings}
