"""Addresses: where the pages are, what a link asks for, and the address bar in step with a page and its form.

Links of the Train page name a form (``?penalty.l2=0.03&…``), one run (``?run=ID``) or several (``?runs=a,b``). They are
typed, shared and edited by hand, so a bad value costs itself alone: it gets its default and a sentence.

A page reads its query when it opens and follows it when the person navigates (Back, Forward); otherwise the widgets
are right, and the page writes their state into the query. No clock decides which of the two it is:

- Every message of the browser, a fragment's tick included, carries the query that the browser had when it sent it.
  Streamlit puts that into ``st.query_params`` before the script runs.
- A query that the server writes reaches the browser later. Until then its messages carry an earlier one, for however
  long a busy machine takes: an *echo*, which must not undo what the person has just done.
- Back and Forward send a full run, marked ``is_history_navigation`` by the browser; a tick never is. Links and edits
  of the address bar load the page anew, which is a new session; so is the first run on another page
  (:func:`arrive`), where the query is simply read.

So a query that differs from the current one is a navigation if its run is marked, or if this session has never had it
on this page, because nobody can echo a query that was not there. An unmarked query that was there before is an echo.
Streamlit may lose the mark where another click overtakes Back before its run begins. That looks like an echo, too,
and therefore an echo is answered by writing the current query again: a browser that has it ignores that, and one
that had gone back comes forward. Either way the address and the page agree after one run.

Only the parameters that a page owns are compared and written: others belong to widgets (``bind="query-params"``), to
other pages or to Streamlit (``embed``). Streamlit replaces several parameters in one message only where no widget of
the page is bound to one: a page with bound widgets owns a single parameter.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from reglab.errors import SpecError, clipped
from reglab.spec import RunSpec

Spec = TypeVar("Spec")

TRAIN_PAGE = "pages/1_Experiment/1_train.py"
SWEEP_PAGE = "pages/1_Experiment/2_sweep.py"
DATA_PAGE = "pages/1_Experiment/3_data.py"
RUNS_PAGE = "pages/2_Results/1_runs.py"
COMPARE_PAGE = "pages/2_Results/2_compare.py"
INSPECT_PAGE = "pages/2_Results/3_inspect.py"

MOVED = {"lambda-path": "sweep"}
"""Addresses of earlier versions, and the pages that they lead to."""

MOST_COMPARED, MOST_SWEEPS = 200, 12
"""Runs and sweeps that a link to the Compare page names; the runs of its sweeps come on top."""

MAX_RUNS = 8
"""How many runs one page shows side by side; beyond that, colours and columns can no longer be distinguished."""

NAME = "name"
"""The parameter of a form's link with the name of what it trains."""

LONGEST_NAME = 200
"""Characters of a name."""

_MOST_SETTINGS = 100  # in one link; a spec has 30
_PAGE, _HISTORY = "query_page", "query_history"
_KEPT = 64  # queries that can still be recognised as echoes; the browser is never that many behind


class Parameters(Protocol):
    """A query as the browser sends it: a parameter may have several values."""

    def to_dict(self) -> dict[str, str]: ...

    def get_all(self, key: str) -> Sequence[str]: ...


@dataclass(frozen=True)
class Link:
    """The runs to show (none: the form), spec and name for the form, and what could not be read, if anything."""

    runs: tuple[str, ...] = ()
    spec: RunSpec | None = None
    problem: str | None = None
    name: str = ""


def read_link(
    query: Mapping[str, str], check: Callable[[RunSpec], None] = lambda spec: None, repeated: Sequence[str] = ()
) -> Link:
    """What ``query`` asks of the Train page; ``spec`` is None if it holds no setting at all.

    ``check`` may refuse more than the spec itself does (names that no registry has) by raising :class:`SpecError`.
    ``repeated`` are the problems of :func:`unique`.
    """
    if runs := run_ids(query):
        return Link(runs=runs)
    settings = {key: value for key, value in query.items() if "." in key}
    spec, problems = best_effort(settings, check)
    problems = [*repeated, *problems]
    more = f" ({len(problems) - 1} more could not be read.)" if len(problems) > 1 else ""
    problem = (
        f"The link has a setting that cannot be used, so its default stands in. {problems[0]}{more}"
        if problems
        else None
    )
    return Link((), spec if settings else None, problem, name_in(query))


