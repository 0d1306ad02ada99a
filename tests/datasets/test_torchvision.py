"""torchvision imports, and its models run, whatever build of torch is beside it."""

from __future__ import annotations

import subprocess
import sys

import pytest

USE = """
import torch
from reglab._torchvision import load_torchvision
torchvision = load_torchvision()
assert load_torchvision() is torchvision
net = torchvision.models.resnet18(weights=None, num_classes=3).eval()
assert net(torch.zeros(1, 3, 32, 32)).shape == (1, 3)
assert torchvision.datasets.FashionMNIST.resources
print("works")
"""
AFTER_A_PLAIN_IMPORT = (
    """
try:
    import torchvision
except RuntimeError as error:
    assert "torchvision::nms does not exist" in str(error)
"""
    + USE
)
IN_THREADS = (
    """
from concurrent.futures import ThreadPoolExecutor
from reglab._torchvision import load_torchvision
with ThreadPoolExecutor(8) as pool:
    assert len(set(pool.map(lambda _: load_torchvision(), range(8)))) == 1
"""
    + USE
)
OPERATORS_LOAD = """
import torch
compiled = torch.library.Library("torchvision", "DEF")  # stands for compiled operators that fit this torch
def load_library(path):
    if not hasattr(torch.ops.torchvision, "nms"):
        for name in ("nms", "qnms"):
            compiled.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        compiled.define("_cuda_version() -> int")
        compiled.impl("_cuda_version", lambda: -1, "CompositeExplicitAutograd")
torch.ops.load_library = load_library
from reglab import _torchvision
assert _torchvision._operators_load(_torchvision._folders())
assert not _torchvision._declared
print("works")
"""
NOT_INSTALLED = """
import sys
from reglab.errors import RegLabError
from reglab._torchvision import load_torchvision
sys.meta_path = [finder for finder in sys.meta_path if "PathFinder" not in repr(finder)]
try:
    load_torchvision()
except RegLabError as error:
    assert "pip install torchvision" in str(error)
    print("works")
"""
CASES = {
    "after a plain import": AFTER_A_PLAIN_IMPORT,
    "in threads": IN_THREADS,
    "operators load": OPERATORS_LOAD,
    "not installed": NOT_INSTALLED,
}


@pytest.mark.parametrize("code", CASES.values(), ids=CASES.keys())
def test_a_fresh_process_can_use_torchvision(code: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "works\n"
