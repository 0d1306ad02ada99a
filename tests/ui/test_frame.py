"""The frame: pages find themselves, and what goes wrong is said in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.pages.browsing import plain
from tests.patience import PATIENCE

from reglab.ui.frame import find_pages
from reglab.ui.shared import query

ROOT = Path(__file__).parents[2]


def add(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def test_a_page_is_described_by_its_file_alone(tmp_path: Path) -> None:
    add(tmp_path, "2_Later_on/10_last.py", "")
    add(tmp_path, "2_Later_on/9_before_last.py", '"""Nearly done. Two\nlines.\n\nMore."""')
    add(tmp_path, "1_First/1_start.py", '""":material/home: Start here. Begin."""')
    add(tmp_path, "1_First/notes.py", '"""Not a page."""')
    found = find_pages(tmp_path)
    assert [(page.section, page.address, page.title, page.icon, page.help) for page in found] == [
        ("First", "start", "Start here", ":material/home:", "Begin."),
        ("Later on", "before-last", "Nearly done", None, "Two lines."),
        ("Later on", "last", "Last", None, ""),
    ]


def test_a_changed_page_is_read_again(tmp_path: Path) -> None:
    for title in ("Old", "New"):
        add(tmp_path, "1_First/1_start.py", f'"""{title}. Page."""')
        assert find_pages(tmp_path)[0].title == title


def test_every_page_of_ours_has_an_icon_a_title_and_a_help() -> None:
    pages = find_pages(ROOT / "pages")
    assert pages[0].address == "train"
    assert all(page.icon and page.help.endswith(".") for page in pages)
    assert len({page.address for page in pages}) == len(pages)
    assert not list((ROOT / "pages").glob("*.py"))  # would switch Streamlit to its older kind of multipage app


def test_every_address_and_file_of_a_page_that_others_name_is_there() -> None:
    assert set(query.MOVED.values()) <= {page.address for page in find_pages(ROOT / "pages")}
    files = {page.path.relative_to(ROOT).as_posix() for page in find_pages(ROOT / "pages")}
    assert {query.TRAIN_PAGE, query.SWEEP_PAGE} <= files


def test_the_app_renders_its_first_page(served_home: Path) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()
    assert not app.exception
    assert not app.error
    assert app.get("heading") or app.title or app.header


def test_a_store_that_cannot_be_opened_is_one_sentence_until_it_can(served_home: Path) -> None:
    served_home.parent.mkdir(exist_ok=True)
    served_home.write_text("a file where the folder should be")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()
    assert not app.exception
    (error,) = app.error
    assert str(served_home) in plain(error.value)
    assert "\n" not in error.value
    served_home.unlink()
    assert not app.run().error


def test_what_nobody_foresaw_is_logged_and_said_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def script() -> None:
        from reglab.errors import DataError
        from reglab.ui.frame import explain

        assert explain(DataError("The file is truncated; download it again."))
        assert explain(ZeroDivisionError("secret"))

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert not app.exception
    assert plain(app.error[0].value) == "The file is truncated; download it again."
    assert "secret" not in app.error[1].value
    assert "log" in app.error[1].value
    assert "secret" in caplog.text
