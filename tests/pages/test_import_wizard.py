"""The import of images on the Data page: what was understood is shown before anything is saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.testing.v1 import AppTest
from tests.imports.building import class_folders, encoded, folder, pixels, zipped
from tests.pages.browsing import again, plain, press, prose, visit
from tests.patience import PATIENCE

from reglab.datasets import DATASETS, imported
from reglab.datasets.imported import FOLDER, saved_sets
from reglab.errors import DataError
from reglab.imports.uploaded import Uploaded, plain_name
from reglab.settings import Settings, load_settings
from reglab.store import Store, open_store
from reglab.ui.data import import_state

MARKUP = "<img src=x onerror=alert(1)>"


def page() -> None:
    from reglab.ui.data.import_wizard import import_wizard

    import_wizard()


@pytest.fixture
def data(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, with a set of two classes, one of them called like markup, two equal images and a bad file."""
    monkeypatch.setattr(imported, "_places", [])  # other tests see nothing of it
    same = encoded(pixels(1, 12, 3)[0])
    files = class_folders(3, (MARKUP, "dog"), 12) | {
        "dog/8.png": same,
        f"{MARKUP}/9.png": same,
        "dog/bad.png": b"<svg>",
    }
    settings.data.mkdir(parents=True)
    zipped(settings.data / "pets.zip", files)
    return settings.data


def read(app: AppTest, text: str) -> AppTest:
    """Choose a place in the data folder, and press Read."""
    visit(app)
    app.session_state["import_set_where"] = "folder"
    again(app)
    app.text_input(key="import_set_path").set_value(text)
    again(app)
    return press(app, "import_set_read")


def test_a_set_is_understood_then_saved(app: AppTest, data: Path) -> None:
    read(app, "pets.zip")
    text = plain(prose(app))
    assert "pets.zip" in text
    assert "8 images of 2 classes. All are 12×12 pixels." in text
    assert "- dog/bad.png: is an SVG drawing; export it as PNG" in text
    assert "To be saved as pets: 12×12 pixels, RGB, as they are" in text
    assert "3 equal images have different labels" in plain(app.warning[0].value)
    table = app.dataframe[0].value
    assert dict(zip(table.index, table["Train"], strict=True)) == {MARKUP: 4, "dog": 4}
    assert list(saved_sets(data)) == []
    app.text_input(key="import_set_name").set_value("own pets")
    press(app, "import_set_save")
    assert any("does not" in plain(one.value) for one in app.markdown)
    app.text_input(key="import_set_name").set_value("own_pets")
    app.text_input(key="import_set_licence").set_value("mine")
    app.number_input(key="import_set_side").set_value(9)
    press(app, "import_set_save")
    assert [plain(one.value) for one in app.success] == ["pets is saved: 8 images."]
    entry = DATASETS.get("own_pets")
    assert (entry.shape, entry.licence, entry.classes) == ((3, 9, 9), "mine", (MARKUP, "dog"))
    with open_store(load_settings()) as store:
        assert [(one.action, one.name) for one in store.audit_log(9)] == [("import data", "own_pets")]
    press(app, "import_set_more")
    assert app.button(key="import_set_read").disabled is False or not app.success


def test_what_cannot_be_imported_is_one_sentence(app: AppTest, data: Path) -> None:
    folder(data.parent, class_folders())
    for text, sentence in (
        ("absent.zip", "There is no absent.zip in the data folder"),
        ("../cat", "is not inside the data folder"),
        ("pets.zip/x", "There is no pets.zip/x"),
    ):
        read(app, text)
        assert sentence in plain(app.error[0].value)


def test_a_visitor_who_may_not_import_sees_why(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    monkeypatch.setattr(Store, "why_barred", lambda self, action, job=None: f"No {action} here.")
    visit(app)
    assert [plain(one.value) for one in app.info] == ["No import here."]
    assert not app.button


def test_an_upload_lies_in_the_data_folder_and_goes_with_its_visitor(tmp_path: Path) -> None:
    uploaded = Uploaded(tmp_path, [("../../train-images-idx3-ubyte", b"a"), ("C:\\x\\train-labels-idx1-ubyte", b"b")])
    names = [path.name for path in sorted(uploaded.path.iterdir())]
    assert names == ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
    assert uploaded.path.is_relative_to(tmp_path / FOLDER)
    uploaded.close()
    with pytest.raises(DataError, match=r"^Two of the files are called x\.zip;"):
        Uploaded(tmp_path, [("a/x.zip", b"a"), ("y.zip", b"b"), ("b/x.zip", b"c")])
    assert list((tmp_path / FOLDER).iterdir()) == []
    assert plain_name("/etc/..") == plain_name("\x00/\x00") == "upload"
    assert plain_name("\x00<b>.zip") == "__b_.zip"
    assert plain_name("Bilder für 猫 (2).zip") == "Bilder für 猫 (2).zip"
    assert len(plain_name("\U0001d53b" * 300 + ".zip").encode()) < 255


def test_what_a_visitor_leaves_goes_with_the_next_visit_of_anyone(
    app: AppTest, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(app)
    app.file_uploader[0].set_value(("pets.zip", (data / "pets.zip").read_bytes(), ""))
    again(app)
    press(app, "import_set_read")
    left = app.session_state["import_set_state"]
    file = left.found.spool.file
    assert left.uploaded.path.is_file()
    monkeypatch.setattr(import_state, "session_id", lambda: "another")
    visit(AppTest.from_function(page, default_timeout=PATIENCE))
    assert left.uploaded is not None
    monkeypatch.setattr(import_state, "_known", lambda session: False)
    visit(AppTest.from_function(page, default_timeout=PATIENCE))
    assert list((data / FOLDER).iterdir()) == []
    assert (left.found, file.closed) == (None, True)
    assert "_session_mgr" in Runtime.__init__.__code__.co_names  # whom the state asks for sessions that are known
    assert callable(WebsocketSessionManager.get_session_info)


def test_a_third_import_at_once_is_asked_to_wait_and_keeps_its_files(app: AppTest, data: Path) -> None:
    visit(app)
    app.file_uploader[0].set_value(("pets.zip", (data / "pets.zip").read_bytes(), ""))
    again(app)
    with import_state.turn(), import_state.turn():
        press(app, "import_set_read")
        assert [plain(one.value) for one in app.error] == [
            "2 other imports are being read or saved; try again in a moment."
        ]
    press(app, "import_set_read")
    assert not app.error
    with import_state.turn(), import_state.turn():
        press(app, "import_set_save")
        assert "try again in a moment" in plain(prose(app))
    press(app, "import_set_save")
    assert [plain(one.value) for one in app.success] == ["pets is saved: 8 images."]


def test_classes_are_renamed_a_line_each_so_that_names_may_have_commas(app: AppTest, data: Path) -> None:
    zipped(data / "kinds.zip", class_folders(2, ("cat, big", "dog")))
    read(app, "kinds.zip")
    assert app.text_area(key="import_set_names").value == "cat, big\ndog"
    app.text_area(key="import_set_names").set_value("cat, big\ncat, small\n")
    press(app, "import_set_save")
    assert DATASETS.get("kinds").classes == ("cat, big", "cat, small")
