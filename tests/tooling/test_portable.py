"""What only POSIX systems have, the program does not need: it looks with hasattr or getattr before it uses a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "app.py", *sorted((ROOT / "src").rglob("*.py"))]
MODULES = {"fcntl", "grp", "pwd", "pty", "resource", "syslog", "termios"}
NAMES = {
    "os": {
        "chown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getloadavg", "getpgid", "getuid", "killpg",
        "mkfifo", "nice", "pathconf", "sched_getaffinity", "setsid", "setuid", "statvfs", "sync", "sysconf", "uname",
    },
    "signal": {"SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "alarm", "pause", "pthread_sigmask"},
}  # fmt: skip


def posix_only(tree: ast.AST) -> Iterator[str]:
    """Modules and attributes that Windows lacks, where they are used without a look first."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in MODULES)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{each.name}" for each in names if each.name in NAMES.get(module, ()))
                yield from [module] if module in MODULES else []
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in NAMES.get(module, ()):
                yield f"{module}.{name}"


def test_nothing_that_only_posix_has_is_needed() -> None:
    found = {
        str(path.relative_to(ROOT)): set(posix_only(ast.parse(path.read_text(encoding="utf-8")))) for path in SOURCES
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_what_would_be_found() -> None:
    found = posix_only(ast.parse("import fcntl\nfrom os import fork\nimport os\nos.sysconf(1)\nos.getpid()"))
    assert set(found) == {"fcntl", "os.fork", "os.sysconf"}


def test_no_file_name_needs_posix() -> None:
    """Windows refuses these characters, and macOS and Windows take names for one that differ in case alone."""
    names = [path.relative_to(ROOT) for top in ("src", "pages", "tests", "docs") for path in (ROOT / top).rglob("*")]
    assert [name for name in names if set(str(name)) & set('<>:"|?*')] == []
    assert len({str(name).lower() for name in names}) == len(names)
