"""Hostile uploads through the uploader of the Data page: one sentence each, and nothing of them stays."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.imports.building import class_folders, encoded, pixels, zipped
from tests.imports.hostile import LEFT_OUT, REFUSED, TAKEN
from tests.pages.browsing import again, plain, press, prose, visit

from reglab.datasets.imported import FOLDER
from reglab.settings import Settings
from reglab.store import Store

MARKUP = "<img src=x onerror=alert(1)>"
MARKDOWN = "**b** :red[x] $y$"


def page() -> None:
    from reglab.ui.data.import_wizard import import_wizard

    import_wizard()


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Choose the files, and press Read."""
    visit(app)
    app.file_uploader[0].set_value([(name, data, "") for name, data in files])
    again(app)
    return press(app, "import_set_read")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder for inputs, out of the way of the home."""
    place = tmp_path / "built"
    place.mkdir()
    return place


def test_hostile_files_are_refused_in_one_sentence_and_leave_nothing(
    app: AppTest, store: Store, settings: Settings, built: Path, tmp_path: Path
) -> None:
    """The whole corpus, but for what is no file."""
    upload(app, ("empty.zip", b""))
    before, done = left(tmp_path), 0
    for kind, (build, pattern) in REFUSED.items():
        path = build(built)
        files = sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []
        files = [file for file in files if file.is_file()]
        if files:
            upload(app, *((f"../../{file.name}", file.read_bytes()) for file in files))
            done += 1
            (said,) = app.error
            sentence = plain(said.value)
            assert re.search(pattern, sentence), kind
            assert (sentence[-1], len(sentence) < 400, sentence.isprintable()) == (".", True, True), kind
        if path.exists():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert done >= 70
    assert list((settings.data / FOLDER).iterdir()) == []
    assert left(tmp_path) == before


def left(place: Path) -> set[Path]:
    """Every file below ``place``."""
    return {each for each in place.rglob("*") if each.is_file()}


def test_markup_of_strangers_is_text_wherever_the_wizard_shows_it(
    app: AppTest, store: Store, settings: Settings, built: Path
) -> None:
    files = class_folders(2, (MARKUP, MARKDOWN)) | {
        f"{MARKUP}/{MARKDOWN}.png": LEFT_OUT["truncated PNG"][0],
        f"{MARKDOWN}/<b>.png": encoded(pixels(1, 8, 3, seed=7)[0]),
        f"{MARKUP}/<i>.png": encoded(pixels(1, 8, 3, seed=7)[0]),
    }
    upload(app, ("set.zip", zipped(built / "set.zip", files).read_bytes()))
    assert not app.exception
    shown = prose(app)
    for stranger in (MARKUP, MARKDOWN, "<b>", "<i>"):
        assert stranger not in shown
    assert f"{MARKUP}/{MARKDOWN}.png: is truncated" in plain(shown)
    assert f"{MARKDOWN}/<b>.png and {MARKUP}/<i>.png" in plain(app.warning[0].value)
    assert set(app.dataframe[0].value.index) == {MARKUP, MARKDOWN}
    press(app, "import_set_save")
    assert not app.error
    assert [each.name for each in (settings.data / FOLDER).iterdir() if each.name != ".lock"] == ["set"]


def test_bad_files_of_an_upload_are_counted_and_the_others_saved(
    app: AppTest, store: Store, settings: Settings, built: Path
) -> None:
    odd = {f"cat/{n:02}.png": data for n, (data, _) in enumerate((LEFT_OUT | TAKEN).values())}
    upload(app, ("odd.zip", zipped(built / "odd.zip", class_folders() | odd).read_bytes()))
    assert f"{len(LEFT_OUT)} files cannot be used and are left out." in [plain(one.label) for one in app.expander]
    shown = plain(prose(app))
    for number, (_, pattern) in enumerate(list(LEFT_OUT.values())[:20]):
        assert re.search(rf"- cat/{number:02}\.png: .*({pattern})", shown)
    for _, remark in TAKEN.values():
        assert re.search(remark, shown)
    press(app, "import_set_save")
    assert [plain(one.value) for one in app.success] == [f"odd is saved: {6 + len(TAKEN)} images."]
