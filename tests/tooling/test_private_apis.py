"""Canaries: each private interface that RegLab relies on still exists and does what RegLab needs of it.

A failure here after an update of a dependency names the place in ``src/`` that has to change.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import plotly
import pytest
import torch
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from torch import Tensor

LISTS = [torch.tensor([1.0, -2.0, 0.0]), torch.tensor([[0.5], [-0.25]])]


def copies() -> list[Tensor]:
    return [tensor.clone() for tensor in LISTS]


def assert_equal(found: list[Tensor], wanted: list[Tensor]) -> None:
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_torch_foreach_changes_whole_lists_in_place() -> None:
    """reglab.penalties and reglab.training.gradient_ratio."""
    added, scaled, divided = copies(), copies(), copies()
    torch._foreach_add_(added, LISTS, alpha=3.0)
    torch._foreach_mul_(scaled, 0.5)
    torch._foreach_div_(divided, 4.0)
    assert_equal(added, [4 * tensor for tensor in LISTS])
    assert_equal(scaled, [tensor * 0.5 for tensor in LISTS])
    assert_equal(divided, [tensor / 4 for tensor in LISTS])
    assert_equal(list(torch._foreach_sign(LISTS)), [tensor.sign() for tensor in LISTS])


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is found on Linux only")
def test_glibc_takes_the_thresholds_of_its_heap() -> None:
    """reglab.training.memory: mallopt answers 1 where it accepts a parameter."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        pytest.skip("the C library is not glibc")
    assert library.mallopt(-1, 256 * 2**20) == 1  # M_TRIM_THRESHOLD
    assert library.mallopt(-3, 64 * 2**20) == 1  # M_MMAP_THRESHOLD
    assert library.malloc_trim(0) in (0, 1)


def test_streamlit_decides_by_a_class_attribute_whether_a_pages_folder_is_its_own() -> None:
    """reglab.ui.server: set to False, ``pages/`` is left to st.navigation."""
    assert isinstance(PagesManager.uses_pages_directory, bool | None)
    assert "uses_pages_directory" in vars(PagesManager)


def test_streamlit_has_no_script_context_outside_a_session() -> None:
    """reglab.ui.shared: the context identifies a session and carries its query."""
    assert get_script_run_ctx(suppress_warning=True) is None


@pytest.mark.parametrize("name", ["_fullLayout", "nsewdrag", "_length"])
def test_plotly_keeps_the_names_that_our_javascript_reads(name: str) -> None:
    """reglab/ui/shared/live_chart.js and reglab/ui/learn/drag_handle.js."""
    library = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    assert name in library.read_text("utf-8")
