"""Names that come with imported images, of the set and of its classes, are text on every page: never markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_sweep, spec
from tests.jobs.running import work
from tests.pages.browsing import prose, visit
from tests.pages.sweeps import SMALL, figures

from reglab.datasets import imported, pinned
from reglab.datasets.set_files import SetWriter
from reglab.settings import Settings
from reglab.store import Store
from reglab.ui.shared.services import close_services

MARKUP = "*zz* <u>zz</u> [zz](http://example.org) $zz$ :red[zz] %{x}"
RAW = re.compile(r"(?<!\\)\*zz|<u>zz|(?<!\\)\[zz|(?<!\\)\$zz")
"""What a page says of such a name where it takes it for markup; Plotly's texts and HTML have the second alone."""

TAG = re.compile(r"<u>zz")
PAGES = (
    "train?dataset=odd", "sweep?data.name=odd", "data", "data?dataset=odd", "data?dataset=odd&view=health", "runs",
    "train?runs={0}", "train?runs={0},{1}", "inspect?run={0}&view=errors", "inspect?run={0}&view=errors&errors=classes",
    "inspect?run={0}&view=errors&errors=memorised", "inspect?run={0}&view=errors&errors=confusion",
    "inspect?run={0}&view=try", "inspect?run={0}&view=environment", "compare?runs={0},{1}&view=errors",
    "compare?runs={0},{1}&view=differences", "train?runs={0}&present=1", "sweep?sweep={2}", "sweep?sweep={2}&present=1",
)  # fmt: skip


def page() -> None:
    """The page that the parameter ``page`` names."""
    import importlib

    import streamlit as st

    name = st.query_params["page"]
    del st.query_params["page"]
    getattr(importlib.import_module(f"reglab.ui.{name}.page"), f"{name}_page")()


@pytest.fixture(name="ids")
def _ids(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Two trained runs and a sweep on a set whose names are markup."""
    monkeypatch.setattr(imported, "_places", [settings.data])
    rng = np.random.default_rng(0)
    with SetWriter(settings.data, "odd") as writer:
        writer.add("train", rng.integers(0, 256, (120, 1, 8, 8), dtype=np.uint8), np.arange(120) % 4 // 3)
        writer.save(label=MARKUP, classes=("A " + MARKUP, "B " + MARKUP), settings={}, source=MARKUP, licence=MARKUP)
    small = spec(data__name="odd", data__train_size=40, data__label_noise=0.3, model__name="small_cnn", train__epochs=1)
    runs = [work(store, settings, pinned(small.with_changes({"penalty.l2": l2}))).id for l2 in (0.0, 0.1)]
    yield [*runs, add_sweep(store, SMALL.model_copy(update={"run": pinned(small)}), figures=figures).id]
    close_services()


def taken_for_markup(app: AppTest) -> list[str]:
    """What the page says with a name that is not text there."""
    found = [str(one.value) for one in (*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.success)]
    found += [one.caption for element in app.get("imgs") for one in element.proto.imgs]
    raw = [text for text in found if RAW.search(text)]
    other = [element.proto.body for element in app.get("html")]
    other += [
        element.proto.bytes.decode("utf-8", "replace")
        for element in app.get("bidi_component")
        if "chart" in element.proto.component_name
    ]
    return raw + [text[max(0, hit.start() - 90) : hit.end()] for text in other if (hit := TAG.search(text))]


def test_no_page_takes_a_name_for_markup(app: AppTest, ids: list[str]) -> None:
    found, named = dict[str, list[str]](), set[str]()
    for link in PAGES:
        name, _, query = link.format(*ids).partition("?")
        visit(app, page=name, **dict(part.split("=") for part in query.split("&") if part))
        found[link] = taken_for_markup(app)
        named |= {link} if "zz" in prose(app) else set()
    assert {link: texts for link, texts in found.items() if texts} == {}
    assert len(named) > 10
