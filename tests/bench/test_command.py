"""`autotune bench` from the command line: usage errors, and one small comparison from end to end."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autotune.bench import implementations
from autotune.cli.commands import bench
from tensorlang.errors import TuningError
from tests.architecture.sources import ROOT


def _bench(*arguments: str) -> Result:
    return CliRunner().invoke(bench, arguments)


@pytest.fixture(autouse=True)
def private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measuring lock of this test alone, and children that find the packages."""
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("resnet50", "--layers", "conv9"), "resnet50 has no layer 'conv9'."),
    ],
)
def test_unknown_names_are_answered_with_the_known_ones(arguments: tuple[str, ...], text: str) -> None:
    error = _bench(*arguments).exception
    assert isinstance(error, TuningError)
    assert str(error).startswith(text)
    assert error.legal


@pytest.mark.parametrize("value", ["0", "1,-2", "two", ""])
def test_numbers_of_threads_are_numbers(value: str) -> None:
    result = _bench("resnet50", "--threads", value)
    assert result.exit_code == 2
    assert f"Invalid value for '--threads': {value!r} is not a list of numbers >= 1, as in 1,2" in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the bench pins processes on Linux only")
def test_more_threads_than_cpus_is_an_error_before_anything_is_timed() -> None:
    error = _bench("resnet50", "--threads", str(1 + len(os.sched_getaffinity(0)))).exception
    assert isinstance(error, TuningError)
    assert error.rule == "every thread has a CPU of its own"


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementations, "find_spec", lambda name: None)
    error = _bench("resnet50").exception
    assert str(error) == (
        "onnxruntime cannot be measured: onnx and onnxruntime not installed.\n"
        "  hint        pip install 'tensorlang[bench]'"
    )


@pytest.mark.parametrize(("network", "layer"), [("resnet50", "conv5_reduce"), ("mobilenet_v2", "dw15")])
def test_one_layer_from_end_to_end(network: str, layer: str) -> None:
    result = _bench(network, "--layer", layer, "--threads", "1", "--rounds", "1", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert [(case["implementation"], case["schedule"]) for case in document["cases"]] == [
        ("tensorlang", "default"),
        ("tensorlang", "tuned"),
        ("onnxruntime", None),
    ]
    assert document["failures"] == []
    summary = document["summary"]
    assert summary["worst"]["case"] == layer
    assert summary["geomean_vs"]["onnxruntime"] == pytest.approx(summary["worst"]["ratio"])
    assert summary["fma_peak_gflops"] > 0
    assert summary["build_s"]["median"] > 0
    reproduce = document["cases"][0]["reproduce"]
    assert reproduce == f"autotune bench {network} --batch 1 --rounds 1 --layers {layer} --threads 1 --json"
    assert layer in result.stderr
