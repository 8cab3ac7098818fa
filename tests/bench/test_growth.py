"""`autotune bench compile-time`: what it measures, its JSON form, and its usage errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import tensorlang as tl
from autotune.bench.growth import Compiled, fit_exponent, make_document
from autotune.bench.unrolled import PROGRAMS
from autotune.cli.commands import bench
from tensorlang.errors import TuningError
from tensorlang.validation import check_kernel


@pytest.fixture(autouse=True)
def private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measuring lock of this test alone."""
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))


def _bench(*arguments: str) -> Result:
    return CliRunner().invoke(bench, ["compile-time", *arguments])


def _compiled(unroll: int, seconds: float, name: str = "tile") -> Compiled:
    return Compiled(name, unroll, 2 * unroll, 0.25 * seconds, 0.75 * seconds)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_is_that_of_the_power_law(power: float) -> None:
    measured = [_compiled(unroll, 1e-4 * unroll**power) for unroll in (128, 256, 512)]
    assert fit_exponent(measured) == pytest.approx(power)


def test_small_code_does_not_count_for_the_exponent() -> None:
    slow_start = [_compiled(8, 100.0), _compiled(64, 100.0)]
    assert fit_exponent([*slow_start, *(_compiled(unroll, 1e-4 * unroll) for unroll in (128, 256))]) == pytest.approx(1)
    assert fit_exponent([*slow_start, _compiled(128, 1.0)]) is None


def test_document() -> None:
    measured = [_compiled(128, 0.128), _compiled(256, 0.256), _compiled(8, 1.0, "tail")]
    document = make_document(measured, "autotune bench compile-time --rounds 1")
    assert document["summary"] == {
        "exponents": {"tile": pytest.approx(1.0), "tail": None},
        "worst": {"case": "tile", "exponent": pytest.approx(1.0)},
        "ms_per_statement": {"tile": pytest.approx(0.5), "tail": pytest.approx(62.5)},
    }
    assert document["cases"][0] == {
        "case": "tile",
        "unroll": 128,
        "statements": 256,
        "lowering_ms": pytest.approx(32.0),
        "llvm_ms": pytest.approx(96.0),
        "ms_per_statement": pytest.approx(0.5),
        "reproduce": "autotune bench compile-time --rounds 1 --programs tile --unroll 128 --json",
    }


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_programs_are_right(name: str) -> None:
    program = PROGRAMS[name](8)
    assert check_kernel(tl.compile(program.output, program.schedule, shape=program.shape, cache=False)).ok


def test_the_command_from_end_to_end() -> None:
    result = _bench("--programs", "elementwise", "--unroll", "2,4", "--rounds", "1", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert [(case["case"], case["unroll"], case["statements"]) for case in document["cases"]] == [
        ("elementwise", 2, 2),
        ("elementwise", 4, 4),
    ]
    assert all(case["lowering_ms"] > 0 and case["llvm_ms"] > 0 for case in document["cases"])
    assert "per statement [ms]" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("--programs", "sort"),
            "there is no program 'sort'.\n  legal here  elementwise | tail | stencil | tile | reduction | fused",
        ),
        *(
            (
                ("--unroll", value),
                f"the programs cannot be unrolled {value} times.\n  rule        unroll is a power of two from 2 to 512",
            )
            for value in ("1", "24", "1024")
        ),
    ],
)
def test_mistakes(arguments: tuple[str, ...], text: str) -> None:
    error = _bench(*arguments).exception
    assert isinstance(error, TuningError)
    assert str(error) == text
