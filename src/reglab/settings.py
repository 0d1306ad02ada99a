"""The settings of a RegLab process: one table of names, defaults and help, read from the environment.

The same table feeds the parser and the README (a test compares them).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from reglab.errors import RegLabError, shown
from reglab.machine import available_cores

_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, the default as the README prints it, and what it does."""

    name: str
    default: str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "REGLAB_HOME",
        "`runs/` beside app.py, or the user's data folder",
        "Folder for checkpoints, weights and the default store.",
    ),
    Setting(
        "REGLAB_FILES",
        "the home",
        "Where the files of runs lie: a folder, or an fsspec URL such as s3://bucket/prefix, with a copy in the home.",
    ),
    Setting("REGLAB_STORE", "SQLite file inside the home", "SQLAlchemy URL of the store, e.g. postgresql+psycopg://…"),
    Setting("REGLAB_DATA", "`data/` inside the home", "Folder with local data sets, and where downloads go."),
    Setting("REGLAB_DEVICE", "auto", "Where to train: auto (a GPU when there is one), cpu, cuda, cuda:1."),
    Setting(
        "REGLAB_THREADS",
        "auto",
        "Intra-op threads of each run: auto (as many as a short timing finds fastest, of the cores that no other run "
        "has) or a number; the runs of a sweep take one each. Recorded, because it changes the last bits.",
    ),
    Setting(
        "REGLAB_SLOTS",
        "one per core, or per CPU or GPU of the Ray cluster",
        "How many runs may train at once; further ones wait in a queue.",
    ),
    Setting(
        "REGLAB_RUNNER",
        "process",
        "Where runs and sweeps train: process (worker processes), thread (all in one process, for notebooks and small "
        "memory), ray (a Ray of this machine's own) or ray://host:10001 (a Ray cluster).",
    ),
    Setting("REGLAB_QUEUE", "200000", "Epochs of training that may wait in the queue; a run counts as at least 20."),
    Setting("REGLAB_IMPORT_GB", "10", "GiB that imported image sets may take in all."),
    Setting("REGLAB_UNDO_DAYS", "30", "Days until the files of deleted runs are removed for good."),
    Setting(
        "REGLAB_READ_ONLY", "0", "1: every run is shown and nothing is changed, by pages, commands and Python alike."
    ),
    Setting(
        "REGLAB_ALLOW_OPEN",
        "0",
        "1: the server may listen beyond this computer without sign-in; the container sets it.",
    ),
    Setting(
        "REGLAB_PUBLIC_URL",
        "none",
        "Address by which people reach the server: https://lab.example.com. A presentation ends with a QR code of it.",
    ),
    Setting(
        "REGLAB_SIGN_IN",
        "0",
        "1: people sign in with an OpenID Connect provider, which needs `pip install 'reglab[oidc]'`.",
    ),
    Setting(
        "REGLAB_ADMINS",
        "nobody",
        "E-mail addresses of people who may do everything: a@b.org, *@c.org, or * for everybody.",
    ),
    Setting("REGLAB_EXPERIMENTERS", "nobody", "The same of people who start runs, and change their own ones."),
    Setting("REGLAB_VIEWERS", "nobody", "The same of people who look at runs."),
    Setting(
        "REGLAB_ROLE_CLAIM",
        "none",
        "Claim of the provider that holds a role (admin, experimenter or viewer) or a list with one.",
    ),
    Setting(
        "REGLAB_PERSON_RUNS",
        "500",
        "Runs that one experimenter may have waiting and training; those of sweeps count one by one.",
    ),
    Setting("REGLAB_PERSON_EPOCHS", "50000", "Epochs that these runs may have still to train."),
    Setting(
        "REGLAB_PERSON_DISK",
        "20",
        "GiB that the files of one experimenter's runs may take, deleted runs included until they are removed.",
    ),
    Setting(
        "REGLAB_OIDC_URL",
        "none",
        "Address of the provider's openid-configuration, where secrets.toml has no [auth].",
    ),
    Setting("REGLAB_OIDC_CLIENT_ID", "none", "Name of this server at the provider."),
    Setting("REGLAB_OIDC_CLIENT_SECRET", "none", "Its secret at the provider."),
    Setting(
        "REGLAB_COOKIE_SECRET",
        "none",
        "At least 32 random characters that sign the cookies; another value signs everybody out.",
    ),
    Setting(
        "REGLAB_HOSTS", "this machine's names", "Host names that the server answers to: a.example.com, *.b.org or *."
    ),
)


_RAY = re.compile(r"ray(://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5})?")
_URL = re.compile(r"[a-z][a-z0-9+.-]*(://|::).*", re.DOTALL)  # as fsspec has them: s3://…, simplecache::s3://…
_PUBLIC = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")  # without a query, a fragment or a password
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")  # a name, *.name, *, or IPv6


