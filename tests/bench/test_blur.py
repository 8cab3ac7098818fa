"""`autotune bench blur`: the schedules, the same ones in Halide, the JSON form, and the command from end to end."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import tensorlang as tl
from autotune.bench.blur import command
from autotune.bench.blur.case import BlurCase, expected_blur, make_image
from autotune.bench.blur.document import make_document
from autotune.bench.blur.halide_schedules import HALIDE_SCHEDULES, VARS
from autotune.bench.blur.run import HALIDE, TENSORLANG, BlurComparison, FailedBlur, TimedBlur, Work, run_blur
from autotune.bench.blur.schedules import SCHEDULES, make_blur
from autotune.bench.blur.table import make_table, summary_lines
from autotune.bench.implementations import OURS, Implementation
from autotune.cli.commands import bench
from autotune.cli.output import plain_lines
from tensorlang.errors import TuningError
from tensorlang.validation import check_kernel
from tests.architecture.sources import ROOT

PINS = pytest.mark.skipif(sys.platform != "linux", reason="the bench pins processes on Linux only")


@pytest.fixture(autouse=True)
def private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measuring lock of this test alone, and children that find the packages."""
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)


# The schedules


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("size", [(300, 300), (131, 517)])
def test_every_schedule_is_right(name: str, size: tuple[int, int]) -> None:
    blur = make_blur(*size)
    schedule = SCHEDULES[name](blur, 16)
    if name == "tiles" and size[0] < 132:
        schedule = SCHEDULES[name](blur, 32)
    kernel = tl.compile(blur.blur_y, schedule, cache=False)
    assert check_kernel(kernel).ok
    image = make_image(BlurCase(name, *size, 16))
    assert (kernel(image, threads=2) == expected_blur(image)).all()


