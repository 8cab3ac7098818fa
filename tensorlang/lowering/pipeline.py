"""The lowering pipeline: what runs, in which order, and why there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

from tensorlang.bounds.expected import expected_shapes
from tensorlang.bounds.params import load_params, param_facts, params_as_variables
from tensorlang.errors import BoundsError, InternalError, TensorlangError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Load
from tensorlang.ir.module import BufferParam, Function, Module, Role, input_param
from tensorlang.ir.recursion import deep_recursion
from tensorlang.ir.stmt import Accumulate, Prefetch, Stmt, Store
from tensorlang.ir.verify import verify_stmt
from tensorlang.ir.visitor import walk_exprs, walk_stmts
from tensorlang.legality.code_size import check_code_size
from tensorlang.legality.inlining import check_inlined_size
from tensorlang.legality.loops import loop_problems
from tensorlang.legality.memory import memory_problems
from tensorlang.legality.numerics import strict_problems
from tensorlang.legality.streaming import stream_problems
from tensorlang.lowering.build_loop_nests import Placed, Report, build_loop_nests
from tensorlang.lowering.contract import contract_multiply_add
from tensorlang.lowering.flatten_storage import Layout, StorageFlattener, row_major, storage_layout
from tensorlang.lowering.inject_prefetches import PrefetchInjector
from tensorlang.lowering.inline_funcs import inline_funcs
from tensorlang.lowering.lower_accumulates import lower_accumulates
from tensorlang.lowering.partition_loops import partition_loops
from tensorlang.lowering.predicate_accesses import predicate_accesses
from tensorlang.lowering.promote_accumulators import promote_accumulators
from tensorlang.lowering.promote_reductions import promote_reductions
from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.lowering.substitute_lets import substitute_lets
from tensorlang.lowering.trim_loops import trim_loops, trim_remainders
from tensorlang.lowering.unmask_registers import unmask_registers
from tensorlang.lowering.unroll_loops import unroll_loops
from tensorlang.lowering.vectorize_loops import vectorize_loops
from tensorlang.schedule.examine import examines
from tensorlang.schedule.resolved import ResolvedSchedule
from tensorlang.schedule.rules import refuse

Pass = Callable[[Stmt], Stmt]

PASSES: tuple[tuple[str, Pass], ...] = (
    # Predicates where all other passes look for them.
    ("predicate_accesses", predicate_accesses),
    # Linear indices and decided conditions, which all later passes match on.
    ("simplify", simplify_stmts),
    # Loops end where nothing is done any more, so that steady states are looked for in what is left.
    ("trim_loops", trim_loops),
    # Conditions leave the steady states before anything is copied or widened.
    ("partition_loops", partition_loops),
    # What partitioning left guarded may be shorter now.
    ("trim_remainders", trim_remainders),
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
inlining), inline_funcs, build_loop_nests (with bounds inference), inject_prefetches (reads and storage are known, by
coordinates), substitute_lets (its names served bounds inference), flatten_storage (needs the boxes)."""


_WIDENING = [name for name, _ in PASSES].index("vectorize_loops")
"""Place of the pass before which the marks of loops are checked: extents are known, and no loop is copied yet."""


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
    refuse(check_code_size(resolved, placed.main, placed.prepare))
    layouts = _outside_layouts(algorithm, resolved, placed)
    flattener = StorageFlattener(algorithm, resolved, layouts, placed.kept)

    def run(function: str, tree: Stmt) -> Stmt:
        flat = load_params(flattener.flatten(substitute_lets(tree, placed.bounds)), algorithm)
        narrow = _run(function, flat, PASSES[:_WIDENING], trace)
        refuse(*_code_problems(resolved, narrow))
        return _run(function, narrow, PASSES[_WIDENING:], trace)

    main, prepare = run("main", placed.main), run("prepare", placed.prepare)
    return _module(algorithm, placed, layouts, main, prepare, shapes)


@examines
@deep_recursion()
def check(
    resolved: ResolvedSchedule, given: Mapping[str, tuple[int, ...]], numerics: str = "fast"
) -> tuple[TensorlangError, ...]:
    """Every problem that `lower` would stop at, for outputs of the shapes `given` or else of those inferred."""
    oversized = check_inlined_size(resolved)
    if oversized is not None:
        return (oversized,)
    problems: list[TensorlangError] = []
    try:
        shapes = expected_shapes(resolved, given)
        algorithm, placed = place(resolved, shapes, numerics=numerics, report=problems.append)
    except BoundsError as error:
        return (*problems, error)
    too_long = check_code_size(resolved, placed.main, placed.prepare)
    if too_long is not None:
        problems.append(too_long)
    elif not any(isinstance(problem, BoundsError) for problem in problems):
        problems += _flat_problems(algorithm, resolved, placed)
    return tuple({str(problem): problem for problem in problems}.values())


