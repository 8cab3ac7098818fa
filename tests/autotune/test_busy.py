"""A busy machine is noticed before anything is measured, and said."""

from __future__ import annotations

import pytest
from rich.console import Console

from autotune.bench import command as bench_command
from autotune.checkup import load_warnings
from autotune.cli import run as run_command
from autotune.cli import tune as tune_command
from autotune.networks import Network
from autotune.results import LayerResult, NetworkResult
from tensorlang.codegen import host_target


@pytest.fixture(autouse=True)
def busy_and_nothing_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def pretend(network: Network, *args: object, **options: object) -> NetworkResult:
        return NetworkResult(network.name, 1, None, (LayerResult(network.layers[0], 1e-3, 1e-3, "heuristic"),), 0.0)

    monkeypatch.setattr("os.getloadavg", lambda: (8.25, 0.0, 0.0))
    monkeypatch.setattr(tune_command, "tune_network", pretend)
    monkeypatch.setattr(run_command, "run_network", pretend)


def test_a_fifth_of_a_core_each_is_busy() -> None:
    assert list(load_warnings(0.4, 2)) == []
    assert list(load_warnings(0.41, 2)) == ["the machine is busy (load 0.4 on 2 cores): measurements will be noisy"]


def test_tune_and_run_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    said = f"warning: the machine is busy (load 8.2 on {host_target().cores} cores): measurements will be noisy\n"
    tune_command.tune("alexnet", 10.0, 1, 1, ("fc8",), 0, None, False)
    assert said in capsys.readouterr().err
    run_command.run("alexnet", 1, 1, ("fc8",), False)
    assert said in capsys.readouterr().err


def test_bench_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    bench_command._announce(Console(width=200), (), (), 0.5)
    assert capsys.readouterr().out == ""
    bench_command._announce(Console(width=200), (), (), 8.25)
    assert capsys.readouterr().out == "warning: the machine is busy (load 8.2): ratios will be noisy\n"
