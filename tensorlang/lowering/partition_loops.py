"""Split loops into a steady state without conditions and the iterations before and after it.

In: a tree with guards, selects and predicates whose conditions are linear in loops. Out: each serial loop whose
conditions hold in the middle of its range becomes up to three loops; a parallel loop tests once at the top of its body
whether all hold.
Order: before vectorization and unrolling, so that neither masks nor guards are multiplied; only the steady state is
partitioned further.
Refuses: nothing.
Source: Halide's PartitionLoops.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Expr, Load, Select, Variable, index
from tensorlang.ir.stmt import Accumulate, For, IfThenElse, LetStmt, LoopKind, PartitionPolicy, Stmt, Store
from tensorlang.ir.visitor import (
    block,
    free_variables,
    map_children,
    map_substatements,
    only_prefetches,
    rewrite_exprs,
    stmt_exprs,
    substatements,
    substitute,
    walk,
)
from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts
from tensorlang.symbolic.intervals import Interval, from_limits, infer_interval
from tensorlang.symbolic.linear import Linear, is_index, linearize, to_expr
from tensorlang.symbolic.simplify import TRUE, as_int, simplify


@dataclass(frozen=True, slots=True)
class _Condition:
    """A comparison as ``form >= 0``, with the facts and the inner loops that hold where it stands."""

    compare: Expr
    form: Linear
    facts: Facts
    inner: dict[str, Interval]
    depth: int


def partition_loops(stmt: Stmt, facts: Facts = NOTHING_KNOWN) -> Stmt:
    """`stmt` with the conditions of its loops moved out of their steady states."""
    if isinstance(stmt, LetStmt):
        facts = facts.with_let(stmt.name, stmt.value)
    if not isinstance(stmt, For):
        return map_substatements(stmt, lambda s: partition_loops(s, facts))
    if stmt.kind is LoopKind.SERIAL:
        return _partition_serial(stmt, facts)
    if stmt.kind is LoopKind.PARALLEL:
        return _version_parallel(stmt, facts)
    return stmt


def _partition_serial(loop: For, facts: Facts) -> Stmt:
    extent = as_int(loop.extent)
    inner = facts.with_loop(loop.var, loop.extent)
    if extent is None or loop.hints.partition is PartitionPolicy.NEVER:
        return replace(loop, body=partition_loops(loop.body, inner))
    first, last = 0, extent
    for condition in _deciding(loop, inner):
        a, b = _holds_between(condition, loop.var, extent)
        if max(first, a) < min(last, b):
            first, last = max(first, a), min(last, b)
    if (first, last) == (0, extent):
        return replace(loop, body=partition_loops(loop.body, inner))
    before, steady, after = (
        _part(loop, start, stop, facts) for start, stop in ((0, first), (first, last), (last, extent))
    )
    middle = map_substatements(steady, lambda s: partition_loops(s, facts.with_loop(loop.var, index(last - first))))
    if not isinstance(steady, For):
        middle = partition_loops(steady, facts)
    return block([before, middle, after])


def _part(loop: For, start: int, stop: int, facts: Facts) -> Stmt:
    """Iterations ``[start, stop)`` of a loop, simplified."""
    shifted = Binary(BinaryOp.ADD, Variable(loop.var), index(start))
    body = loop.body if start == 0 else rewrite_exprs(loop.body, lambda e: substitute(e, {loop.var: shifted}))
    return simplify_stmts(replace(loop, extent=index(stop - start), body=body), facts)


def _holds_between(condition: _Condition, var: str, extent: int) -> tuple[int, int]:
    """Iterations ``[first, last)`` of loop `var` in which the condition holds for all inner loops."""
    coefficient = condition.form.coefficient(Variable(var))
    rest = condition.form.plus(Linear(((Variable(var), 1),), 0), -coefficient)
    lo = condition.facts.of_linear(rest).lo
    mixed = any(var in free_variables(atom) for atom, _ in rest.terms)
    if coefficient == 0 or lo is None or mixed:
        return 0, extent
    if coefficient > 0:
        return max(0, -(lo // coefficient)), extent
    return 0, min(extent, lo // -coefficient + 1)


def _version_parallel(loop: For, facts: Facts) -> Stmt:
    """One test at the top of a parallel body for all conditions on its index, and a body in which they are true."""
    inner = facts.with_loop(loop.var, loop.extent)
    tests: list[Expr] = []
    known: set[Expr] = set()
    for condition in _deciding(loop, inner):
        if loop.var not in free_variables(condition.compare) or condition.compare in known:
            continue
        lowest = infer_interval(to_expr(condition.form), condition.inner, inner).lo
        if lowest is None:
            continue
        test = simplify(Compare(CompareOp.GE, lowest, index(0)), inner)
        if isinstance(test, Compare):
            known.add(condition.compare)
            tests.append(test)
    body = partition_loops(loop.body, inner)
    if known:
        steady = simplify_stmts(rewrite_exprs(loop.body, lambda e: _assume(e, known)), inner)
        body = IfThenElse(_all(tests), partition_loops(steady, inner), loop.body)
    return replace(loop, body=body)


def _all(tests: list[Expr]) -> Expr:
    result, *rest = dict.fromkeys(tests)
    for test in rest:
        result = Binary(BinaryOp.AND, result, test)
    return result


def _assume(expr: Expr, known: set[Expr]) -> Expr:
    """`expr` with each comparison of `known` taken as true."""
    return TRUE if expr in known else map_children(expr, lambda e: _assume(e, known))


def _deciding(loop: For, facts: Facts) -> list[_Condition]:
    """The conditions in the body of `loop` that decide where it is split: those in the deepest serial loops, as one
    further out runs too rarely to pay for a second copy, unless its policy is to split always or never."""
    if loop.hints.partition is PartitionPolicy.NEVER:
        return []
    deepest, is_always = _depth(loop.body), loop.hints.partition is PartitionPolicy.ALWAYS
    return [c for c in _conditions(loop.body, facts, {}, 0) if is_always or c.depth == deepest]


def _depth(stmt: Stmt) -> int:
    """Number of serial loops around the innermost statement, prefetches aside."""
    if only_prefetches(stmt):
        return 0
    below = max((_depth(s) for s in substatements(stmt)), default=0)
    return below + (isinstance(stmt, For) and stmt.kind is LoopKind.SERIAL)


def _conditions(stmt: Stmt, facts: Facts, inner: dict[str, Interval], depth: int) -> Iterator[_Condition]:
    """The comparisons that guards, selects and predicates in `stmt` depend on, those of prefetches aside."""
    if only_prefetches(stmt):
        return
    guards = [stmt.condition] if isinstance(stmt, IfThenElse) else []
    if isinstance(stmt, Store | Accumulate) and stmt.predicate is not None:
        guards.append(stmt.predicate)
    for node in (node for expr in stmt_exprs(stmt) for node in walk(expr)):
        if isinstance(node, Select):
            guards.append(node.condition)
        elif isinstance(node, Load) and node.predicate is not None:
            guards.append(node.predicate)
    for guard in guards:
        for node in walk(guard):
            form = _as_nonnegative(node) if isinstance(node, Compare) and is_index(node.a) else None
            if form is not None:
                yield _Condition(node, form, facts, inner, depth)
    if isinstance(stmt, For):
        last = infer_interval(Binary(BinaryOp.SUB, stmt.extent, index(1)), inner, facts).hi
        inner = {**inner, stmt.var: Interval(index(0), last)}
        facts = facts.with_loop(stmt.var, stmt.extent)
        depth += stmt.kind is LoopKind.SERIAL
    if isinstance(stmt, LetStmt):
        limits = facts.of(stmt.value)
        inner = {**inner, stmt.name: from_limits(limits)}
        facts = facts.with_limits(stmt.name, limits)
    for below in substatements(stmt):
        yield from _conditions(below, facts, inner, depth)


def _as_nonnegative(compare: Compare) -> Linear | None:
    """The form f with ``compare == (f >= 0)``, or None for == and !=."""
    gap = linearize(compare.b).plus(linearize(compare.a), -1)
    match compare.op:
        case CompareOp.LT:
            return gap.plus(Linear((), -1))
        case CompareOp.LE:
            return gap
        case CompareOp.GT:
            return gap.times(-1).plus(Linear((), -1))
        case CompareOp.GE:
            return gap.times(-1)
    return None