def _flat_problems(algorithm: Algorithm, resolved: ResolvedSchedule, placed: Placed) -> list[TensorlangError]:
    """What storage, and the loops of code over it, show."""
    problems: list[TensorlangError] = []
    try:
        flattener = StorageFlattener(algorithm, resolved, _outside_layouts(algorithm, resolved, placed), placed.kept)
        for function, tree in (("main", placed.main), ("prepare", placed.prepare)):
            flat = load_params(flattener.flatten(substitute_lets(tree, placed.bounds)), algorithm)
            problems += _code_problems(resolved, _run(function, flat, PASSES[:_WIDENING]))
    except BoundsError as error:
        problems.append(error)
    return problems


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
    refuse(check_inlined_size(resolved))
    if numerics == "strict":
        for error in strict_problems(resolved):
            report(error)
    algorithm = resolved.algorithm if numerics == "strict" else contract_multiply_add(resolved.algorithm)
    algorithm = params_as_variables(inline_funcs(algorithm, resolved))
    placed = build_loop_nests(algorithm, resolved, shapes, report)
    injector = PrefetchInjector(algorithm, resolved, placed.boxes, placed.domains, report)
    return algorithm, replace(placed, main=injector.inject(placed.main), prepare=injector.inject(placed.prepare))


def _outside_layouts(algorithm: Algorithm, resolved: ResolvedSchedule, placed: Placed) -> dict[str, Layout]:
    """Layouts of the buffers that exist outside the loop nests: inputs, outputs, state."""
    layouts = {source.name: row_major(source.shape) for source in algorithm.inputs}
    for name, box in placed.boxes.items():
        func = algorithm.func(name)
        layouts[name] = storage_layout(name, func.vars, resolved.funcs[name].storage, box, param_facts(algorithm))
    return layouts


def _run(function: str, stmt: Stmt, passes: Sequence[tuple[str, Pass]], trace: Trace | None = None) -> Stmt:
    """Apply passes, verifying the code after each."""
    for name, apply in passes:
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


def _code_problems(resolved: ResolvedSchedule, stmt: Stmt) -> Iterator[TensorlangError]:
    """What is wrong with flat code whose loops are all there still."""
    yield from loop_problems(resolved, stmt)
    yield from memory_problems(resolved, stmt)
    yield from stream_problems(resolved, stmt)


def _module(
    algorithm: Algorithm,
    placed: Placed,
    layouts: Mapping[str, Layout],
    main: Stmt,
    prepare: Stmt,
    shapes: Mapping[str, tuple[int, ...]],
) -> Module:
    state = [
        BufferParam(buffer, (layouts[name].size,), kind, Role.STATE)
        for name in placed.state
        for buffer, kind in algorithm.func(name).elements
    ]
    inputs = [input_param(source) for source in algorithm.inputs]
    outputs = [
        BufferParam(buffer, shapes[name], kind, Role.OUTPUT)
        for name in algorithm.outputs
        for buffer, kind in algorithm.func(name).elements
    ]
    remarks = tuple(f"{name}: {'; '.join(kept.remarks)}" for name, kept in placed.kept.items())
    in_prepare = _buffers(prepare)
    only_prepare = in_prepare - _buffers(main)
    main_inputs = [i for i in inputs if i.name not in only_prepare]
    function = Function("main", (*main_inputs, *outputs, *state), main)
    if not state:
        return Module(function, None, placed.requirements, remarks)
    read = [i for i in inputs if i.constant and i.name in in_prepare]
    return Module(function, Function("prepare", (*read, *state), prepare), placed.requirements, remarks)


def _buffers(stmt: Stmt) -> set[str]:
    """Names of all buffers that `stmt` reads or writes, or asks for in advance."""
    stored = {s.buffer for s in walk_stmts(stmt) if isinstance(s, Store | Accumulate)}
    stored |= {s.name for s in walk_stmts(stmt) if isinstance(s, Prefetch)}
    return stored | {e.buffer for e in walk_exprs(stmt) if isinstance(e, Load)}
