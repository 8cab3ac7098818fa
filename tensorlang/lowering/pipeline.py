"""The lowering pipeline: what runs, in which order, and why there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter

from tensorlang.errors import InternalError, TensorlangError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Load
from tensorlang.ir.module import BufferParam, Function, Module, Role
from tensorlang.ir.recursion import deep_recursion
from tensorlang.ir.stmt import Accumulate, Block, Stmt, Store
from tensorlang.ir.verify import verify_stmt
from tensorlang.ir.visitor import walk_exprs, walk_stmts
from tensorlang.legality.code_size import check_code_size
from tensorlang.legality.inlining import check_inlining
from tensorlang.legality.numerics import check_strict
from tensorlang.lowering.build_loop_nests import Placed, Report, build_loop_nests
from tensorlang.lowering.contract import contract_multiply_add
from tensorlang.lowering.flatten_storage import Layout, StorageFlattener, row_major, storage_layout
from tensorlang.lowering.inline_funcs import inline_funcs
from tensorlang.lowering.lower_accumulates import lower_accumulates
from tensorlang.lowering.partition_loops import partition_loops
from tensorlang.lowering.predicate_accesses import predicate_accesses
from tensorlang.lowering.promote_accumulators import promote_accumulators
from tensorlang.lowering.promote_reductions import promote_reductions
from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.lowering.substitute_lets import substitute_lets
from tensorlang.lowering.unmask_registers import unmask_registers
from tensorlang.lowering.unroll_loops import unroll_loops
from tensorlang.lowering.vectorize_loops import vectorize_loops
from tensorlang.schedule.resolved import ResolvedSchedule
from tensorlang.symbolic.facts import Facts

Pass = Callable[[Stmt], Stmt]

PASSES: tuple[tuple[str, Pass], ...] = (
    # Predicates where all other passes look for them.
    ("predicate_accesses", predicate_accesses),
    # Linear indices and decided conditions, which all later passes match on.
    ("simplify", simplify_stmts),
    # Conditions leave the steady states before anything is copied or widened.
    ("partition_loops", partition_loops),
    # Widen each body once, while it is still one copy.
    ("vectorize_loops", vectorize_loops),
    ("unroll_loops", unroll_loops),
    ("simplify_tiles", simplify_stmts),
    # Register indices are constants now.
    ("unmask_registers", unmask_registers),
    # What a loop adds to one element gathers in vectors, one for each unrolled copy; they are reduced after the loop.
    ("promote_reductions", promote_reductions),
    # What is left is plain code, unless threads or lanes meet.
    ("lower_accumulates", lower_accumulates),
    # Tiles are now distinct loads and stores; hold them in registers over their reductions.
    ("promote_accumulators", promote_accumulators),
)
"""Passes over flat code, in order. Before them: contract_multiply_add (a property of the algorithm, so before
inlining), inline_funcs, build_loop_nests (with bounds inference), substitute_lets (its names served bounds inference),
flatten_storage (needs the boxes)."""


@dataclass
class Trace:
    """What each pass made, for inspection: name, function, statement after it, time [s]."""

    steps: list[tuple[str, str, Stmt, float]] = field(default_factory=list)


@deep_recursion()
def lower(
    resolved: ResolvedSchedule,
    shapes: Mapping[str, tuple[int, ...]],
    *,
    numerics: str = "fast",
    trace: Trace | None = None,
) -> Module:
    """Lower an algorithm under a schedule to a Module.

    Parameters
    ----------
    resolved : ResolvedSchedule
    shapes : mapping of str to tuple of int
        The shape of each output.
    numerics : {"fast", "strict"}
        "strict" keeps multiplication and addition apart, and refuses schedules that reorder a float reduction.
    trace : Trace, optional
        Collects the code after each pass.

    Raises
    ------
    ScheduleError, BoundsError
        If a directive is not legal for these shapes, or the algorithm leaves its arrays.
    """
    algorithm, placed = place(resolved, shapes, numerics=numerics)
    layouts = _outside_layouts(algorithm, resolved, placed)
    flattener = StorageFlattener(algorithm, resolved, layouts)
    main = _run("main", flattener.flatten(substitute_lets(placed.main)), trace)
    prepare = _run("prepare", flattener.flatten(substitute_lets(placed.prepare)), trace)
    return _module(algorithm, placed, layouts, main, prepare, shapes)


@deep_recursion()
def check(resolved: ResolvedSchedule, shapes: Mapping[str, tuple[int, ...]]) -> tuple[TensorlangError, ...]:
    """Every problem that placing the Funcs finds, without stopping at the first."""
    problems: list[TensorlangError] = list(check_inlining(resolved))
    if problems:
        return tuple(problems)
    place(resolved, shapes, report=problems.append)
    return tuple(dict.fromkeys(problems))


def _raise(error: TensorlangError) -> None:
    raise error


@deep_recursion()
def place(
    resolved: ResolvedSchedule,
    shapes: Mapping[str, tuple[int, ...]],
    *,
    numerics: str = "fast",
    report: Report = _raise,
) -> tuple[Algorithm, Placed]:
    """The algorithm with its inline Funcs expanded, and the loop nests of the others; problems go to `report`."""
    for oversized in check_inlining(resolved):
        raise oversized
    if numerics == "strict":
        for error in check_strict(resolved):
            report(error)
    algorithm = resolved.algorithm if numerics == "strict" else contract_multiply_add(resolved.algorithm)
    algorithm = inline_funcs(algorithm, resolved)
    placed = build_loop_nests(algorithm, resolved, shapes, report)
    too_long = check_code_size(resolved, placed.main, placed.prepare)
    if too_long is not None:
        report(too_long)
    return algorithm, placed


def _outside_layouts(algorithm: Algorithm, resolved: ResolvedSchedule, placed: Placed) -> dict[str, Layout]:
    """Layouts of the buffers that exist outside the loop nests: inputs, outputs, state."""
    layouts = {source.name: row_major(source.shape) for source in algorithm.inputs}
    for name, box in placed.boxes.items():
        func = algorithm.func(name)
        layouts[name] = storage_layout(name, func.vars, resolved.funcs[name].storage, box, Facts())
    return layouts


def _run(function: str, stmt: Stmt, trace: Trace | None) -> Stmt:
    """Apply all passes, verifying the code after each."""
    for name, apply in PASSES:
        started = perf_counter()
        try:
            changed = apply(stmt)
        except (AssertionError, KeyError) as error:
            raise InternalError(f"{name}: {error!r} while lowering {function}.") from error
        if changed is not stmt:
            verify_stmt(changed, after=name)
        stmt = changed
        if trace is not None:
            trace.steps.append((name, function, stmt, perf_counter() - started))
    return stmt


def _module(
    algorithm: Algorithm,
    placed: Placed,
    layouts: Mapping[str, Layout],
    main: Stmt,
    prepare: Stmt,
    shapes: Mapping[str, tuple[int, ...]],
) -> Module:
    state = [BufferParam(name, (layouts[name].size,), algorithm.func(name).type, Role.STATE) for name in placed.state]
    inputs = [BufferParam(i.name, i.shape, i.type, Role.INPUT, i.constant) for i in algorithm.inputs]
    outputs = [BufferParam(name, shapes[name], algorithm.func(name).type, Role.OUTPUT) for name in algorithm.outputs]
    in_prepare = _buffers(prepare)
    only_prepare = in_prepare - _buffers(main)
    main_inputs = [i for i in inputs if i.name not in only_prepare]
    function = Function("main", (*main_inputs, *outputs, *state), main)
    if prepare == Block(()) or not state:
        return Module(function)
    read = [i for i in inputs if i.constant and i.name in in_prepare]
    return Module(function, Function("prepare", (*read, *state), prepare))


def _buffers(stmt: Stmt) -> set[str]:
    """Names of all buffers that `stmt` reads or writes."""
    stored = {s.buffer for s in walk_stmts(stmt) if isinstance(s, Store | Accumulate)}
    return stored | {e.buffer for e in walk_exprs(stmt) if isinstance(e, Load)}
