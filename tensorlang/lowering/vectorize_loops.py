"""Turn vectorized loops into vector expressions.

In: a tree with vectorized loops of constant extent. Out: the same without; indices are Ramps where they are linear in
the loop, conditions on the loop are predicates of loads and stores. Lanes that accumulate in one element are reduced to
one term.
Order: after storage flattening, which makes indices flat, and simplification, which makes them linear.
Refuses: an extent that is not constant, or more than `MAX_LANES` lanes; a vectorized loop inside another.
"""

from __future__ import annotations

from dataclasses import replace

from tensorlang.dtypes import bool_
from tensorlang.errors import InternalError, ScheduleError
from tensorlang.ir.associative import identity
from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Compare,
    CompareOp,
    Expr,
    Load,
    Ramp,
    Select,
    Unary,
    UnaryOp,
    Variable,
    VectorReduce,
    broadcast,
    index,
)
from tensorlang.ir.stmt import Accumulate, Allocate, For, IfThenElse, LoopKind, Stmt, Store
from tensorlang.ir.visitor import block, children, conjuncts, map_children, map_substatements, substitute
from tensorlang.legality.loops import MAX_LANES
from tensorlang.symbolic.linear import Linear, is_index, linearize, to_expr
from tensorlang.symbolic.simplify import as_int


def vectorize_loops(stmt: Stmt) -> Stmt:
    """`stmt` without vectorized loops."""
    if isinstance(stmt, For) and stmt.kind is LoopKind.VECTORIZED:
        lanes = as_int(stmt.extent)
        name = _name(stmt.var)
        if lanes is None or lanes > MAX_LANES:
            raise ScheduleError(
                f"loop {name} cannot be vectorized: its extent is {'not constant' if lanes is None else lanes}.",
                rule=f"vectorize needs a constant extent of at most {MAX_LANES}",
                legal=f'vectorize("{name}", lanes)',
                hint="split the loop by the number of lanes and vectorize the inner one",
            )
        return _Vectorizer(stmt.var, lanes).stmt(stmt.body, None)
    return map_substatements(stmt, vectorize_loops)


