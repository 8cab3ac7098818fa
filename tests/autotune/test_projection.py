"""The time that a network will take is shown while it is tuned, and goes down."""

from __future__ import annotations

from io import StringIO

import pytest
from optuna.storages import InMemoryStorage
from rich.console import Console

from autotune.budget import Budget
from autotune.cli.progress import ProgressDisplay
from autotune.results import Projection
from autotune.stopping import StopRequest
from autotune.tuner import Tuner

from .fakes import DEFAULT, FakeMeasurer, Silence, make_layer, make_network, make_problem, time_of

A, B = make_layer("a", 64, count=3), make_layer("b", 128)


def test_time_of_the_network_goes_down_from_its_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "turn_s", lambda *_: 0.05)
    problems = [make_problem(layer) for layer in (A, B)]
    tuner = Tuner(
        make_network(A, B),
        problems,
        InMemoryStorage(),
        FakeMeasurer(),
        lambda *_: None,
        Budget(60),
        StopRequest(),
        Silence(),
    )
    tuner.run()
    first, *_, last = tuner.projections
    times_s = [projection.best_s for projection in tuner.projections]
    assert first.default_s == first.best_s == pytest.approx(4 * time_of(DEFAULT))
    assert times_s == sorted(times_s, reverse=True)
    assert last.best_s == pytest.approx(4 * 1e-3)
    assert (first.trials, first.layers, last.trials, last.layers) == (2, 2, 48, 2)


def test_display_says_when_the_network_has_become_faster() -> None:
    where = Console(file=StringIO(), width=200)
    display = ProgressDisplay(where)
    display.on_start(make_network(A, B), Budget(60))
    for elapsed_s, best_s, layers in ((5, 4e-3, 1), (9, 8e-3, 2), (14, 8e-3, 2), (70, 6.4e-3, 2)):
        display.on_projection(Projection(elapsed_s, 3, 4e-3 * layers, best_s, layers))
    display.on_projection(Projection(80, 3, 0.0, 0.0, 0))
    assert isinstance(where.file, StringIO)
    assert where.file.getvalue().splitlines()[1:] == [
        "testnet after 5s: 4.000 ms, 1 of 2 layers",
        "testnet after 9s: 8.000 ms",
        "testnet after 1m10s: 6.400 ms, 1.25x",
    ]
