"""Samplers are compared at the same number of candidates, on measurements that they share."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autotune.cli.output import plain_lines
from autotune.comparison.curves import HEURISTIC, Curve, counts_up_to, make_curves
from autotune.comparison.finals import Finals, hold_finals
from autotune.comparison.measurements import Measurements, measurements_path
from autotune.comparison.plot import sparkline, to_svg
from autotune.comparison.report import to_data, to_table
from autotune.comparison.runs import Run, Tried, Variant, search
from autotune.measure.measurer import Candidate, Comparison
from autotune.measure.outcome import Measurement, Outcome
from autotune.names import SAMPLERS
from schedules import Toolchain
from schedules.space import KnobValue
from tensorlang.errors import TuningError

from .fakes import DEFAULT, SPACE, FakeMeasurer, make_layer, make_problem, time_of

A, B = make_layer("a", 64), make_layer("b", 128)
TPE, RANDOM = Variant("tpe"), Variant("random")


def test_schedule_is_measured_once_whoever_asks(tmp_path: Path) -> None:
    measurer, problem = FakeMeasurer(), make_problem(A)
    measure = Measurements(problem, measurer, tmp_path / "deep" / "a.jsonl")
    first = [run.candidates for name in SAMPLERS for run in search([problem], [measure], Variant(name), 0, 24)]
    assert measure.made == len(measurer.measured) == SPACE.size
    again = Measurements(problem, measurer, tmp_path / "deep" / "a.jsonl")
    assert [run.candidates for name in SAMPLERS for run in search([problem], [again], Variant(name), 0, 24)] == first
    assert again.made == 0
    assert [min(c.time_s for c in candidates if c.time_s) for candidates in first] == pytest.approx(
        [1e-3] * len(SAMPLERS)
    )


def test_candidates_are_held_against_the_fastest_that_any_sampler_found(tmp_path: Path) -> None:
    measurer, problem = FakeMeasurer(), make_problem(A)
    measure = Measurements(problem, measurer, tmp_path / "a.jsonl")
    for knobs in (DEFAULT, {**DEFAULT, "tile": 16}, {**DEFAULT, "tile": 1}):
        measure(json.dumps(knobs))
    best_s = time_of({**DEFAULT, "tile": 16})
    assert [c.incumbent_s for c in measurer.measured] == [None, time_of(DEFAULT), best_s]
    assert measure.best_s == best_s


def test_file_that_a_killed_run_left_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path, problem = tmp_path / "a.jsonl", make_problem(A)
    measure = Measurements(problem, FakeMeasurer(outcomes={json.dumps(DEFAULT): Outcome.CRASH}), path)
    failed = measure(json.dumps(DEFAULT))
    measure(json.dumps({**DEFAULT, "tile": 8}))
    path.write_bytes(path.read_bytes()[:-20] + b"\xff\n{}\n[1]\n")
    again = Measurements(problem, FakeMeasurer(), path)
    assert again(json.dumps(DEFAULT)) == failed
    again(json.dumps({**DEFAULT, "tile": 8}))
    assert again.made == 1


def test_failure_of_the_machinery_is_not_kept_and_ends_the_run_in_time(tmp_path: Path) -> None:
    schedule = json.dumps(DEFAULT)
    measure = Measurements(make_problem(A), FakeMeasurer(outcomes={schedule: Outcome.INFRA}), tmp_path / "a.jsonl")
    assert [measure(schedule).outcome for _ in range(2)] == [Outcome.INFRA] * 2
    with pytest.raises(TuningError, match="Measuring failed 3 times in a row: told to"):
        measure(schedule)
    assert not (tmp_path / "a.jsonl").exists()


def test_other_code_has_another_file(tmp_path: Path) -> None:
    problem = make_problem(A)
    first, second = (Toolchain(epoch, "1", "2", "omp") for epoch in ("a", "b"))
    assert measurements_path(tmp_path, problem, first) != measurements_path(tmp_path, problem, second)


def test_every_sampler_gets_as_many_candidates(tmp_path: Path) -> None:
    for name in SAMPLERS:
        measure = Measurements(make_problem(A), FakeMeasurer(), tmp_path / "a.jsonl")
        (run,) = search([make_problem(A)], [measure], Variant(name), 1, 7)
        assert len(run.candidates) == 7
        assert run.candidates[0] == Tried(json.dumps(DEFAULT), time_of(DEFAULT))


def make_run(layer: str, variant: Variant, *times_s: float | None) -> Run:
    """A search whose candidates are named by their times in it."""
    return Run(layer, variant, 0, tuple(Tried(str(time_s), time_s) for time_s in times_s))


FINALS = [
    Finals(
        (make_run("a", TPE, 4.0, 2.0, None, 1.0), make_run("a", RANDOM, 4.0, None, 5.0, 2.0)),
        {"4.0": 1.0, "2.0": 2.0, "1.0": 4.0},
    ),
    Finals(
        (make_run("b", TPE, 4.0, 3.0, 2.0, 2.0), make_run("b", RANDOM, 4.0, 4.0, 4.0, 4.0)),
        {"4.0": 1.0, "3.0": 1.0, "2.0": 2.0},  # what looked a third faster in the search is not
        "waited 9 % of the time for busy CPUs",
    ),
]


def test_curve_is_the_geometric_mean_of_the_best_so_far_as_timed_again() -> None:
    tpe, random, heuristic = make_curves(FINALS, (1, 2, 4, 8), 0.97)
    root = math.sqrt(0.5)
    assert (tpe.name, random.name, heuristic.name) == ("tpe", "random", HEURISTIC)
    assert tpe.share == pytest.approx({1: 0.5 * root, 2: 0.5, 4: 1.0, 8: 1.0})
    assert random.share == pytest.approx({1: 0.5 * root, 2: 0.5 * root, 4: 0.5, 8: 0.5})
    assert heuristic.share == pytest.approx(dict.fromkeys((1, 2, 4, 8), 0.5 * root))
    assert (tpe.needed, random.needed, heuristic.needed) == (3.5, math.inf, math.inf)


def test_nothing_timed_makes_no_curve() -> None:
    assert make_curves([], (1,), 0.97) == []


def schedule_of(**changes: KnobValue) -> str:
    return json.dumps({**DEFAULT, **changes})


class Failing(FakeMeasurer):
    """Contenders that are in `outcomes` fail when they are compared, on a busy machine."""

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        good = {label: c for label, c in contenders.items() if c.schedule not in self.outcomes}
        failed = {label: Measurement(self.outcomes[c.schedule]) for label, c in contenders.items() if label not in good}
        return replace(super().compare(good, rounds), failures=failed, waiting_share=0.09)


TILES = [schedule_of(tile=tile) for tile in (4, 1, 2, 8, 16)]


def test_finals_time_what_was_the_best_so_far_and_the_last_best_three() -> None:
    runs = [
        Run("a", TPE, 0, tuple(map(Tried, TILES, (5.0, 9.0, 8.0, 4.0, None)))),
        Run("a", RANDOM, 0, tuple(map(Tried, TILES, (5.0, 6.0, 7.0, 8.0, None)))),
    ]
    fake = FakeMeasurer()
    found = hold_finals(make_problem(A), runs, fake)
    assert found is not None
    (compared,) = fake.compared
    assert [c.schedule for c in compared.values()] == [TILES[0], TILES[3], TILES[2], TILES[1]]
    assert found.runs == tuple(runs)
    default_s = time_of(DEFAULT)
    assert found.speeds == pytest.approx({TILES[n]: default_s / time_of(json.loads(TILES[n])) for n in range(4)})
    assert (found.layer, found.fastest, found.disturbance) == ("a", max(found.speeds.values()), "")


def test_what_fails_when_it_is_timed_again_was_not_the_best() -> None:
    run = Run("a", TPE, 0, tuple(map(Tried, TILES, (5.0, 4.0, 3.0, 2.0, 1.0))))
    fake = Failing(outcomes={TILES[4]: Outcome.WRONG_ANSWER})
    found = hold_finals(make_problem(A), [run], fake)
    assert found is not None
    assert [candidate.time_s for candidate in found.runs[0].candidates] == [5.0, 4.0, 3.0, 2.0, None]
    assert found.speeds.keys() == set(TILES[:4])
    assert found.disturbance == "waited 9 % of the time for busy CPUs"


def test_without_a_default_there_is_nothing_to_hold_others_against() -> None:
    run = Run("a", TPE, 0, tuple(map(Tried, TILES, (5.0, 4.0, 3.0, 2.0, 1.0))))
    assert hold_finals(make_problem(A), [run], Failing(outcomes={TILES[0]: Outcome.CRASH})) is None
    assert hold_finals(make_problem(A), [run.without({TILES[0]})], FakeMeasurer()) is None


def test_counts_double() -> None:
    assert counts_up_to(64) == (1, 2, 4, 8, 16, 32, 64)
    assert counts_up_to(6) == (1, 2, 4, 6)
    assert counts_up_to(1) == (1,)


def test_table_and_data() -> None:
    curves = make_curves(FINALS, (1, 2, 3, 4), 0.97)
    lines = list(plain_lines(to_table(curves, (1, 2, 4), 4, 0.97, "title")))
    assert lines[:5] == [
        "title",
        "sampler       1     2      4  needed  curve",
        "tpe        35.4  50.0  100.0       4  ▁▃▅█",
        "random     35.4  35.4   50.0      >4  ▁▁▁▃",
        "heuristic  35.4  35.4   35.4      >4  ▁▁▁▁",
    ]
    data = json.loads(json.dumps(to_data(FINALS, curves, 0.97)))
    assert data["curves"][0]["candidates_needed"] == 3.5
    assert data["curves"][1]["candidates_needed"] is None
    own = {"times_ms": [4e3, 3e3, 2e3, 2e3], "speeds": [1.0, 1.0, 2.0, 2.0]}
    assert data["runs"][2] == {"layer": "b", "sampler": "tpe", "seed": 0, **own}
    assert data["runs"][0]["times_ms"][2] is None
    assert data["disturbances"] == {"b": "waited 9 % of the time for busy CPUs"}
    Console().print(to_table(curves, (1, 2, 4), 4, 0.97, "title"))


def test_long_curve_keeps_its_ends() -> None:
    curve = Curve("tpe", {n: 0.5 if n < 1000 else 1.0 for n in range(1, 1001)}, 1000.0)
    *_, line, _, _, _ = plain_lines(to_table([curve], (1, 1000), 1000, 0.97, ""))
    assert line.split()[-1] == "▁" * 23 + "█"


def test_sparkline_stays_within_its_blocks() -> None:
    assert sparkline([0.1, 0.5, 0.75, 1.0, 1.2], 0.5) == "▁▁▅██"
    assert sparkline([1.0], 1.0) == "▁"


def test_plot_has_a_line_for_every_curve() -> None:
    picture = ET.fromstring(to_svg(make_curves(FINALS, (1, 2, 3, 4), 0.97), "3 < 4 & more"))
    space = "{http://www.w3.org/2000/svg}"
    lines = picture.findall(f"{space}polyline")
    assert len(lines) == 3
    ends = [[tuple(map(float, point.split(","))) for point in line.attrib["points"].split()] for line in lines]
    assert all(x <= 720 and 0 <= y <= 420 for points in ends for x, y in points)
    assert ends[0][-1][1] < ends[1][-1][1] < ends[2][-1][1]  # higher is faster
    texts = {text.text for text in picture.findall(f"{space}text")}
    assert {"3 < 4 & more", "tpe", "random", "heuristic", "1", "4", "40 %", "100 %"} <= texts
