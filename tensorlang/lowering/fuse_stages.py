"""Run the outer loops of several stages as one, and put stages that are computed together in order.

In: the loop nest of each stage of a group of Funcs, a chain of loops around a body. Out: one statement. A child's loops
down to the fused one become those of its parent; where the two have not the same iterations, the loop runs over those
of both, and each body is guarded.
Order: while loop nests are built, when the nests of all Funcs of a group are known.
Refuses: nothing; that the loops are alike, and that there is an order, was checked with the schedule.
Source: Halide's ScheduleFunctions.cpp, which builds the production of a group of fused stages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Expr, Variable, index
from tensorlang.ir.stmt import Block, For, IfThenElse, Stmt
from tensorlang.ir.visitor import block, rewrite_exprs, substitute
from tensorlang.schedule.fused_groups import Key, clusters_in_order
from tensorlang.schedule.resolved import LoopLevel
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.simplify import TRUE, simplify

_NO_SHIFT = index(0)


@dataclass(frozen=True, slots=True)
class Part:
    """The loop nest of one stage.

    Attributes
    ----------
    nest : Stmt
    variables : mapping of str to str
        The variable of each loop by its name, outermost first.
    starts : mapping of str to Expr
        The first value of each loop over a plain Var or RVar; other loops only count.
    fused : LoopLevel or None
        The loop of another stage that this one shares.
    """

    nest: Stmt
    variables: Mapping[str, str]
    starts: Mapping[str, Expr]
    fused: LoopLevel | None

    @property
    def parent(self) -> Key | None:
        """The stage whose loops it shares."""
        return None if self.fused is None else (self.fused.func, self.fused.index)


def fuse_stages(parts: Mapping[Key, Part], facts: Facts) -> Stmt:
    """All stages of `parts`, in order, fused as they say; `facts` hold around them."""
    pairs = {key: part.parent for key, part in parts.items() if part.parent is not None and part.parent in parts}
    order = clusters_in_order(list(parts), pairs)
    assert not order.left, "the stages of a group have an order"
    return block([_fuse({key: parts[key] for key in group}, facts) for group in order.groups])


def _fuse(parts: Mapping[Key, Part], facts: Facts) -> Stmt:
    """The stages of one cluster as one nest."""
    roots = [key for key, part in parts.items() if part.parent not in parts]
    assert len(roots) == 1, "one stage of a cluster keeps its loops"
    deepest = max((_depth(part) for part in parts.values() if part.fused is not None), default=0)
    nests, root = _Nests(roots[0], parts[roots[0]], deepest), roots[0]
    waiting = {key: part for key, part in parts.items() if key != root}
    while waiting:
        key = next(key for key, part in waiting.items() if part.parent in nests.variables)
        nests.add(key, waiting.pop(key), facts)
    return nests.stmt


def _depth(part: Part) -> int:
    """How many loops a stage shares: those down to the fused one, which have the same names in its parent."""
    assert part.fused is not None, "asked of stages that share loops"
    return list(part.variables).index(part.fused.loop) + 1


class _Nests:
    """The nests of a cluster that have been fused so far; `variables` are those that each stage's loops have there.

    `deepest` is how many loops any stage shares: conditions stand below those, where they part none of them.
    """

    def __init__(self, key: Key, part: Part, deepest: int) -> None:
        self.stmt, self.deepest = part.nest, deepest
        self.variables: dict[Key, Mapping[str, str]] = {key: part.variables}
        self.starts = {part.variables[name]: start for name, start in part.starts.items()}

    def add(self, key: Key, part: Part, facts: Facts) -> None:
        """Fuse one more nest with that of its parent."""
        assert part.parent is not None and part.fused is not None, "only the first part has no parent"
        names = self.variables[part.parent]
        shared = list(names)[: list(names).index(part.fused.loop) + 1]
        self.starts |= {part.variables[name]: start for name, start in part.starts.items()}
        self.stmt = self._merge(
            self.stmt, part.nest, [(names[name], part.variables[name]) for name in shared], facts, self.deepest
        )
        self.variables[key] = {name: names[name] if name in shared else own for name, own in part.variables.items()}

    def _merge(self, tree: Stmt, nest: Stmt, loops: list[tuple[str, str]], facts: Facts, left: int) -> Stmt:
        """`tree` with `nest` in it; `loops` are the variables, there and here, of the loops that become one.

        Stages of the cluster share `left` loops at most from here on.
        """
        if not loops:
            return block([tree, nest])
        (var, own), *inside = loops
        if isinstance(tree, Block):
            return Block(tuple(self._merge(s, nest, loops, facts, left) if _is_loop(s, var) else s for s in tree.stmts))
        assert isinstance(tree, For) and isinstance(nest, For), "fused loops are outermost in both nests"
        there, here, below = *self._shifts(var, own, facts), left - 1
        ends = Binary(BinaryOp.ADD, there, tree.extent), Binary(BinaryOp.ADD, here, nest.extent)
        extent = simplify(Binary(BinaryOp.MAX, *ends), facts)
        inner = facts.with_loop(var, extent)
        renamed = rewrite_exprs(nest.body, lambda e: substitute(e, {own: Variable(var)}))
        first = _moved(tree.body, var, (there, ends[0]), below, inner)
        second = _moved(renamed, var, (here, ends[1]), below, inner)
        return replace(tree, extent=extent, body=self._merge(first, second, inside, inner, below))

    def _shifts(self, var: str, own: str, facts: Facts) -> tuple[Expr, Expr]:
        """In which iteration of the fused loop each of two loops starts."""
        there, here = self.starts.get(var), self.starts.get(own)
        if there is None or here is None:
            self.starts.pop(var, None)
            return _NO_SHIFT, _NO_SHIFT
        first = self.starts[var] = simplify(Binary(BinaryOp.MIN, there, here), facts)
        shift_there, shift_here = (simplify(Binary(BinaryOp.SUB, start, first), facts) for start in (there, here))
        return shift_there, shift_here


def _is_loop(stmt: Stmt, var: str) -> bool:
    return isinstance(stmt, For) and stmt.var == var


def _moved(body: Stmt, var: str, iterations: tuple[Expr, Expr], depth: int, facts: Facts) -> Stmt:
    """The body of a loop for those iterations of a longer one, below `depth` more loops."""
    first, end = iterations
    if first != _NO_SHIFT:
        moved = Binary(BinaryOp.SUB, Variable(var), first)
        body = rewrite_exprs(body, lambda e: substitute(e, {var: moved}))
    for op, bound in ((CompareOp.GE, first), (CompareOp.LT, end)):
        condition = simplify(Compare(op, Variable(var), bound), facts)
        if condition != TRUE:
            body = guarded(body, condition, depth)
    return body


def guarded(stmt: Stmt, condition: Expr, depth: int) -> Stmt:
    """`stmt` under a condition, below its `depth` outermost loops."""
    if isinstance(stmt, Block):
        return Block(tuple(guarded(s, condition, depth) for s in stmt.stmts))
    if isinstance(stmt, For) and depth > 0:
        return replace(stmt, body=guarded(stmt.body, condition, depth - 1))
    return IfThenElse(condition, stmt)
