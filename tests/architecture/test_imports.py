"""What an import drags in, seen at run time; the static rules are import-linter's contracts in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        (
            "tensorlang",
            {"optuna", "click", "rich", "onnx", "onnxruntime", "openvino", "torch", "schedules", "autotune"},
        ),
        ("schedules", {"optuna", "click", "rich", "onnx", "onnxruntime", "openvino", "torch", "autotune"}),
        ("autotune.cli", {"onnx", "onnxruntime", "openvino", "torch", "halide"}),
    ],
)
def test_an_import_does_not_drag_in(module: str, unwanted: set[str]) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not unwanted & set(done.stdout.split())
