"""Lowering and emission do work in proportion to the code: calls are counted, pass by pass, not time."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

import pytest
from llvmlite import ir as ll

import tensorlang as tl
from autotune.bench.unrolled import PROGRAMS, Program
from tensorlang.codegen import functions, parts
from tensorlang.codegen.functions import FunctionEmitter
from tensorlang.codegen.target import host_target
from tensorlang.ir.stmt import Stmt
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import pipeline
from tensorlang.schedule.resolve import resolve

# For what happens at some sizes only: a part more, a tile that is in memory.
_SLACK = 1.1


def _count_calls(work: Callable[[], object]) -> int:
    """Python calls made by `work`."""
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def _calls_by_pass(program: Program, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Calls made by each pass, by what comes before them (`place`), and by emission (`emit`)."""
    calls: Counter[str] = Counter()

    def counted(name: str, apply: pipeline.Pass) -> pipeline.Pass:
        def run(stmt: Stmt) -> Stmt:
            result = []
            calls[name] += _count_calls(lambda: result.append(apply(stmt)))
            return result[0]

        return run

    algorithm = build_algorithm(program.output)
    resolved = resolve(algorithm, program.schedule)
    shapes = {program.output.name: program.shape}
    calls["place"] = _count_calls(lambda: pipeline.place(resolved, shapes))
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "PASSES", tuple((name, counted(name, apply)) for name, apply in pipeline.PASSES))
        module = pipeline.lower(resolved, shapes)
    calls["emit"] = _count_calls(lambda: FunctionEmitter(ll.Module(), module.main, host_target()).emit())
    return calls


def _assert_linear(make: Callable[[int], Program], size: int, patch: pytest.MonkeyPatch) -> None:
    """Twice the size makes at most twice the calls, in every pass."""
    small, large = (_calls_by_pass(make(n), patch) for n in (size, 2 * size))
    for name in large:
        assert large[name] <= 2 * _SLACK * small[name], f"{name}: {small[name]} calls, then {large[name]}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_work_grows_with_the_code(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (parts, functions):
        monkeypatch.setattr(module, "PART_STORES", 48)
    # Both sizes are emitted in parts then, and tiles of both are in memory.
    _assert_linear(PROGRAMS[name], 128 if name == "tile" else 64, monkeypatch)


def _chain(length: int) -> Program:
    """One expression of many terms."""
    x = tl.Input("x", (1024 + length,), tl.float32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = sum((x[i + k] * float(k) for k in range(1, length)), x[i])
    schedule = tl.Schedule(f)
    schedule[f].vectorize("i", 16)
    return Program(f, schedule, (1024,))


def test_work_grows_with_the_length_of_an_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    _assert_linear(_chain, 80, monkeypatch)