def unique(parameters: Parameters, own: Collection[str] = ()) -> tuple[dict[str, str], list[str]]:
    """The parameters without settings that have several values, and a sentence for each of those.

    Settings have a dot in their name, or are among ``own``; ``embed_options`` of Streamlit may well have two values.
    """
    values = parameters.to_dict()
    many = [key for key in values if ("." in key or key in own) and len(parameters.get_all(key)) > 1]
    problems = [f"{clipped(key)} is set twice; keep one of its values." for key in many]
    return {key: value for key, value in values.items() if key not in many}, problems


def name_in(query: Mapping[str, str]) -> str:
    """The name that a link gives to what its form trains; empty for none."""
    return query.get(NAME, "").strip()[:LONGEST_NAME]


def run_ids(query: Mapping[str, str]) -> tuple[str, ...]:
    """The run identifiers of ``?run=`` and ``?runs=``, in order, each once, at most MAX_RUNS."""
    text = f"{query.get('run', '')},{query.get('runs', '')}"
    names = [name.strip() for name in text.split(",") if name.strip()]
    return tuple(dict.fromkeys(names))[:MAX_RUNS]


def run_query(runs: Iterable[str]) -> dict[str, str]:
    """The query of these runs: ``{"run": id}`` for one, ``{"runs": "a,b"}`` for several."""
    names = list(runs)
    return {"run": names[0]} if len(names) == 1 else {"runs": ",".join(names)}


COMPARE_NOTE = "compare_note"
"""Key of a sentence in session state that the Compare page shows once it opens."""


def compare_query(runs: Sequence[str] = (), sweeps: Sequence[str] = ()) -> dict[str, str]:
    """The query of the Compare page with these runs and sweeps; of more than it takes the first ones."""
    lists = {"runs": runs[:MOST_COMPARED], "sweeps": sweeps[:MOST_SWEEPS]}
    return {name: ",".join(ids) for name, ids in lists.items() if ids}


def best_effort(
    settings: Mapping[str, str], check: Callable[[RunSpec], None] = lambda spec: None
) -> tuple[RunSpec, list[str]]:
    """The spec of all settings that can be read together, in their order, and one sentence for each that cannot."""

    def read(settings: Mapping[str, str]) -> RunSpec:
        spec = RunSpec.from_query(settings)
        check(spec)
        return spec

    try:
        return read(settings), []
    except SpecError:
        kept: dict[str, str] = {}  # find out which of them it is
    problems = []
    if len(settings) > _MOST_SETTINGS:
        problems.append(f"It has {len(settings):,} settings; the first {_MOST_SETTINGS} are read.")
    for key, value in list(settings.items())[:_MOST_SETTINGS]:
        try:
            read({**kept, key: value})
            kept[key] = value
        except SpecError as error:
            problems.append(str(error))
    return read(kept), problems


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

    @property
    def opens(self) -> bool:
        """Whether the page has just opened: it has not read its query yet."""
        return self.name not in self._histories()

    def read(self) -> dict[str, str]:
        """The query that the page must show: one value for each parameter."""
        return dict(self.sync().current)

    def sync(self) -> _History:
        """Let ``st.query_params`` have the query that the page must show."""
        sent, context = self._sent(), get_script_run_ctx()
        went_back = context is not None and context.is_history_navigation
        history = self._histories().setdefault(self.name, _History(sent))
        history.behind = sent != history.current and sent in history.before and not went_back
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
    """Forget the queries if the person has come to another ``page``; call it before a page is drawn."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state.pop(_HISTORY, None)


@dataclass
class FieldChanges:
    """Changes of fields by code, for example by a preset, and protection against messages that are older than they are.

    The browser sends the values of all fields with every message. One that was under way while code changed a field
    still carries an old value, which would change the field back, or look like a choice of the person to a callback.
    Such a message also carries an old query, or it cuts off the run that would have written the new one.

    ``changes``: widget key → the value that code gave, and those before it that the browser may still send; ``sent``
    once the query was written, too.
    """

    changes: dict[str, tuple[Any, list[Any]]] = field(default_factory=dict)
    sent: bool = False

    def put(self, values: Mapping[str, Any]) -> None:
        """Give the fields these values."""
        for key, value in values.items():
            before = st.session_state.get(key)
            st.session_state[key] = value
            if before != value:
                _, earlier = self.changes.get(key, (None, []))
                self.changes[key] = value, [*earlier, before]
                self.sent = False

    def settle(self, *, behind: bool) -> list[str]:
        """Restore the fields that an older message took back, and return their keys.

        Call it before the fields are drawn, and in callbacks before they take a value as a choice. ``behind``: the
        message has an old query.
        """
        if self.sent and not behind:
            self.changes.clear()
        now = st.session_state.get
        stale = [key for key, (after, before) in self.changes.items() if now(key) != after and now(key) in before]
        for key in stale:
            st.session_state[key] = self.changes[key][0]
        return stale


@dataclass
class FormState(Generic[Spec]):
    """A form in one session. A second press of Start with the same ``key`` shows what the first one has started.

    ``address``: the spec that the query stood for, and ``values``: the widgets, when the form was last drawn.
    ``link_problem`` and ``start_problem`` are sentences that are shown until the next edit. ``named``: ``key``, and
    the name in the link, when the name's field was last filled.
    """

    address: Spec
    values: dict[str, Any] | None = None
    changes: FieldChanges = field(default_factory=FieldChanges)
    key: str = ""
    link_problem: str | None = None
    start_problem: str | None = None
    named: tuple[str, str] = ("", "")

    def name(self, key: str, wanted: str) -> None:
        """Fill the name's field ``key`` with that of the link, where the form opens or the link brings another one."""
        form, last = self.named
        if form != self.key or (wanted and wanted != last):
            self.named, st.session_state[key] = (self.key, wanted), wanted


