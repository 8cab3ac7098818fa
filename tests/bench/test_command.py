"""`autotune bench` from the command line: usage errors, and one small comparison from end to end."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autotune.bench import command, implementations
from autotune.bench.results_file import read_sections
from autotune.cli.commands import bench
from autotune.names import CASE_SETS
from autotune.networks import Network, NetworkLayer
from tensorlang.errors import TuningError
from tensorlang.nn import Gemm
from tests.architecture.sources import ROOT

PINS = pytest.mark.skipif(sys.platform != "linux", reason="the bench pins processes on Linux only")


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


@PINS
def test_more_threads_than_cpus_is_an_error_before_anything_is_timed() -> None:
    error = _bench("resnet50", "--threads", str(1 + len(os.sched_getaffinity(0)))).exception
    assert isinstance(error, TuningError)
    assert error.rule == "every thread has a CPU of its own"


def test_a_peer_that_is_asked_for_and_not_installed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementations, "find_spec", lambda name: None)
    error = _bench("resnet50", "--peers", "onnxruntime").exception
    assert str(error) == (
        "onnxruntime cannot be measured: onnx and onnxruntime not installed.\n"
        "  hint        pip install 'tensorlang[bench]'"
    )


def test_an_unknown_peer_is_answered_with_the_known_ones() -> None:
    error = _bench("gemm", "--peers", "onnxruntime,abacus").exception
    assert isinstance(error, TuningError)
    assert error.message == "there is no peer 'abacus'."
    assert "onnxruntime" in error.legal.split(" | ")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case sets of one tiny layer each."""

    def find(name: str, batch: int) -> Network:
        return Network(name, (NetworkLayer("tiny", Gemm(m=batch, n=16, k=8, bias=False), 1),))

    monkeypatch.setattr(command, "find_case_set", find)


@PINS
def test_peers_that_are_not_installed_are_left_out_with_a_remark(monkeypatch: pytest.MonkeyPatch, tiny: None) -> None:
    monkeypatch.setattr(command, "find_missing", lambda peer: [peer.name])
    result = _bench("gemm", "--threads", "1", "--rounds", "1", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert {case["implementation"] for case in found["cases"]} == {"tensorlang"}
    assert any(line.startswith("warning: not compared with onnxruntime (onnx") for line in result.stderr.splitlines())


@PINS
def test_results_are_updated_a_case_set_at_a_time(tmp_path: Path, tiny: None) -> None:
    path = tmp_path / "RESULTS.md"
    for names in (("gemv", "conv"), ("gemm", "conv")):
        result = _bench(*names, "--peers", "onnxruntime", "--threads", "1", "--rounds", "1", "--results", str(path))
        assert result.exit_code == 0, result.stderr
    sections = read_sections(path)
    assert list(sections) == ["gemm", "gemv", "conv"]
    commands = {name: next(line for line in text.splitlines() if "Command" in line) for name, text in sections.items()}
    options = "--peers onnxruntime --rounds 1 --threads 1"
    assert commands == {
        "gemm": f"* Command: `autotune bench gemm conv {options}`",
        "gemv": f"* Command: `autotune bench gemv conv {options}`",
        "conv": f"* Command: `autotune bench gemm conv {options}`",
    }


def test_results_are_of_whole_case_sets(tmp_path: Path) -> None:
    error = _bench("gemm", "--layers", "128x128x128", "--results", str(tmp_path / "RESULTS.md")).exception
    assert str(error) == (
        "results are of whole case sets, but some of their layers are named.\n  hint        --results without --layers"
    )


def test_without_names_all_case_sets_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def find(name: str, batch: int) -> Network:
        asked.append(name)
        return Network(name, ())

    monkeypatch.setattr(command, "find_case_set", find)
    result = _bench("--peers", "onnxruntime", "--threads", "1")
    assert result.exit_code == 0, result.stderr
    assert asked == list(CASE_SETS)


@pytest.mark.parametrize(("network", "layer"), [("resnet50", "conv5_reduce"), ("mobilenet_v2", "dw15")])
def test_one_layer_from_end_to_end(network: str, layer: str) -> None:
    result = _bench(
        network, "--layer", layer, "--peers", "onnxruntime,openblas", "--threads", "1", "--rounds", "1", "--json"
    )
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert [(case["implementation"], case["schedule"]) for case in document["cases"]] == [
        ("tensorlang", "default"),
        ("tensorlang", "tuned"),
        ("tensorlang", "again"),
        ("onnxruntime", None),
    ]
    assert document["failures"] == []
    summary = document["summary"]
    assert summary["worst"]["case"] == layer
    assert summary["geomean_vs"]["onnxruntime"] == pytest.approx(summary["worst"]["ratio"])
    assert summary["fma_peak_gflops"] > 0
    assert summary["build_s"]["median"] > 0
    assert summary["cached_ready_ms"]["median"] > 0
    assert summary["read_bandwidth_gbs"] > 0
    assert summary["noise"]["median"] > 0
    assert document["cases"][0]["tensor_bytes"] > document["cases"][0]["scratch_bytes"]
    assert document["setting"]["versions"]["onnxruntime"]
    reproduce = document["cases"][0]["reproduce"]
    options = "--peers onnxruntime,openblas --rounds 1"
    assert reproduce == f"autotune bench {network} {options} --layers {layer} --threads 1 --json"
    assert layer in result.stderr
    assert f"of {network}, with onnxruntime\n" in result.stderr  # BLAS has no convolutions
