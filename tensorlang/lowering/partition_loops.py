"""Split loops into a steady state without conditions and the iterations before and after it.

In: a tree with guards, selects and predicates whose conditions are linear in loops. Out: each serial loop whose
conditions hold in the middle of its range becomes up to three loops, whose ends may depend on the loops outside where
its extent does; a parallel loop tests once at the top of its body whether all hold.
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
from tensorlang.lowering.loop_ends import as_nonnegative, is_plain
from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts
from tensorlang.symbolic.intervals import Interval, from_limits, infer_interval
from tensorlang.symbolic.linear import Linear, atom, constant, linearize, to_expr
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
    if loop.hints.partition is PartitionPolicy.NEVER:
        return replace(loop, body=partition_loops(loop.body, inner))
    if extent is None:
        return _partition_varying(loop, facts)
    first, last = 0, extent
    for condition in _deciding(loop, inner):
        if _is_about_varying(condition, loop.var):
            continue
        a, b = _holds_between(condition, loop.var, extent)
        if max(first, a) < min(last, b):
            first, last = max(first, a), min(last, b)
    if (first, last) == (0, extent):
        return replace(loop, body=partition_loops(loop.body, inner))
    before, steady, after = (
        _part(loop, index(start), index(stop), facts) for start, stop in ((0, first), (first, last), (last, extent))
    )
    return block([before, _partition_inside(steady, loop, facts), after])


def _partition_inside(steady: Stmt, loop: For, facts: Facts) -> Stmt:
    """The steady state of `loop` with the loops inside partitioned; a loop of one iteration is gone by now."""
    if isinstance(steady, For) and steady.var == loop.var:
        inner = facts.with_loop(steady.var, steady.extent)
        return replace(steady, body=partition_loops(steady.body, inner))
    return partition_loops(steady, facts)


def _partition_varying(loop: For, facts: Facts) -> Stmt:
    """Partition a loop whose extent depends on loops outside, at places that may depend on them too."""
    inner = facts.with_loop(loop.var, loop.extent)
    first: Expr = index(0)
    last: Expr = loop.extent
    known: set[Expr] = set()
    left: set[Expr] = set()
    for condition in _deciding(loop, inner):
        a, b = _holds_within(condition, loop, inner)
        start = first if a is None else simplify(Binary(BinaryOp.MAX, first, a), facts)
        stop = last if b is None else simplify(Binary(BinaryOp.MIN, last, b), facts)
        holds_somewhere = (a is not None or b is not None) and _may_be_positive(
            Binary(BinaryOp.SUB, stop, start), facts
        )
        if holds_somewhere and is_plain(start) and is_plain(stop):
            first, last = start, stop
            known.add(condition.compare)
        else:
            left.add(condition.compare)
    # A comparison that stands at several places holds where it does at each.
    known -= left
    if not known:
        return replace(loop, body=partition_loops(loop.body, inner))
    first = simplify(Binary(BinaryOp.MIN, first, loop.extent), facts)
    last = simplify(Binary(BinaryOp.MAX, first, last), facts)
    clear = replace(loop, body=rewrite_exprs(loop.body, lambda e: _assume(e, known)))
    parts = ((loop, index(0), first), (clear, first, last), (loop, last, loop.extent))
    before, steady, after = (_part(source, start, stop, facts) for source, start, stop in parts)
    return block([before, _partition_inside(steady, loop, facts), after])


def _may_be_positive(extent: Expr, facts: Facts) -> bool:
    hi = facts.of(extent).hi
    return hi is None or hi > 0


def _holds_within(condition: _Condition, loop: For, facts: Facts) -> tuple[Expr | None, Expr | None]:
    """First iteration of `loop` from which, and the one before which, the condition holds for all inner loops."""
    lowest = infer_interval(to_expr(condition.form), condition.inner, facts).lo
    if lowest is None:
        return None, None
    form, var = linearize(lowest), Variable(loop.var)
    coefficient = form.coefficient(var)
    rest = form.plus(atom(var), -coefficient)
    if coefficient == 0 or any(loop.var in free_variables(term) for term, _ in rest.terms):
        return None, None
    if coefficient > 0:
        # coefficient * var + rest >= 0 from the quotient rounded up.
        return Binary(BinaryOp.FLOOR_DIV, to_expr(constant(coefficient - 1).plus(rest, -1)), index(coefficient)), None
    return None, Binary(BinaryOp.FLOOR_DIV, to_expr(rest.plus(constant(-coefficient))), index(-coefficient))


def _part(loop: For, start: Expr, stop: Expr, facts: Facts) -> Stmt:
    """Iterations ``[start, stop)`` of a loop, simplified."""
    shifted = Binary(BinaryOp.ADD, Variable(loop.var), start)
    body = loop.body if start == index(0) else rewrite_exprs(loop.body, lambda e: substitute(e, {loop.var: shifted}))
    extent = simplify(Binary(BinaryOp.SUB, stop, start), facts)
    return simplify_stmts(replace(loop, extent=extent, body=body), facts)


def _is_about_varying(condition: _Condition, var: str) -> bool:
    """Whether a condition is about a loop whose extent depends on the loop `var`: it is for that loop to split."""
    ends = [condition.inner[name].hi for name in free_variables(condition.compare) & condition.inner.keys()]
    return any(end is not None and var in free_variables(end) for end in ends)


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
    further out runs too rarely to pay for a second copy, and not those of prefetches, which processors do beside the
    rest; all of them if its policy is to split always."""
    if loop.hints.partition is PartitionPolicy.NEVER:
        return []
    deepest, is_always = _depth(loop.body), loop.hints.partition is PartitionPolicy.ALWAYS
    conditions = _conditions(loop.body, facts, {}, 0, with_prefetches=is_always)
    return [condition for condition in conditions if is_always or condition.depth == deepest]


def _depth(stmt: Stmt) -> int:
    """Number of serial loops around the innermost statement, prefetches aside."""
    if only_prefetches(stmt):
        return 0
    below = max((_depth(s) for s in substatements(stmt)), default=0)
    return below + (isinstance(stmt, For) and stmt.kind is LoopKind.SERIAL)


def _conditions(
    stmt: Stmt, facts: Facts, inner: dict[str, Interval], depth: int, *, with_prefetches: bool
) -> Iterator[_Condition]:
    """The comparisons that guards, selects and predicates in `stmt` depend on, with or without those of prefetches."""
    if only_prefetches(stmt) and not with_prefetches:
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
            form = as_nonnegative(node)
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
        yield from _conditions(below, facts, inner, depth, with_prefetches=with_prefetches)
