"""The Report button: the sentences of the report are those of the page, and it rests where there is no report."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest
from tests.factories import add_run
from tests.pages.browsing import again, plain, prose, visit
from tests.pages.sweeps import sweep_page as page
from tests.patience import PATIENCE
from tests.report.reading import read

from reglab.report import Subjects, make_report
from reglab.settings import Settings
from reglab.store import Store, Sweep

__all__ = ["page"]


def button(app: AppTest, key: str) -> Any:
    """The download button ``key`` as the browser gets it."""
    (found,) = (one.proto for one in app.get("download_button") if one.proto.id.endswith(f"-{key}"))
    return found


def test_the_report_of_a_sweep_says_what_its_page_says(
    app: AppTest, done: Sweep, store: Store, settings: Settings
) -> None:
    visit(app, sweep=done.id, measure=done.spec.measure)
    assert not button(app, "sweep_report").disabled
    shown = " ".join(plain(prose(app)).replace("**", "").replace(":small[", "").split())
    sentences = read(make_report(store, settings, Subjects.of([done]))).find("span", class_="sentence")
    assert len(sentences) >= 4
    assert [sentence for sentence in sentences if sentence not in shown] == []


def test_a_run_that_trains_has_a_button_that_says_why_it_rests(app: AppTest, store: Store) -> None:
    def only_the_button() -> None:
        from reglab.ui.shared.report_button import report_button
        from reglab.ui.shared.services import services

        report_button(services().store.runs(), "name", "report")

    add_run(store, state="running", epochs=2, name="*a*")
    found = button(again(AppTest.from_function(only_the_button, default_timeout=PATIENCE)), "report")
    assert found.disabled
    assert "“*a*”" in plain(found.help)
    assert "is still running, epoch 2 of 30 is done; report it once it has ended." in plain(found.help)