class _Recorder:
    """Stands for a Func of Halide, and notes the calls in its name."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name, self._notes = name, notes

    def __repr__(self) -> str:
        return self._name

    def __getattr__(self, directive: str) -> object:
        def note(*arguments: object) -> _Recorder:
            self._notes.append(f"{self._name}.{directive}({', '.join(map(str, arguments))})")
            return self

        return note


def _halide_calls(name: str) -> list[str]:
    notes: list[str] = []
    blur_x, blur_y = _Recorder("blur_x", notes), _Recorder("blur_y", notes)
    HALIDE_SCHEDULES[name](blur_x, blur_y, {v: v for v in VARS}, 16)
    return notes


def test_halide_runs_the_same_schedules() -> None:
    """Our calls as Halide writes them: a tile names the inner dimension first."""
    assert list(HALIDE_SCHEDULES) == list(SCHEDULES)
    for name, make in SCHEDULES.items():
        ours = []
        for directive in make(make_blur(64, 64), 16).directives:
            text = directive.asked.replace('"', "").removeprefix("s[").replace("]", "", 1)
            ours.append(
                re.sub(r"tile\(y, x, yo, xo, yi, xi, (\d+), (\d+)\)", r"tile(x, y, xo, yo, xi, yi, \2, \1)", text)
            )
        assert sorted(_halide_calls(name)) == sorted(ours), name


# The document


def _timed(schedule: str, implementation: Implementation, *samples_ms: float, threads: int = 1) -> TimedBlur:
    operations, parallelism = {"default": (300, 1.0), "tiles": (210, 8.0)}[schedule]
    work = Work(operations, parallelism, 2 * operations) if implementation is TENSORLANG else None
    samples = tuple(1e-3 * ms for ms in samples_ms)
    default = () if threads > 1 else (0.040, 0.040)
    return TimedBlur(BlurCase(schedule, 64, 96, 16), threads, implementation, samples, default, work)


def _found() -> BlurComparison:
    timed = [
        _timed("default", TENSORLANG, 40.0, 40.0),
        _timed("default", HALIDE, 30.0, 30.0),
        _timed("tiles", TENSORLANG, 4.0, 4.0),
        _timed("tiles", HALIDE, 5.0, 5.0),
        _timed("tiles", TENSORLANG, 2.0, 2.0, threads=2),
    ]
    failed = FailedBlur(BlurCase("tiles", 64, 96, 16), 2, HALIDE, "out of breath")
    return BlurComparison(timed, [failed])


def test_document() -> None:
    document = json.loads(json.dumps(make_document(_found(), "autotune bench blur"), allow_nan=False))
    assert document["summary"] == {
        "1": {
            "best": "tiles",
            "ms": pytest.approx(4),
            "speedup": pytest.approx(10),
            "vs_halide": pytest.approx(1.25),
            "ratios": {"default": pytest.approx(0.75), "tiles": pytest.approx(1.25)},
        },
        "2": {"best": "tiles", "ms": pytest.approx(2), "speedup": None, "vs_halide": None, "ratios": {}},
    }
    assert document["cases"][2] == {
        "case": "tiles",
        "threads": 1,
        "implementation": "tensorlang",
        "schedule": "tiles",
        "ms": pytest.approx(4),
        "samples_ms": [pytest.approx(4)] * 2,
        "speedup": pytest.approx(10),
        "redundant_work": 1.0,
        "parallelism": 8.0,
        "scratch_bytes": 420,
        "reproduce": "autotune bench blur --schedules tiles --threads 1 --json",
        "workload": {"op": "blur", "dtype": "uint16", "height": 64, "width": 96},
    }
    assert [case["redundant_work"] for case in document["cases"]] == [pytest.approx(300 / 210), None, 1.0, None, 1.0]
    assert document["failures"] == [
        {"case": "tiles", "threads": 2, "implementation": "halide", "reason": "out of breath"}
    ]


def test_speedups_are_of_rounds_in_which_both_had_a_turn() -> None:
    timed = TimedBlur(BlurCase("tiles", 64, 96, 16), 1, TENSORLANG, (1.0, 4.0, 1.0), (10.0, 40.0, 30.0))
    assert timed.speedup == 10.0


def test_table_and_summary_for_people() -> None:
    found = _found()
    lines = list(plain_lines(make_table(found)))
    assert [line.split() for line in lines[1:4]] == [
        ["default", "1", "40.00", "1.0", "1.43", "1", "600", "30.00", "0.75", "0"],
        ["tiles", "1", "4.00", "10.0", "1.00", "8", "420", "5.00", "1.25", "0"],
        ["tiles", "2", "2.00", "-", "1.00", "8", "420", "-", "-", "-"],
    ]
    assert list(summary_lines(make_document(found, "")["summary"])) == [
        "best with 1 thread: tiles, 4.00 ms, 10.0 times the speed of the default, "
        "1.25 times that of Halide under the same schedule",
        "best with 2 threads: tiles, 2.00 ms",
    ]


def test_nothing_timed() -> None:
    assert list(summary_lines(make_document(BlurComparison(), "")["summary"])) == ["nothing was timed"]


# Running


@PINS
def test_a_wrong_answer_has_no_time() -> None:
    wrong = Implementation(OURS, None, "tests.bench.wrong_blur_process")
    notes: list[str] = []
    found = run_blur([BlurCase("default", 64, 96, 16)], (wrong, TENSORLANG), (1,), 1, notes.append)
    assert [timed.implementation for timed in found.timed] == [TENSORLANG]
    assert [(failed.implementation, failed.reason) for failed in found.failures] == [(wrong, "wrong answer.")]
    assert notes == ["default, 1 thread"]


def _bench(*arguments: str) -> Result:
    return CliRunner().invoke(bench, ["blur", *arguments])


@PINS
def test_the_command_without_halide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    result = _bench("--schedules", "default,tiles", "--size", "300", "--threads", "1", "--rounds", "1", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert [(case["case"], case["implementation"]) for case in document["cases"]] == [
        ("default", "tensorlang"),
        ("tiles", "tensorlang"),
    ]
    assert f"warning: {command.ABSENT}" in result.stderr.splitlines()
    assert document["summary"]["1"]["ratios"] == {}
    assert document["summary"]["1"]["speedup"] > 0


@PINS
def test_the_command_with_halide() -> None:
    """Halide's answers are right under every schedule, also after other memory was freed and used again."""
    result = _bench("--size", "300", "--threads", "1", "--rounds", "1", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["failures"] == []
    assert list(document["summary"]["1"]["ratios"]) == list(SCHEDULES)


def test_an_unknown_schedule_is_answered_with_the_known_ones() -> None:
    error = _bench("--schedules", "fast").exception
    assert isinstance(error, TuningError)
    assert str(error) == (
        "there is no schedule 'fast' of the blur.\n"
        "  legal here  default | breadth_first | full_fusion | sliding_window | tiles | "
        "sliding_in_strips | register_tiles"
    )
