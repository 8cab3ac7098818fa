"""The final table and its JSON: the same numbers, totals weighted by occurrence."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from autotune.cli.output import plain_lines
from autotune.measure.measurer import Peaks
from autotune.networks import find_network
from autotune.report import to_data, to_reproduction_table, to_table
from autotune.reproduction import Ratio, Reproduction
from autotune.results import LayerResult, NetworkResult

from .fakes import make_layer

FAST = LayerResult(make_layer("a", 100, count=3), 2e-5, 1e-5, "tuned now", trials=7, outcomes={"ok": 6, "crash": 1})
SAME = LayerResult(make_layer("b", 200), 1e-4, 1e-4, "default kept", trials=2, outcomes={"ok": 2})
LOST = LayerResult(make_layer("c", 300, count=2), problem="not reached within the budget")
RESULT = NetworkResult("testnet", 2, Peaks(400.0, 20.0), (FAST, SAME, LOST), 12.5, resume="autotune tune testnet")


TABLE = """\
testnet, 2 threads: 3 distinct layers, 6 in all
                         default tuned       GFLOP % of schedule
layer x shape                 ms    ms  gain    /s peak from
──────────────────────────────────────────────────────────────────
a     3 gemm 100x100x100   0.020 0.010 2.00x   200   50 tuned now
b     1 gemm 200x200x200   0.100 0.100     -   160   40 default
                                                        kept
