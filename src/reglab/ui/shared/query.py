"""The query of the address bar, in step with what a page shows, without clocks.

A page reads its query when it opens and follows it when the person moves (Back, Forward); otherwise the widgets are
right, and the page writes their state into the query. The difficulty is to tell a move from an *echo*:

- Every message of the browser, a fragment's tick included, carries the query that the browser had when it sent it.
  Streamlit puts that into ``st.query_params`` before the script runs.
- A query that we write reaches the browser a little later. Until then its messages carry an earlier one, for however
  long a busy machine takes: an echo, which must not undo what the person has just done.
- Back and Forward send a full run, marked ``is_history_navigation`` by the browser; a tick never is. Links and edits
  of the address bar load the page anew, which is a new session; so is the first run on another page
  (:func:`arrive`), where the query is simply read.

So a query that differs from the current one is a move if its run is marked, or if this session has never had it on
this page, because nobody can echo a query that was not there. An unmarked query that was there before is an echo.
Streamlit may lose the mark where another click overtakes Back before its run begins. That looks like an echo, too,
and therefore an echo is answered by writing the current query again: a browser that has it ignores that, and one
that had gone back comes forward. Either way the address and the page agree after one run.

Only the parameters that a page owns are compared and written: others belong to widgets (``bind="query-params"``), to
other pages or to Streamlit (``embed``). Streamlit replaces several parameters in one message only where no widget of
the page is bound to one: a page with bound widgets owns a single parameter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_PAGE, _HISTORY = "query_page", "query_history"
_KEPT = 64  # queries that can still be recognised as echoes; the browser is never that many behind


@dataclass
class _History:
    """The ``current`` query of a page, and those that it had ``before`` in this session.

    ``behind``: the browser sent this run's message before it knew of the current one.
    """

    current: dict[str, str]
    before: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    behind: bool = False

    def go_to(self, query: dict[str, str]) -> None:
        if query != self.current:
            self.before.append(self.current)
            self.current = query


@dataclass(frozen=True)
class Query:
    """The part of the query that one page ``owns``; ``name`` tells pages apart in session state."""

    name: str
    owns: Callable[[str], bool]

    def read(self) -> dict[str, str]:
        """The query that the page must show: one value for each parameter."""
        return dict(self.sync().current)

    def sync(self) -> _History:
        """Let ``st.query_params`` have the query that the page must show."""
        sent = self._sent()
        history = self._histories().setdefault(self.name, _History(sent))
        history.behind = sent != history.current and sent in history.before and not _went_back()
        if history.behind:
            self._replace(history.current)
        else:
            history.go_to(sent)
        return history

    def write(self, query: Mapping[str, str]) -> None:
        """Replace the page's own parameters by ``query``."""
        self._histories().setdefault(self.name, _History(self._sent())).go_to(dict(query))
        self._replace(query)

    def behind(self) -> bool:
        """Whether the browser sent this run's message, and the fields' values in it, before it knew the query."""
        history = self._histories().get(self.name)
        return history is not None and history.behind

    def _sent(self) -> dict[str, str]:
        return {key: value for key, value in st.query_params.items() if self.owns(key)}

    def _replace(self, query: Mapping[str, str]) -> None:
        """One message to the browser, because each is an entry of its history."""
        sent = self._sent()
        if sent == query:
            return
        if len(sent.keys() | query.keys()) > 1:
            others = {key: value for key, value in st.query_params.items() if not self.owns(key)}
            st.query_params.from_dict({**others, **query})
        elif query:
            st.query_params.update(query)
        else:
            del st.query_params[next(iter(sent))]

    @staticmethod
    def _histories() -> dict[str, _History]:
        histories: dict[str, _History] = st.session_state.setdefault(_HISTORY, {})
        return histories


def arrive(page: str) -> None:
    """Forget the queries where the person has come to another ``page``; to be called before a page is drawn."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state.pop(_HISTORY, None)


def _went_back() -> bool:
    """Whether Back or Forward caused this run."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
