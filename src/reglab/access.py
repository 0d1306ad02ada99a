"""Who may do what: one policy over (person, action, owner of the run), asked by the store inside each transaction.

========================================  ======  ============  =====
action                                    viewer  experimenter  admin
========================================  ======  ============  =====
see runs, charts, exports                 yes     yes           yes
start a run or sweep, import an archive,  no      yes           yes
download a dataset
stop, resume, extend, delete, restore,    no      own ones, or  yes
name, tag, colour                                 nobody's
read the audit log, delete data files     no      no            yes
record training, remove files for good    no      no            no
========================================  ======  ============  =====

The last line is for this machine alone: worker processes, housekeeping, and the command line, which are no person here
and may do everything. A run is nobody's where nobody was signed in when it was started.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "experimenter", "admin"]
Action = Literal[
    "start",
    "import",
    "stop",
    "resume",
    "extend",
    "delete",
    "restore",
    "label",
    "audit",
    "delete_data",
    "train",
    "upkeep",
]

ROLES: tuple[Role, ...] = get_args(Role)
"""The least first."""

_ON_A_RUN: dict[Action, str] = {
    "stop": "stop",
    "resume": "resume",
    "extend": "extend",
    "delete": "delete",
    "restore": "restore",
    "label": "rename, tag or colour",
}
_NEEDS_ADMIN: dict[Action, str] = {
    "audit": "Only an admin may read the audit log.",
    "delete_data": "Only an admin may delete the files of a dataset.",
}


@dataclass(frozen=True)
class Person:
    """Somebody in front of a page: the verified e-mail address of the provider, in lower case, and the role.

    ``email`` is empty for a visitor who is not signed in, who is a viewer at most.
    """

    email: str
    role: Role

    @property
    def shown(self) -> str:
        """The person in sentences."""
        return self.email or "A visitor who is not signed in"


def refusal(person: Person | None, action: Action, owner: str | None = None) -> str | None:
    """The sentence why ``person`` may not do ``action`` to a run of ``owner``; None where they may.

    ``person`` is None for this machine itself, ``owner`` for a new run, and for one that is nobody's.
    """
    if person is None:
        return None
    if action in ("train", "upkeep"):
        return "Only the server's own processes record training and remove files."
    if person.role == "admin":
        return None
    if action in _NEEDS_ADMIN:
        return _NEEDS_ADMIN[action]
    if person.role == "viewer":
        return f"{person.shown} may look at runs and change nothing; an admin can give the role experimenter."
    if action in ("start", "import") or owner in (None, person.email):
        return None
    return f"This is a run of {owner}; only they or an admin may {_ON_A_RUN[action]} it."