@dataclass(frozen=True)
class Form(Generic[Spec]):
    """A form that outlasts visits to other pages, in step with its page's ``query``.

    ``name`` is that of its state in the session, ``button`` the key of a widget that only the form has. ``usual`` is
    the spec of an empty query.
    """

    name: str
    button: str
    query: Query
    widgets: Collection[str]
    usual: Spec
    to_values: Callable[[Spec], dict[str, Any]]
    to_query: Callable[[Spec], dict[str, str]]

    def state(self) -> FormState[Spec]:
        """This session's form."""
        state: FormState[Spec] = st.session_state.setdefault(self.name, FormState(self.usual))
        return state

    def values(self) -> dict[str, Any]:
        """The present value of every field, also of those that are not on screen."""
        return {key: st.session_state[key] for key in self.widgets if key in st.session_state}

    def open(self, wanted: Spec | None, problem: str | None) -> FormState[Spec]:
        """Set the widgets before they are drawn, if the form has just opened or the query has moved."""
        state, address = self.state(), wanted or self.usual
        state.changes.settle(behind=self.query.behind())
        if self.button not in st.session_state:  # the previous script run did not draw the form: it opens
            self._fill(state, self.to_values(wanted) if wanted else state.values or self.to_values(self.usual))
            state.key, state.start_problem, state.link_problem = uuid.uuid4().hex, None, problem
        elif self.values() != state.values:
            state.start_problem = state.link_problem = None
        elif address != state.address:
            self._fill(state, self.to_values(address))
            state.link_problem = problem
        state.address = address
        return state

    def keep(self, state: FormState[Spec], spec: Spec | None) -> None:
        """Remember the widgets, and let the query follow if they make a valid ``spec``."""
        state.values = self.values()
        if spec is not None and spec != state.address:
            state.address = spec
            self.query.write(self.to_query(spec))
        state.changes.sent = True

    def put(self, values: Mapping[str, Any]) -> None:
        """Change fields by code. Messages that the browser sent before it knew of the change do not undo it."""
        self.state().changes.put(values)

    def chosen(self, key: str) -> Any:
        """The value that the person has just given a field; None if an old message of the browser brought it.

        For callbacks of fields that code changes as well: they run before the page has settled which values are old.
        """
        self.query.read()
        return None if key in self.state().changes.settle(behind=self.query.behind()) else st.session_state[key]

    def prepare(self, spec: Spec | None = None) -> None:
        """Have the form open with ``spec``, or with the usual one; for other pages."""
        st.session_state[self.name] = FormState(self.usual, self.to_values(spec) if spec else None)

    def show(self, spec: Spec | None = None) -> None:
        """Go to a new form with ``spec``, or with the usual one."""
        self.prepare(spec)
        self.query.write(self.to_query(spec) if spec else {})

    def leave_for(self, spec: Spec | None = None) -> None:
        """Callback in a fragment: :meth:`show`, by a run of the whole page."""
        self.show(spec)
        st.rerun()

    def _fill(self, state: FormState[Spec], values: Mapping[str, Any]) -> None:
        """Set the widgets. This does not count as an edit, even if a further script run cuts this one off."""
        state.changes.put(values)
        state.values = self.values()