c     2 gemm 300x300x300       -     -     -     -    - -
──────────────────────────────────────────────────────────────────
total 4                    0.160 0.130 1.23x   169   42
not reached within the budget: c
schedules measured: 8 ok, 1 crash
x: how often the layer occurs; totals count every occurrence
the total is of 4 of 6 occurrences of layers
measured peak: 400 GFLOP/s of fused multiply-adds
"""

PLAIN = """\
testnet, 2 threads: 3 distinct layers, 6 in all
layer  x  shape             default ms  tuned ms   gain  GFLOP/s  % of peak  schedule from
a      3  gemm 100x100x100       0.020     0.010  2.00x      200         50  tuned now
b      1  gemm 200x200x200       0.100     0.100      -      160         40  default kept
c      2  gemm 300x300x300           -         -      -        -          -  -
total  4  -                      0.160     0.130  1.23x      169         42  -
not reached within the budget: c
schedules measured: 8 ok, 1 crash
x: how often the layer occurs; totals count every occurrence
the total is of 4 of 6 occurrences of layers
measured peak: 400 GFLOP/s of fused multiply-adds
"""


def render(result: NetworkResult, width: int = 160) -> str:
    text = StringIO()
    Console(file=text, width=width).print(to_table(result))
    return "".join(line.rstrip() + "\n" for line in text.getvalue().splitlines())


def test_table_has_a_row_per_layer_and_weighted_totals() -> None:
    assert render(RESULT) == TABLE


def test_table_of_nothing_timed_has_no_numbers() -> None:
    lines = render(NetworkResult("n", 1, None, (LOST,), 0.0)).splitlines()
    assert lines[-4].split() == ["total", "0", "-", "-", "-", "-", "-"]
    assert lines[-3:] == [
        "not reached within the budget: c",
        "x: how often the layer occurs; totals count every occurrence",
        "the total is of 0 of 2 occurrences of layers",
    ]


def test_table_loses_nothing_at_80_columns() -> None:
    layers = find_network("resnet50").layers
    results = [LayerResult(layer, 0.0123456, 0.0112345, "default kept") for layer in layers]
    failed = LayerResult(make_layer("odd"), problem="default: crash: killed by SIGSEGV [signal 11]")
    result = NetworkResult("resnet50", 2, Peaks(117.4, 20.0), (*results, failed), 1.0)
    wide, narrow = render(result, 160), render(result, 80)
    assert max(map(len, narrow.splitlines())) <= 80
    assert set(narrow.replace("─", "").split()) == set(wide.replace("─", "").split())
    assert "…" not in narrow
    assert "default: crash: killed by SIGSEGV [signal 11]: odd\n" in narrow
    assert all(narrow.count(f"{layer.name} ") for layer in layers)


def test_json_has_the_same_numbers() -> None:
    data = json.loads(json.dumps(to_data(RESULT), allow_nan=False))
    assert data["totals"] == {
        "occurrences_timed": 4,
        "occurrences": 6,
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
        "doubt": "",
        "reproduction": None,
    }
    assert (data["distinct_layers"], data["distinct_convolutions"]) == (3, 0)
    assert data["layers"][2]["default_ms"] is None
    assert (data["resume"], data["interrupted"], data["fma_peak_gflops"]) == ("autotune tune testnet", False, 400.0)


def test_best_of_peaks() -> None:
    assert Peaks.best_of(Peaks(81.0, 30.0), None, Peaks(117.0, 20.0)) == Peaks(117.0, 30.0)
    assert Peaks.best_of(None, None) is None


def test_files_and_pipes_get_a_line_per_row() -> None:
    assert "".join(f"{line}\n" for line in plain_lines(to_table(RESULT))) == PLAIN


def test_counts_of_resnet50_are_told_apart() -> None:
    results = tuple(LayerResult(layer, 1e-3, 1e-3, "default kept") for layer in find_network("resnet50").layers)
    result = NetworkResult("resnet50", 2, None, results, 1.0)
    title = "resnet50, 2 threads: 24 distinct layers, 54 in all: 23 distinct convolutions, 53 in all, and fc"
    assert next(plain_lines(to_table(result))) == title
    data = to_data(result)
    assert (data["distinct_layers"], data["distinct_convolutions"], data["totals"]["occurrences"]) == (24, 23, 54)


def remarks(*layers: LayerResult) -> list[str]:
    return list(plain_lines(to_table(NetworkResult("n", 1, Peaks(100.0, 9.0), layers, 1.0))))


def test_default_near_the_peak_says_so() -> None:
    near = LayerResult(make_layer("a", 100), 2e-5 / 0.97, 2e-5 / 0.97, "default kept")
    assert "default kept, near the measured peak: a at 97 %" in remarks(
        near, replace(near, default_s=1e-4, best_s=1e-4)
    )


def test_doubtful_winner_is_named_and_claims_no_gain() -> None:
    lines = remarks(LayerResult(make_layer("a", 100), 3e-5, 3e-5, "not confirmed", doubt="spread 45 %"))
    assert "not confirmed: spread 45 %: a" in lines
    assert lines[2].split()[5:] == ["0.030", "-", "67", "67", "not", "confirmed"]


def test_record_slower_than_the_default_is_pointed_out() -> None:
    slower = LayerResult(make_layer("a", 100), 3e-5, 4e-5, "exact machine")
    assert "slower than the default in this run; tuning again may replace the record: a" in remarks(slower)


REPRODUCTION = """\
1 of 2 records reproduced; in brackets the range over the rounds
layer  recorded gain         gain now              verdict
a      2.00x (1.95 to 2.02)  1.97x (1.90 to 2.01)  reproduced
b      3.00x (2.90 to 3.10)  1.00x (0.99 to 1.01)  NOT REPRODUCED
"""


def test_recorded_gains_stand_beside_those_measured_now() -> None:
    holds = Reproduction(Ratio(2.0, 1.95, 2.02), Ratio(1.97, 1.9, 2.01))
    fails = Reproduction(Ratio(3.0, 2.9, 3.1), Ratio(1.0, 0.99, 1.01))
    layers = (replace(FAST, reproduction=holds), replace(SAME, reproduction=fails), LOST)
    result = replace(RESULT, layers=layers)
    table = to_reproduction_table(result)
    assert table is not None
    assert "".join(f"{line}\n" for line in plain_lines(table)) == REPRODUCTION
    first, second, third = (layer["reproduction"] for layer in to_data(result)["layers"])
    assert first == {
        "recorded": {"value": 2.0, "low": 1.95, "high": 2.02},
        "now": {"value": 1.97, "low": 1.9, "high": 2.01},
        "holds": True,
        "verdict": "reproduced",
    }
    assert (second["holds"], third) == (False, None)


def test_without_records_nothing_is_reproduced() -> None:
    assert to_reproduction_table(RESULT) is None