class _Vectorizer:
    """Widens the body of one loop; an expression that does not depend on the loop stays scalar."""

    def __init__(self, var: str, lanes: int) -> None:
        self.var, self.lanes = var, lanes
        # By identity, each with its expression, so that none is freed and its number used again.
        self._known: dict[int, tuple[Expr, bool]] = {}

    def stmt(self, stmt: Stmt, mask: Expr | None) -> Stmt:
        match stmt:
            case Store():
                return self._store(stmt, _both(mask, self._mask(stmt.predicate)), mask)
            case Accumulate():
                return self._accumulate(stmt, mask)
            case IfThenElse(condition, then, otherwise) if self._varies(condition):
                wide = self.wide(condition, mask)
                taken = self.stmt(then, _both(mask, wide))
                if otherwise is None:
                    return taken
                return block([taken, self.stmt(otherwise, _both(mask, Unary(UnaryOp.NOT, wide)))])
            case IfThenElse(condition, then, otherwise):
                other = None if otherwise is None else self.stmt(otherwise, mask)
                return IfThenElse(condition, self.stmt(then, mask), other)
            case For(_, extent, kind, body) if not self._varies(extent) and kind is not LoopKind.VECTORIZED:
                return replace(stmt, body=self.stmt(body, mask))
            case For() | Allocate():
                raise self._unsupported(stmt)
        return map_substatements(stmt, lambda s: self.stmt(s, mask))

    def _unsupported(self, stmt: For | Allocate) -> ScheduleError | InternalError:
        loop = _name(self.var)
        if isinstance(stmt, For) and stmt.kind is LoopKind.VECTORIZED:
            return ScheduleError(
                f"loop {_name(stmt.var)} is vectorized inside loop {loop}, which is vectorized too.",
                rule="at most one loop of a nest is vectorized",
                hint="unroll one of them",
            )
        if isinstance(stmt, For):
            return ScheduleError(
                f"loop {loop} cannot be vectorized: the extent of {_name(stmt.var)} inside it depends on it.",
                rule="loops inside a vectorized loop have the same extent in every lane",
                hint="move the vectorized loop inwards with reorder",
            )
        return InternalError(f"vectorize_loops: storage of {stmt.buffer} inside vectorized loop {self.var}.")

    def _store(self, store: Store, predicate: Expr | None, mask: Expr | None) -> Stmt:
        where, what = self.wide(store.index, mask), self.wide(store.value, mask)
        if where.type.lanes == 1 and what.type.lanes == 1 and predicate is None:
            return Store(store.buffer, where, what)
        # Where all lanes store to one element, the schedule has said that it does not matter which one stays.
        wide = broadcast(where, self.lanes), broadcast(what, self.lanes)
        return Store(store.buffer, *wide, predicate, store.streamed)

    def _accumulate(self, stmt: Accumulate, mask: Expr | None) -> Stmt:
        where, what = self.wide(stmt.index, mask), broadcast(self.wide(stmt.value, mask), self.lanes)
        if where.type.lanes > 1:
            return replace(stmt, index=where, value=what, predicate=_both(mask, self._mask(stmt.predicate)))
        uniform = stmt.predicate
        if uniform is not None and self._varies(uniform):
            mask, uniform = _both(mask, self._mask(uniform)), None
        if mask is not None:
            what = Select(mask, what, identity(stmt.op, what.type))
            # With all lanes off, the index may be anything.
            uniform = _both(VectorReduce(BinaryOp.OR, mask), uniform)
        return replace(stmt, index=where, value=VectorReduce(stmt.op, what), predicate=uniform)

    def _mask(self, predicate: Expr | None) -> Expr | None:
        return None if predicate is None else broadcast(self.wide(predicate, None), self.lanes)

    def _varies(self, expr: Expr) -> bool:
        """True if `expr` depends on the loop: asked of every node on the way down, so the answers are kept."""
        known = self._known.get(id(expr))
        if known is None:
            is_it = isinstance(expr, Variable) and expr.name == self.var
            known = (expr, is_it or any(map(self._varies, children(expr))))
            self._known[id(expr)] = known
        return known[1]

    def wide(self, expr: Expr, mask: Expr | None) -> Expr:
        """`expr` for all lanes at once: a vector if it varies over the loop, else as it was."""
        if not self._varies(expr):
            return expr
        if is_index(expr):
            ramp = self._ramp(expr)
            if ramp is not None:
                return ramp
        if isinstance(expr, Load):
            at = self.wide(expr.index, mask)
            predicate = _both(mask, self._mask(expr.predicate))
            if at.type.lanes == 1:
                first = self._where_any(expr.predicate)
                if first is not None:
                    return Load(expr.buffer, at, first, expr.type)
            return Load(expr.buffer, broadcast(at, self.lanes), predicate, expr.type.with_lanes(self.lanes))
        return map_children(expr, lambda e: broadcast(self.wide(e, mask), self.lanes))

    def _where_any(self, predicate: Expr | None) -> Expr | None:
        """A scalar that is true where `predicate` is in any lane: its value in the first, if it can only turn false."""
        parts = conjuncts(predicate)
        for part in parts:
            if not isinstance(part, Compare) or part.op is not CompareOp.LT or not is_index(part.a):
                return None
            form = linearize(part.a).plus(linearize(part.b), -1)
            step = form.coefficient(Variable(self.var))
            rest = form.plus(Linear(((Variable(self.var), 1),), 0), -step)
            if step < 0 or any(self._varies(atom) for atom, _ in rest.terms):
                return None
        return None if predicate is None else substitute(predicate, {self.var: index(0)})

    def _ramp(self, expr: Expr) -> Expr | None:
        """The Ramp of an index that is linear in the loop, or None."""
        form = linearize(expr)
        step = form.coefficient(Variable(self.var))
        rest = form.plus(Linear(((Variable(self.var), 1),), 0), -step)
        if step == 0 or any(self._varies(atom) for atom, _ in rest.terms):
            return None
        return Ramp(to_expr(rest), index(step), self.lanes)


def _both(a: Expr | None, b: Expr | None) -> Expr | None:
    if a is None or b is None:
        return a if b is None else b
    lanes = max(a.type.lanes, b.type.lanes)
    assert a.type.element == bool_, "predicates are bool"
    return Binary(BinaryOp.AND, broadcast(a, lanes), broadcast(b, lanes))


def _name(variable: str) -> str:
    """The name the user knows a loop by."""
    return variable.split(".", 2)[-1]
