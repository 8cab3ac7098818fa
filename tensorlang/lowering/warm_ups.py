"""Iterations before the first: a loop runs longer, so that a producer in its body gets ahead of the rest.

In: a tree, a loop of it, the stages of a producer to compute at the top of its body, and for each loop on the way the
number of iterations to put in front. Out: those loops start earlier; the producer sees the new count, all else starts
in the iteration that was the first, with the count of then.
Order: while the producer is placed, so that the regions of its own producers are read off the result.
Refuses: nothing.

A loop ``for i in 0..n: rest`` with `k` iterations in front becomes ``for i in 0..n + k: producer; if i >= k: let
i.from1 = max(i - k, 0): rest``, `rest` in terms of the new name. The name is never negative, so that regions inferred
from it stay where those of the first iteration are; where the rest does run, it is ``i - k``, its *steady* value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tensorlang.bounds.starts import clamped, is_start, starting, where
from tensorlang.bounds.surroundings import Domain
from tensorlang.ir.expr import Binary, BinaryOp, Expr, Variable, index
from tensorlang.ir.stmt import Block, For, IfThenElse, LetStmt, Stmt
from tensorlang.ir.visitor import block, map_exprs, map_substatements, rewrite_exprs, substitute, walk_stmts
from tensorlang.legality.placement import find_uses
from tensorlang.symbolic.facts import Facts


@dataclass
class Names:
    """What is known of the names bound in a tree.

    Domains of Vars; steady values of loops that start early; and the names of long bounds of loops.
    """

    domains: dict[str, Domain] = field(default_factory=dict)
    steady: dict[str, Expr] = field(default_factory=dict)
    bounds: set[str] = field(default_factory=set)


def change_rest(stmt: Stmt, name: str, facts: Facts, change: Callable[[Stmt, Facts], Stmt]) -> Stmt:
    """`stmt` changed, given `facts`; or, where the Func `name` is used in what starts later alone, that changed."""
    parts = stmt.stmts if isinstance(stmt, Block) else (stmt,)
    users = [place for place, part in enumerate(parts) if any(True for _ in find_uses(part, name))]
    if len(users) != 1:
        return change(stmt, facts)
    (user,) = users
    match parts[user]:
        case IfThenElse(condition, LetStmt(let, value, body)) as part if is_start(part):
            inside = where(condition, facts)
            inside = inside.with_let(let, value)
            rest = IfThenElse(condition, LetStmt(let, value, change_rest(body, name, inside, change)))
            return block([*parts[:user], rest, *parts[user + 1 :]])
    return change(stmt, facts)


def insert_producer(stmt: Stmt, site: str, producer: Stmt, counts: Mapping[str, int], names: Names) -> Stmt:
    """`stmt` with `producer` at the top of the loop `site`, `counts` iterations earlier; `names` is kept up to date."""
    return _Insertion(site, producer, counts, names).on_the_way(stmt)


class _Insertion:
    def __init__(self, site: str, producer: Stmt, counts: Mapping[str, int], names: Names) -> None:
        self.site, self.producer, self.asked, self.names = site, producer, counts, names
        self.counts: dict[str, int] = {}
        self.renamed: dict[str, Expr] = {}

    def on_the_way(self, stmt: Stmt) -> Stmt:
        """A statement that holds the site."""
        if isinstance(stmt, For):
            return self._loop(stmt)
        return map_substatements(map_exprs(stmt, lambda e: substitute(e, self._values())), self._either)

    def _loop(self, loop: For) -> Stmt:
        extent = substitute(loop.extent, self._values())
        count = self.asked.get(loop.var, 0)
        if count:
            extent = Binary(BinaryOp.ADD, extent, index(count))
            name = f"{loop.var}.from{len(self.names.steady) + 1}"
            self.counts[loop.var], self.renamed[loop.var] = count, Variable(name)
            self.names.steady[name] = Binary(BinaryOp.SUB, Variable(loop.var), index(count))
        body = self.on_the_way(loop.body) if loop.var != self.site else block([self.producer, self._rest(loop.body)])
        if count:
            del self.counts[loop.var], self.renamed[loop.var]
        return replace(loop, extent=extent, body=body)

    def _either(self, stmt: Stmt) -> Stmt:
        is_on_the_way = any(isinstance(s, For) and s.var == self.site for s in walk_stmts(stmt))
        return self.on_the_way(stmt) if is_on_the_way else self._rest(stmt)

    def _values(self) -> dict[str, Expr]:
        """The loops as what runs only from the old first iteration on sees them."""
        return {var: clamped(var, count) for var, count in self.counts.items()}

    def _rest(self, stmt: Stmt) -> Stmt:
        """A statement that starts where the loops started before."""
        if not self.counts:
            return stmt
        for inner in walk_stmts(stmt):
            if isinstance(inner, LetStmt):
                self._rename(inner.name)
        result = rewrite_exprs(stmt, lambda e: substitute(e, self.renamed))
        for var, count in reversed(self.counts.items()):
            name = self.renamed[var]
            assert isinstance(name, Variable), "loops are renamed"
            result = starting(var, count, name.name, result)
        return result

    def _rename(self, name: str) -> None:
        """Say what is known of a name in terms of the new names of the loops."""
        domains, steady = self.names.domains, self.names.steady
        if name in steady:
            steady[name] = substitute(steady[name], self.renamed)
        if name in domains:
            first, extent = (substitute(e, self.renamed) for e in (domains[name].min, domains[name].extent))
            domains[name] = replace(domains[name], min=first, extent=extent)
