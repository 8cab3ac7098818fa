"""Defects to plant in the compiler, to see that the fuzzer finds them: ``python -m tests.fuzz.planted [NAME ...]``."""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType

from tests.fuzz.hunting import hunt


@dataclass(frozen=True)
class Plant:
    """A defect: in the source of a module of tensorlang, `before` is replaced by `after`."""

    module: str
    before: str
    after: str


PLANTS: Mapping[str, Plant] = {
    "a tail's guard lets one more point through": Plant(
        "bounds.nest", "inside = Compare(CompareOp.LT, value, extent)", "inside = Compare(CompareOp.LE, value, extent)"
    ),
    "a tile that is shifted inwards is not": Plant(
        "bounds.nest", "Binary(BinaryOp.MIN, start, last_start) if split.tail.shifts else start", "start"
    ),
    "a blend keeps one point less": Plant(
        "bounds.nest", "Compare(CompareOp.GE, inner, Binary(", "Compare(CompareOp.GT, inner, Binary("
    ),
    "fuse takes quotient for remainder": Plant(
        "bounds.nest",
        "case Fuse(outer, inner, fused):\n                    both",
        "case Fuse(inner, outer, fused):\n                    both",
    ),
    "storage is one too small": Plant(
        "bounds.regions", "(BinaryOp.SUB, side.hi, side.lo), index(1))", "(BinaryOp.SUB, side.hi, side.lo), index(0))"
    ),
    "a consumer runs before its producer": Plant(
        "lowering.build_loop_nests", "block([produce, body]))", "block([body, produce]))"
    ),
    "padding of storage is forgotten in strides": Plant(
        "lowering.flatten_storage",
        "stride *= extent\n    factors",
        "stride *= max(1, extent - 1)\n    factors",
    ),
    "a masked store is not masked": Plant(
        "lowering.vectorize_loops", "*wide, predicate, store.streamed)", "*wide, None, store.streamed)"
    ),
    "a masked load is not masked": Plant(
        "lowering.vectorize_loops",
        "return Load(expr.buffer, broadcast(at, self.lanes), predicate,",
        "return Load(expr.buffer, broadcast(at, self.lanes), None,",
    ),
    "every ramp has stride one": Plant(
        "lowering.vectorize_loops", "to_expr(rest), index(step), self.lanes)", "to_expr(rest), index(1), self.lanes)"
    ),
    "unrolling drops the last copy": Plant(
        "lowering.unroll_loops", "for i in range(bound):", "for i in range(max(1, bound - 1)):"
    ),
    "the steady state begins one iteration late": Plant(
        "lowering.partition_loops",
        "(0, first), (first, last), (last, extent)",
        "(0, first), (first + 1, last), (last, extent)",
    ),
    "the steady state ends one iteration late": Plant(
        "lowering.partition_loops", "rest.plus(constant(-coefficient))", "rest.plus(constant(-2 * coefficient))"
    ),
    "accumulators are promoted across moving addresses": Plant(
        "lowering.promote_accumulators", "if moves or guards", "if guards"
    ),
    "multiply-adds are contracted across Funcs": Plant(
        "lowering.pipeline",
        "params_as_variables(inline_funcs(algorithm, resolved))",
        "contract_multiply_add(params_as_variables(inline_funcs(algorithm, resolved)))",
    ),
    "every loop is taken for free of races": Plant(
        "schedule.races", "    return any(_coefficient(", "    return True or any(_coefficient("
    ),
    "a loop's variable is thought to stop one early": Plant(
        "symbolic.facts", "None if hi is None else max(hi - 1, 0)", "None if hi is None else max(hi - 2, 0)"
    ),
    "integers widen without their sign": Plant(
        "codegen.conversions",
        "return (ops.builder.sext if is_signed else ops.builder.zext)(value, type_)",
        "return ops.builder.zext(value, type_)",
    ),
    "bfloat16 is cut off, not rounded": Plant(
        "codegen.conversions", "builder.add(last, const(0x7FFF))", "builder.and_(last, const(0))"
    ),
    "floor division truncates": Plant(
        "codegen.arithmetic",
        "result = ops.select(fix, builder.sub(quotient, one), quotient)\n    result = ops.select(is_minus_one",
        "result = quotient\n    result = ops.select(is_minus_one",
    ),
    "the maximum drops a NaN": Plant("codegen.arithmetic", "ops.select(ops.is_nan(a), a, extreme)", "extreme"),
    "what initialisation made is kept for other weights": Plant(
        "runtime.kernel",
        "state = self.prepare(**{p.name: bound[p.name] for p in self._prepare.arrays})",
        "names = [p.name for p in self._prepare.arrays]\n"
        "                state = getattr(self, 'kept', None) or self.prepare(**{name: bound[name] for name in names})\n"
        "                self.kept = state",
    ),
    "a window that slides leaves out a row": Plant(
        "lowering.sliding_window",
        "_max(_end(box.lo), _plus(reached, 1), later)",
        "_max(_end(box.lo), _plus(reached, 2), later)",
    ),
    "a fold is one too short": Plant(
        "lowering.storage_folding",
        "self.found.factors[var] = use.count",
        "self.found.factors[var] = max(1, use.count - 1)",
    ),
    "a body in shared loops runs past its end": Plant(
        "lowering.fuse_stages", "((CompareOp.GE, first), (CompareOp.LT, end))", "((CompareOp.GE, first),)"
    ),
    "what no case is for is not computed": Plant(
        "lowering.build_loop_nests",
        "self._nest(func, case.nest, box, known, round_up=round_up).stmt, stmt)",
        "self._nest(func, case.nest, box, known, round_up=round_up).stmt, None)",
    ),
}
"""Every defect by what it does."""


