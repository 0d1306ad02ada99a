"""Rows of the store that this version cannot read, listed with the reason where the others are listed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reglab.store import Unreadable
from reglab.ui.shared.markdown import literal

_SHOWN = 20


def unreadable_list(rows: Sequence[Unreadable], key: str) -> None:
    """A closed panel with the name, id and reason of each; nothing where there is none."""
    if not rows:
        return
    one = len(rows) == 1
    kind = rows[0].kind if one else f"{rows[0].kind}s"
    with st.expander(f"{len(rows):,} {kind} cannot be read", icon=":material/warning:", key=key):
        st.caption(
            f"A newer version of RegLab may have written {'it' if one else 'them'}, or another program. Nothing was "
            "changed, and queued ones wait until a version that can read them takes them up."
        )
        for row in rows[:_SHOWN]:
            st.markdown(f"**{literal(row.name)}** · {literal(row.id)}  \n:small[{literal(row.reason)}]")
        if len(rows) > _SHOWN:
            st.caption(f"and {len(rows) - _SHOWN:,} more; `reglab check` lists all of them.")
