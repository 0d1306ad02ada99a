"""Import of people's own images: upload or choose files, see what was understood, save it as a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from reglab.datasets.imported import Manifest
from reglab.datasets.usual import usual_for
from reglab.errors import RegLabError
from reglab.imports import FORMATS, Choices, Colour, Fit, Found, inside, save, understand
from reglab.imports.found_text import (
    bad_lines,
    duplicate_sentences,
    saved_sentence,
    size_sentence,
)
from reglab.imports.limits import LEAST_SIDE, MOST_SIDE
from reglab.imports.uploaded import Uploaded
from reglab.ui.data.import_state import STATE, ImportState, own_state, put_state, turn
from reglab.ui.data.state import show_view
from reglab.ui.shared.acting import barred
from reglab.ui.shared.fields import field_problem, segments
from reglab.ui.shared.query import TRAIN_PAGE
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of, literal
from reglab.ui.train.state import form_query

MOST_MB = 20
"""Of uploads, which stay in memory."""

_BAD = 20
_KEY, _NUMBER = "import_set", "import_set_number"
_KEPT = (STATE, _NUMBER)
_FITS: Mapping[Fit, str] = {"crop": "Cut to the middle", "pad": "Pad with black", "stretch": "Stretch"}
_COLOURS: Mapping[Colour, str] = {"grey": "Grey", "rgb": "RGB"}


def import_wizard() -> None:
    """Draw an expander with the step that the import is at."""
    state = own_state()
    under_way = state != ImportState()
    with st.expander("Import images", icon=":material/upload_file:", expanded=under_way, key=f"{_KEY}_box"):
        if reason := barred("import"):
            st.info(literal(reason), icon=":material/lock:")
        elif state.saved is not None:
            _done(state.saved)
        elif state.found is not None:
            _understood(state, state.found)
        else:
            _choose(state)


def _choose(state: ImportState) -> None:
    """The first step: an upload or a place in the data folder, and Read."""
    with st.popover("Formats", type="tertiary", icon=":material/help:", key=f"{_KEY}_formats"):
        for entry in FORMATS.entries.values():
            st.markdown(f"**{literal(entry.label)}**: {literal(entry.about)}")
    where = segments("From", {"upload": "Upload", "folder": "Data folder"}, f"{_KEY}_where", first=True)
    read: Callable[[], Any]
    if where == "upload":
        files = _upload()
        ready, read = bool(files), lambda: _read_upload(state, files)
    else:
        text = st.text_input(
            "File or folder",
            key=f"{_KEY}_path",
            placeholder="photos.zip",
            help=f"Below the data folder, {literal(str(services().settings.data))}. Elsewhere: reglab data import.",
        )
        ready, read = bool(text.strip()), lambda: _read_path(state, text)
    if st.button("Read", key=f"{_KEY}_read", type="primary", disabled=not ready, help="Nothing is saved yet."):
        state.problem = None
        try:
            with turn():
                read()
        except RegLabError as error:
            state.problem = str(error)
        st.rerun()
    if state.problem:
        st.error(literal(state.problem), icon=":material/error:")


def _upload() -> Sequence[UploadedFile]:
    return st.file_uploader(
        "Files",
        accept_multiple_files=True,
        key=f"{_KEY}_files_{st.session_state.get(_NUMBER, 0)}",
        max_upload_size=MOST_MB,
        help=f"A zip, .npz, .csv or .parquet file, or a pair of idx files, of {MOST_MB} MB at most. Larger ones: the "
        "data folder, or reglab data import.",
    )


def _read_upload(state: ImportState, files: Sequence[UploadedFile]) -> None:
    uploaded = Uploaded(services().settings.data, [(file.name, file.getvalue()) for file in files])
    st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1  # a new widget: the files leave the memory
    with ExitStack() as stack:  # also where it is cancelled
        stack.callback(uploaded.close)
        state.found = _understand(uploaded.path)
        stack.pop_all()
    state.uploaded = uploaded


def _read_path(state: ImportState, text: str) -> None:
    state.found = _understand(inside(services().settings.data, text))


def _understand(path: Path) -> Found:
    settings = services().settings
    return understand(path, progress=_progress(), scratch=settings.data, room=settings.import_gb * 2**30)


def _progress() -> Callable[[str, float], None]:
    """Draws a progress bar with a button that cancels: a press ends the script where it reports next."""
    with st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "Reading")
        st.button("Cancel", key=f"{_KEY}_cancel", icon=":material/close:")

    def report(text: str, share: float) -> None:
        bar.progress(min(1.0, share), literal(text))

    return report


def _understood(state: ImportState, found: Found) -> None:
    """The second step: what was understood, the choices, and Save."""
    st.markdown(
        f"**{literal(found.path.name)}**: {literal(found.format)}, {count_of(found.total, 'image')} of "
        f"{len(found.classes):,} classes. {literal(size_sentence(found))}"
    )
    table = pd.DataFrame(
        {part.capitalize(): counts for part, counts in found.counts.items()}, index=list(found.classes)
    )
    height: Any = "content" if len(table) <= 5 else 220
    st.dataframe(table.rename_axis("Class"), height=height, key=f"{_KEY}_classes")
    if sentences := duplicate_sentences(found):
        st.warning("\n".join(f"- {literal(sentence)}" for sentence in sentences), icon=":material/content_copy:")
    if bad := bad_lines(found, _BAD):
        with st.expander(literal(bad[0].replace(":", ".")), icon=":material/broken_image:", key=f"{_KEY}_bad"):
            st.markdown("\n".join(f"- {literal(line.strip())}" for line in bad[1:]))
    for sentence in found.remarks:
        st.caption(literal(sentence))
    choices = _choices(found)
    st.caption(literal(saved_sentence(found, choices)))
    with st.container(horizontal=True, gap="small"):
        pressed = st.button("Save", key=f"{_KEY}_save", type="primary", icon=":material/save:")
        st.button("Read other files", key=f"{_KEY}_back", on_click=_forget)
    if pressed:
        _save(state, found, choices)
    if state.problem:
        field_problem(state.problem)


def _choices(found: Found) -> Choices:
    """The fields, filled with the proposal."""
    usual = found.proposed
    left, right = st.columns(2)
    with left:
        name = st.text_input("Name in specs", usual.name, 40, key=f"{_KEY}_name", help="Lower-case letters, digits, _.")
        label = st.text_input("Label", usual.label, 60, key=f"{_KEY}_label", help="The name on pages.")
        classes = st.text_area(
            "Class names", "\n".join(found.classes), height=68, key=f"{_KEY}_names", help="In their order, one a line."
        )
    with right:
        licence = st.text_input("Licence", "", 120, key=f"{_KEY}_licence")
        source = st.text_input("Source", "", 300, key=f"{_KEY}_source", help="Where the images come from.")
        about = st.text_input("About", "", 400, key=f"{_KEY}_about", help="One sentence about the images.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        side = st.number_input(
            "Size, pixels",
            LEAST_SIDE,
            MOST_SIDE,
            usual.side,
            key=f"{_KEY}_side",
            width=140,
            help="Saved images are square.",
        )
        colour = segments("Colour", _COLOURS, f"{_KEY}_colour", default=usual.colour, label_visibility="visible")
        fit: Fit = usual.fit
        if any(width != height for width, height, _ in found.sizes):
            fit = segments("Shape", _FITS, f"{_KEY}_fit", default=usual.fit, label_visibility="visible")
    names = tuple(classes.strip().splitlines()) if classes.strip().splitlines() != list(found.classes) else None
    return Choices(name.strip(), label, int(side), colour, fit, about, licence, source, names)


def _save(state: ImportState, found: Found, choices: Choices) -> None:
    settings = services().settings
    state.problem = barred("import")
    try:
        if state.problem is None:
            with turn():
                state.saved = save(found, choices, settings.data, _progress(), settings.import_gb * 2**30)
                services().store.note_data("import data", state.saved.name)
    except RegLabError as error:
        state.problem = str(error)
    if state.saved is not None:
        saved = state.saved
        _forget()
        put_state(ImportState(saved=saved))
    st.rerun()


def _done(saved: Manifest) -> None:
    """The last step: where to go with the set."""
    images = sum(saved.sizes.values())
    st.success(f"{literal(saved.label)} is saved: {count_of(images, 'image')}.", icon=":material/check_circle:")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "See it", key=f"{_KEY}_see", icon=":material/grid_view:", on_click=show_view, args=("preview", saved.name)
        )
        if st.button("Train on it", key=f"{_KEY}_train", type="primary", icon=":material/play_circle:"):
            st.switch_page(TRAIN_PAGE, query_params=form_query(usual_for(saved.name)))
        st.button("Import more", key=f"{_KEY}_more", on_click=_forget)


def _forget() -> None:
    """Callback: begin anew."""
    own_state().release()
    put_state(ImportState())
    for key in [key for key in st.session_state if str(key).startswith(f"{_KEY}_") and key not in _KEPT]:
        del st.session_state[key]