@dataclass(frozen=True)
class Settings:
    """The parsed settings. ``store`` is a SQLAlchemy URL, folders are absolute; ``threads`` is None for auto.

    ``slots`` is 0 where a Ray cluster decides, until the runner has asked it. ``files`` is None for the home,
    ``public_url`` where others do not reach the server; it does not end with a slash.
    """

    home: Path
    store: str
    data: Path
    device: str
    threads: int | None
    slots: int
    queue: int
    undo_days: int
    runner: str
    files: str | None = None
    read_only: bool = False
    public_url: str | None = None
    import_gb: int = 10

    @property
    def cache(self) -> Path:
        """The folder of :func:`cache_folder`."""
        return self.home / "cache"

    @property
    def on_ray(self) -> bool:
        """Whether runs and sweeps train on Ray."""
        return self.runner.startswith("ray")

    @property
    def files_url(self) -> str | None:
        """The fsspec URL of the files of runs; None where they lie in a folder."""
        return self.files if self.files is not None and _URL.fullmatch(self.files) else None

    @property
    def files_folder(self) -> Path:
        """The folder with the files of runs, or with this machine's copy of those at :attr:`files_url`."""
        if url := self.files_url:
            return self.home / f"copy-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
        return self.home if self.files is None else Path(self.files)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from ``environ`` (default: the process's environment); :class:`RegLabError` on a bad value."""
    env = os.environ if environ is None else environ
    home = _folder(env, "REGLAB_HOME", default_home)
    runner = _runner(env)
    return Settings(
        home=home,
        store=env.get("REGLAB_STORE") or _default_store(home),
        data=_folder(env, "REGLAB_DATA", lambda: home / "data"),
        device=env.get("REGLAB_DEVICE") or "auto",
        threads=None
        if env.get("REGLAB_THREADS") in (None, "", "auto")
        else count(env, "REGLAB_THREADS", 1, " or auto"),
        slots=count(env, "REGLAB_SLOTS", 0 if runner.startswith("ray") else available_cores()),
        queue=count(env, "REGLAB_QUEUE", 200_000, at_most=10**9),
        undo_days=count(env, "REGLAB_UNDO_DAYS", 30),
        runner=runner,
        files=_files(env),
        read_only=switch(env, "REGLAB_READ_ONLY"),
        public_url=_public_url(env),
        import_gb=count(env, "REGLAB_IMPORT_GB", 10, at_most=10**6),
    )


def load_hosts(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The host names of ``REGLAB_HOSTS``, in lower case; none where it is not set.

    :raises RegLabError: for anything but names separated by commas, each of them whole, ``*.name`` or ``*``.
    """
    text = (os.environ if environ is None else environ).get("REGLAB_HOSTS") or ""
    names = tuple(name.strip().lower().strip("[]").rstrip(".") for name in text.split(",") if name.strip())
    for name in names:
        if not _HOST.fullmatch(name):
            raise RegLabError(
                f"REGLAB_HOSTS must list host names separated by commas, without ports, not {shown(name)}."
            )
    return names


def cache_folder(data: Path, environ: Mapping[str, str] | None = None) -> Path | None:
    """``cache/`` in the home, for what is made of data in ``data``, an absolute path.

    ``None`` where that is not the data folder of the settings, as long as there is no home, and where nothing may
    be written.
    """
    env = os.environ if environ is None else environ
    if switch(env, "REGLAB_READ_ONLY"):
        return None
    home = _folder(env, "REGLAB_HOME", default_home)
    own = _folder(env, "REGLAB_DATA", lambda: home / "data")
    return home / "cache" if data == own and home.is_dir() else None


def default_home() -> Path:
    """``runs/`` beside app.py in a checkout, else the user's data folder, such as ``~/.local/share/reglab``."""
    root = checkout()
    return root / "runs" if root else platformdirs.user_data_path("reglab", appauthor=False)


def app_file() -> Path:
    """The file that Streamlit runs, with ``pages/`` beside it: in a checkout, or where the package is installed."""
    return (checkout() or _PACKAGE / "dashboard") / "app.py"


def checkout() -> Path | None:
    """The root of the repository that this package is imported from; ``None`` where it is installed as a package."""
    root = _PACKAGE.parents[1]
    return root if root / "src" / "reglab" == _PACKAGE and (root / "app.py").is_file() else None


def _folder(env: Mapping[str, str], name: str, default: Callable[[], Path]) -> Path:
    text = env.get(name)
    try:
        return (Path(text) if text else default()).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # symbolic links in a circle, an unknown ~user, a zero byte
        raise RegLabError(f"{name} {shown(text)} names no folder: {str(error).rstrip('.').lower()}.") from None


def _runner(env: Mapping[str, str]) -> str:
    text = env.get("REGLAB_RUNNER") or "process"
    if text not in ("process", "thread") and not _RAY.fullmatch(text):
        raise RegLabError(f"REGLAB_RUNNER must be process, thread, ray or ray://host:10001, not {shown(text)}.")
    return text


def _files(env: Mapping[str, str]) -> str | None:
    text = env.get("REGLAB_FILES") or None
    if text is None or _URL.fullmatch(text):
        return text and text.rstrip("/")
    return str(_folder(env, "REGLAB_FILES", default_home))


def switch(env: Mapping[str, str], name: str) -> bool:
    """Whether the setting ``name`` is 1; 0 and nothing are off.

    :raises RegLabError: it is anything else: a mistyped protection must not be off.
    """
    text = env.get(name) or "0"
    if text not in ("0", "1"):
        raise RegLabError(f"{name} must be 0 or 1, not {shown(text)}.")
    return text == "1"


def _public_url(env: Mapping[str, str]) -> str | None:
    text = (env.get("REGLAB_PUBLIC_URL") or "").strip().rstrip("/")
    if text and not _PUBLIC.fullmatch(text):
        raise RegLabError(f"REGLAB_PUBLIC_URL must be an address such as https://lab.example.com, not {shown(text)}.")
    return text or None


def _default_store(home: Path) -> str:
    path = str(home / "reglab.sqlite").replace("%", "%25").replace("?", "%3F")  # in a URL both have a meaning
    return f"sqlite:///{path}"


def count(env: Mapping[str, str], name: str, default: int, also: str = "", at_most: int = 1024) -> int:
    """The whole number of the setting ``name``, from 1 to ``at_most``; :class:`RegLabError` for anything else."""
    text = env.get(name)
    if not text:
        return default
    if not text.isdecimal() or len(text) > 10 or not 1 <= int(text) <= at_most:
        raise RegLabError(f"{name} must be a whole number from 1 to {at_most}{also}, not {shown(text)}.")
    return int(text)
