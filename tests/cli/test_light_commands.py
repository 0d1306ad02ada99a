"""Commands that only read start without torch, pandas, SciPy, Plotly and Streamlit, which take seconds to load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.factories import add_run, spec

import reglab
from reglab.store import Store

HEAVY = ("torch", "streamlit", "plotly", "pandas", "scipy")
ASK = f"""
import sys
from reglab.cli import main
for command in sys.argv[1:]:
    try:
        status = main(command.split())
    except SystemExit as left:
        status = left.code
    assert status != 2, command
    loaded = [name for name in {HEAVY} if name in sys.modules]
    assert not loaded, (command, loaded)
"""


def test_commands_that_only_read_load_nothing_heavy(store: Store) -> None:
    """Runs of today and of versions that recorded no environment, of which chance is counted from the data set."""
    shown = add_run(store, name="one run")
    add_run(store, spec(data__name="mnist", model__name="lenet5"), state="queued")
    commands = ["--help", "runs", "runs --json", f"show {shown.id}", f"show {shown.id} --json", "check"]
    commands += ["data list", "gc --dry-run"]
    commands += ["translate 0.01 --from keras-l2 --to torch-adamw", "claims --help"]
    environment = os.environ | {"REGLAB_HOME": str(store.home)}
    ran = subprocess.run(
        [sys.executable, "-c", ASK, *commands], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("one run") > 3


def test_the_package_has_its_names_before_they_are_loaded() -> None:
    assert {"RunSpec", "train", "__version__"} <= set(dir(reglab))
    from reglab.training import train

    assert reglab.train is train
    with pytest.raises(AttributeError, match="module 'reglab' has no attribute 'trian'"):
        _ = reglab.trian  # type: ignore[attr-defined]


def test_every_public_name_of_a_lazy_package_is_there() -> None:
    from reglab import jobs

    assert all(hasattr(package, name) for package in (jobs, reglab) for name in package.__all__)
    modules = {file.stem for file in Path(jobs.__file__).parent.glob("*.py")}
    assert not modules & set(jobs.__all__), "the module would hide the name"
