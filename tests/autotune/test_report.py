"""The final table and its JSON: the same numbers, totals weighted by occurrence."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console

from autotune.measure.measurer import Peaks
from autotune.report import to_data, to_table
from autotune.results import LayerResult, NetworkResult

from .fakes import make_layer

FAST = LayerResult(make_layer("a", 100, count=3), 2e-5, 1e-5, "tuned now", trials=7, outcomes={"ok": 6, "crash": 1})
SAME = LayerResult(make_layer("b", 200), 1e-4, 1e-4, "heuristic, not beaten", trials=2, outcomes={"ok": 2})
LOST = LayerResult(make_layer("c", 300, count=2), problem="not reached within the budget")
RESULT = NetworkResult("testnet", 2, Peaks(400.0, 20.0), (FAST, SAME, LOST), 12.5, resume="autotune tune testnet")


def render(result: NetworkResult) -> list[str]:
    text = StringIO()
    Console(file=text, width=160).print(to_table(result))
    return text.getvalue().splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_table_has_a_row_per_layer_and_weighted_totals() -> None:
    lines = render(RESULT)
    assert lines[0].strip() == "testnet, 2 threads"
    rows = [cells(line) for line in lines if line.startswith("│")]
    assert rows == [
        ["a", "3", "gemm 100x100x100", "0.020", "0.010", "2.00x", "200", "50", "tuned now"],
        ["b", "1", "gemm 200x200x200", "0.100", "0.100", "1.00x", "160", "40", "heuristic, not beaten"],
        ["c", "2", "gemm 300x300x300", "-", "-", "-", "-", "-", "not reached within the budget"],
        ["total of 4 timed", "6", "", "0.160", "0.130", "1.23x", "169", "42", ""],
    ]


def test_table_of_nothing_timed_has_no_numbers() -> None:
    rows = [cells(line) for line in render(NetworkResult("n", 1, None, (LOST,), 0.0)) if line.startswith("│")]
    assert rows[-1] == ["total of 0 timed", "2", "", "-", "-", "-", "-", "-", ""]


def test_json_has_the_same_numbers() -> None:
    data = json.loads(json.dumps(to_data(RESULT), allow_nan=False))
    assert data["totals"] == {
        "layers_timed": 4,
        "layers": 6,
        "default_ms": pytest.approx(0.16),
        "tuned_ms": pytest.approx(0.13),
        "speedup": pytest.approx(16 / 13),
        "gflops": pytest.approx(22e-3 / 0.13e-3),
        "percent_of_peak": pytest.approx(100 * 22e-3 / 0.13e-3 / 400),
    }
    assert data["layers"][0] == {
        "layer": "a",
        "count": 3,
        "workload": FAST.layer.workload.to_data(),
        "default_ms": pytest.approx(0.02),
        "tuned_ms": pytest.approx(0.01),
        "speedup": pytest.approx(2.0),
        "gflops": pytest.approx(200.0),
        "percent_of_peak": pytest.approx(50.0),
        "source": "tuned now",
        "trials": 7,
        "outcomes": {"ok": 6, "crash": 1},
        "problem": "",
    }
    assert data["layers"][2]["default_ms"] is None
    assert (data["resume"], data["interrupted"], data["fma_peak_gflops"]) == ("autotune tune testnet", False, 400.0)