def plant(name: str) -> None:
    """Replace the code of the functions of a module by that of its text with the defect in it.

    The functions stay the objects they are, so that it does not matter who imported them.
    """
    defect = PLANTS[name]
    module = importlib.import_module(f"tensorlang.{defect.module}")
    text = Path(str(module.__file__)).read_text()
    assert text.count(defect.before) == 1, f"{name}: {text.count(defect.before)} places to plant it"
    changed = ModuleType(module.__name__)
    changed.__dict__.update({"__file__": module.__file__, "__package__": module.__package__})
    original = sys.modules[module.__name__]
    # Dataclasses look their module up while they are made.
    sys.modules[module.__name__] = changed
    try:
        exec(compile(text.replace(defect.before, defect.after), str(module.__file__), "exec"), changed.__dict__)
    finally:
        sys.modules[module.__name__] = original
    functions = dict(_functions_of(module))
    for path, function in _functions_of(changed):
        functions[path].__code__ = function.__code__


def _functions_of(module: ModuleType) -> list[tuple[str, FunctionType]]:
    """The functions and methods that a module defines, by their paths."""
    found: list[tuple[str, FunctionType]] = []
    for name, item in vars(module).items():
        if inspect.isclass(item) and item.__module__ == module.__name__:
            found += [(f"{name}.{key}", part) for key, part in vars(item).items() if isinstance(part, FunctionType)]
        elif inspect.isfunction(item) and item.__module__ == module.__name__:
            found.append((name, inspect.unwrap(item)))
    # A dataclass writes methods of its own, which differ between two makings of it and hold no text of the module.
    return [(path, function) for path, function in found if function.__code__.co_filename == module.__file__]


def spec(name: str) -> str:
    """A defect as the fuzzer's workers are told of it."""
    return f"tests.fuzz.planted:{name}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Hunt all defects, or those whose names hold one of the words given; returns 1 if one is not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.planted", description="Plants defects, and hunts them.")
    parser.add_argument("words", nargs="*", help="parts of the names of the defects; by default all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=10.0, help="for each defect (default 10)")
    options = parser.parse_args(arguments)
    missed = 0
    for name in [name for name in PLANTS if not options.words or any(word in name for word in options.words)]:
        result = hunt(spec(name), seed=options.seed, seconds=60 * options.minutes)
        missed += result.found is None
        print(f"{result.cases:5} pairs  {result.elapsed_s:5.0f} s  {name}: {result}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
