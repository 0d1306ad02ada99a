"""Commands that only read start without torch, pandas, SciPy, Plotly and Streamlit, which take seconds to load."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.factories import add_run, spec

import reglab
from reglab.events import Environment
from reglab.lazy import later, uncollected
from reglab.store import Store

HEAVY = ("torch", "streamlit", "plotly", "pandas", "scipy")
NOT_FOR_HELP = ("numpy", "sqlalchemy", "yaml", "reglab.conventions.translation")
ASK = f"""
import sys
from reglab.cli import main
for command in sys.argv[1:]:
    try:
        status = main(command.split())
    except SystemExit as left:
        status = left.code
    assert status != 2, command
    unwanted = {HEAVY + NOT_FOR_HELP} if command == "--help" else {HEAVY}
    loaded = [name for name in unwanted if name in sys.modules]
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


def test_a_list_of_usual_runs_needs_no_numpy(store: Store) -> None:
    run = store.create(spec(), owner=store.owner())
    environment = Environment("CPU", 1, {}, 10, 100, 40, train_labels=(60, 40), val_labels=(20, 20))
    store.began({run.id: environment})
    ask = "import sys; from reglab.cli import main; assert main(['runs']) == 0; assert 'numpy' not in sys.modules"
    home = os.environ | {"REGLAB_HOME": str(store.home)}
    ran = subprocess.run([sys.executable, "-c", ask], env=home, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert run.id in ran.stdout


def test_a_module_for_later_is_imported_when_something_of_it_is_used() -> None:
    sys.modules.pop("colorsys", None)
    module = later("colorsys")
    assert "colorsys" not in sys.modules
    assert module.rgb_to_hsv(1, 0, 0) == (0.0, 1.0, 1)
    with pytest.raises(AttributeError, match="rgb_to_nothing"):
        _ = module.rgb_to_nothing


def test_the_garbage_collector_rests_only_where_it_worked_before() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_package_has_its_names_before_they_are_loaded() -> None:
    assert {"RunSpec", "train", "__version__"} <= set(dir(reglab))
    from reglab.training import train

    assert reglab.train is train
    with pytest.raises(AttributeError, match="module 'reglab' has no attribute 'trian'"):
        _ = reglab.trian  # type: ignore[attr-defined]


def test_every_public_name_of_a_lazy_package_is_there() -> None:
    from reglab import datasets, jobs

    assert all(hasattr(package, name) for package in (datasets, jobs, reglab) for name in package.__all__)
    modules = {file.stem for file in Path(jobs.__file__).parent.glob("*.py")}
    assert not modules & set(jobs.__all__), "the module would hide the name"
