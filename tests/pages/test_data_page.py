"""The Data page without a browser: its catalogue, its preview, the health of a dataset."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from tests.factories import add_run, spec
from tests.pages.browsing import again, plain, prose, visit

from reglab.datasets import DATASETS
from reglab.store import Store


def page() -> None:
    from reglab.ui.data.page import data_page

    data_page()


def test_the_catalogue_has_every_data_set_with_its_runs(app: AppTest, store: Store) -> None:
    add_run(store, spec(data__name="synthetic"))
    again(app)
    text = plain(prose(app))
    for entry in DATASETS.entries.values():
        assert f"**{entry.label}**" in text
        assert f"Source: {entry.source}. Licence: {entry.licence}." in text
    assert "26,032 official test images" in text
    assert app.button(key="runs_synthetic").label == "1 run"
    assert "runs_digits" not in {button.key for button in app.button}
    pictures = [element.proto.body for element in app.get("html")]
    assert sum("Images of" in one for one in pictures) >= 3


def test_a_link_to_a_view_that_does_not_exist_says_so(app: AppTest) -> None:
    visit(app, view="nothing")
    assert [plain(one.value) for one in app.warning] == ["The link: view cannot be 'nothing'."]
