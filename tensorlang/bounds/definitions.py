"""What the accesses of a definition reach when its Vars run over a box, with nothing scheduled yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tensorlang.bounds.surroundings import Binder, Box, Surroundings
from tensorlang.ir.algorithm import Definition, FuncDef
from tensorlang.ir.expr import Binary, BinaryOp, Call, Expr, Variable, index
from tensorlang.ir.stmt import Block, For, LetStmt, LoopKind, Range
from tensorlang.ir.visitor import conjuncts, walk
from tensorlang.symbolic.facts import Facts

_NOTHING = Block(())


def loop_ranges(func: FuncDef, definition: Definition, box: tuple[Range, ...]) -> dict[str, Range]:
    """The range of each loop of `definition` over `box`: the Vars that it keeps in place, then its RVars."""
    ranges = {v: side for v, arg, side in zip(func.vars, definition.args, box, strict=True) if arg == Variable(v)}
    return ranges | {r.name: Range(index(r.min), index(r.extent)) for r in definition.rvars}


def reads_under(definition: Definition) -> Iterator[tuple[Call, tuple[Expr, ...]]]:
    """Every read in a definition, with the conditions under which it happens."""
    conditions = conjuncts(definition.predicate)
    roots: list[tuple[Expr, tuple[Expr, ...]]] = [(root, conditions) for root in (*definition.args, *definition.values)]
    roots += [(condition, conditions[:n]) for n, condition in enumerate(conditions)]
    for root, before in roots:
        for node in walk(root):
            if isinstance(node, Call):
                yield node, before


class DefinitionBounds:
    """Boxes of index tuples of a definition whose loops run over given ranges, in terms of what those depend on."""

    def __init__(self, ranges: Mapping[str, Range], facts: Facts) -> None:
        self._facts = facts
        self._known: dict[tuple[Expr, ...], Surroundings] = {}
        self._binders: tuple[Binder, ...] = ()
        for name, side in ranges.items():
            loop = f"{name}.loop"
            at = Binary(BinaryOp.ADD, side.min, Variable(loop))
            self._binders += (
                For(loop, side.extent, LoopKind.SERIAL, _NOTHING),
                LetStmt(name, at, _NOTHING),
            )

    def box(self, args: tuple[Expr, ...], conditions: tuple[Expr, ...]) -> Box | None:
        """What `args` reach where `conditions` hold; None if they never do."""
        if conditions not in self._known:
            around = Surroundings((*self._binders, *conditions), {}, self._facts, clip=True)
            self._known[conditions] = around
        return self._known[conditions].box(args)
