"""The visitor of a session: who they are, the page where they sign in, and their corner of the sidebar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.auth_util import get_secrets_auth_section

from reglab.access import Person
from reglab.ui.shared.services import services, visitor
from reglab.ui.shared.text import literal, local_time
from reglab.ui.signing_out import sign_out_button

LISTED = 500
"""Entries of the audit log that an admin sees."""

_READ_ONLY = "Read-only: every run is shown, and nothing can be changed here."


def sign_in_page() -> None:
    """What somebody without a role sees, and nothing else: the button to sign in, or why that was not enough."""
    with st.container(width=520, gap="small", key="sign_in"):
        st.title("RegLab", anchor=False)
        if not st.user.get("is_logged_in"):
            st.markdown("Sign in to see runs and sweeps.")
            _sign_in("primary")
            return
        name = literal(str(st.user.get("email") or "without an e-mail address"))
        unverified = st.user.get("email_verified") in (False, "false")
        why = "whose address the provider has not verified" if unverified else "who has no role here"
        st.markdown(f"You are signed in as {name}, {why}. An admin of this server can give you one.")
        sign_out_button()


def corner() -> None:
    """In the sidebar: that nothing can be changed, who is signed in with which role, and the audit log for admins."""
    here, person = services(), visitor()
    if here.store.read_only is None and person is None:
        return
    with st.sidebar.container(key="visitor", gap="xsmall"):
        if here.store.read_only is not None:
            st.caption(f":material/lock: {_READ_ONLY}")
        if person is not None:
            _account(person)


def _account(person: Person) -> None:
    if not person.email:
        _sign_in("secondary")
        return
    st.caption(f":material/person: {literal(person.email)} · {person.role}")
    with st.container(horizontal=True, gap="xsmall"):
        sign_out_button()
        if person.role == "admin":
            icon = ":material/history:"
            st.button("Audit log", key="audit_log", icon=icon, type="tertiary", on_click=audit_log)


def _sign_in(kind: Literal["primary", "secondary"]) -> None:
    """A button for each provider of Streamlit's secrets; most servers have one, without a name."""
    auth, icon = get_secrets_auth_section(), ":material/login:"
    named = [name for name, one in auth.items() if isinstance(one, Mapping) and one.get("client_id")]
    if auth.get("client_id"):
        st.button("Sign in", key="sign_in_button", type=kind, icon=icon, on_click=st.login)
    for name in named:
        key, args = f"sign_in_{name}", (name,)
        st.button(f"Sign in with {literal(name)}", key=key, type=kind, icon=icon, on_click=st.login, args=args)


@st.dialog("Audit log", width="large")
def audit_log() -> None:
    """The newest entries, for admins."""
    rows = [
        (
            local_time(one.moment, st.context.timezone),
            one.person or "this machine",
            one.action,
            one.name,
            one.job or None,
        )
        for one in services().store.audit_log(LISTED)
    ]
    names = ["When", "Who", "Did", "Run, sweep or data", "Id"]
    st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True, key="audit_table")
