"""Import an archive on the Runs page: its runs appear, nothing doubles, and a hostile one is a sentence."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest
from tests.archive.archiving import archived, members_of, opened_home, packed
from tests.factories import add_run
from tests.pages.browsing import again, plain

from reglab.store import Store
from reglab.ui.shared.services import services

MARKUP = "<b>bold</b> **mine**"


def page() -> None:
    """The panel alone."""
    from reglab.ui.shared.import_panel import import_panel

    import_panel()


def upload(app: AppTest, data: bytes) -> AppTest:
    app.file_uploader[0].set_value([("runs.reglab.zip", data, "application/zip")])
    return again(app)


def test_an_uploaded_archive_is_imported_once_and_a_hostile_one_refused(
    app: AppTest, store: Store, tmp_path: Path
) -> None:
    with opened_home(tmp_path / "source") as source:
        run = add_run(source, name=MARKUP)
        data = archived(source, run)
    again(app)
    upload(app, data)
    assert [plain(line.value) for line in app.success] == ["1 of 1 imported."]
    assert plain(app.markdown[0].value) == f"- **{MARKUP}**: Run {run.id} is imported."
    assert "<b>" not in app.markdown[0].value
    assert store.get(run.id).name == MARKUP
    upload(app, data)
    assert "is here already" in plain(app.markdown[0].value)
    upload(app, packed({**members_of(data), "../<b>evil": b"x"}))
    (said,) = app.error
    assert plain(said.value) == "The archive has a member '../<b>evil', which no archive of RegLab's has."
    assert not app.success
    assert len(store.runs()) == 1


def test_where_nothing_may_be_changed_there_is_a_reason_and_no_upload(app: AppTest, store: Store) -> None:
    again(app)
    services().store._database.read_only = "RegLab is read-only here."
    again(app)
    assert [plain(line.value) for line in app.info] == ["RegLab is read-only here."]
    assert not app.file_uploader
