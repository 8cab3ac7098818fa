"""The way from the storage of a Func down to the loop it is computed at: loops, names and conditions between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tensorlang.bounds.starts import first_iteration, where
from tensorlang.ir.expr import Expr
from tensorlang.ir.stmt import For, IfThenElse, LetStmt, Stmt
from tensorlang.ir.visitor import free_variables, map_substatements, substatements, substitute
from tensorlang.symbolic.facts import Facts


@dataclass(frozen=True, slots=True)
class Step:
    """A loop on the way.

    Attributes
    ----------
    loop : For
    extent : Expr
        Of the loop, in terms of the loops around it.
    first : int
        The first iteration in which the end of the way is reached.
    is_certain : bool
        It is reached in every iteration from that one on.
    is_direct : bool
        No condition stands inside the loop, on the way.
    facts : Facts
        What holds in its body, before any condition in it.
    """

    loop: For
    extent: Expr
    first: int
    is_certain: bool
    is_direct: bool
    facts: Facts

    @property
    def name(self) -> str:
        """The name the user knows the loop by."""
        return self.loop.var.split(".", 2)[-1]


@dataclass(frozen=True, slots=True)
class Path:
    """A way to the body of a loop: `steps` outermost first, the last one that loop; `facts` hold in `body`.

    `lets` are the values of the names bound on the way, in terms of the loops; `steady` the same where the code that
    the names stand in does run (see `tensorlang.lowering.warm_ups`).
    """

    steps: tuple[Step, ...]
    lets: Mapping[str, Expr]
    steady: Mapping[str, Expr]
    body: Stmt
    facts: Facts


def find_path(stmt: Stmt, site: str, facts: Facts, steady: Mapping[str, Expr]) -> Path:
    """The way from `stmt`, where `facts` hold, to the body of the loop with variable `site`; `steady` as in `Path`."""
    walk = _Walk(facts, steady)
    nodes = _nodes(stmt, site)
    assert nodes is not None, f"loop {site} is below"
    for node, below in zip(nodes, [*nodes[1:], None], strict=True):
        walk.enter(node, below)
    loop = nodes[-1]
    assert isinstance(loop, For), "the last node is the loop"
    return Path(tuple(walk.steps), walk.lets, walk.steady, loop.body, walk.facts)


def _nodes(stmt: Stmt, site: str) -> list[Stmt] | None:
    """The statements from `stmt` to loop `site`, each inside the one before, or None if it is not there."""
    if isinstance(stmt, For) and stmt.var == site:
        return [stmt]
    for below in substatements(stmt):
        found = _nodes(below, site)
        if found is not None:
            return [stmt, *found]
    return None


class _Walk:
    def __init__(self, facts: Facts, named: Mapping[str, Expr]) -> None:
        self.facts, self.named = facts, named
        self.steps: list[Step] = []
        self.lets: dict[str, Expr] = {}
        self.steady: dict[str, Expr] = {}

    def enter(self, node: Stmt, below: Stmt | None) -> None:
        match node:
            case For(var, extent, _, _):
                extent = substitute(extent, self.lets)
                self.facts = self.facts.with_loop(var, extent)
                self.steps.append(Step(node, extent, 0, is_certain=True, is_direct=True, facts=self.facts))
            case LetStmt(name, value, _):
                self.facts = self.facts.with_let(name, value)
                self.lets[name] = substitute(value, self.lets)
                self.steady[name] = substitute(self.named.get(name, value), self.steady)
            case IfThenElse(condition, then, _):
                self._pass(condition if then is below else None)

    def _pass(self, condition: Expr | None) -> None:
        """Go on where a condition holds (None: one that is not known)."""
        start = None if condition is None else first_iteration(substitute(condition, self.steady))
        loops = {step.loop.var for step in self.steps}
        varies = condition is None or not loops.isdisjoint(free_variables(substitute(condition, self.steady)))
        steps = []
        for step in self.steps:
            first, is_certain = step.first, step.is_certain
            if start is not None and start[0] == step.loop.var:
                first = max(first, start[1])
            elif start is None and varies:
                is_certain = False
            steps.append(replace(step, first=first, is_certain=is_certain, is_direct=False))
        self.steps = steps
        if condition is not None:
            self.facts = where(condition, self.facts)


def change_body(stmt: Stmt, site: str, facts: Facts, change: Callable[[Stmt, Facts], Stmt]) -> Stmt:
    """`stmt`, where `facts` hold, with the body of loop `site` changed, given the facts that hold there."""
    match stmt:
        case For(var, extent, _, body):
            facts = facts.with_loop(var, extent)
            if var == site:
                return replace(stmt, body=change(body, facts))
        case LetStmt(name, value, _):
            facts = facts.with_let(name, value)
        case IfThenElse(condition, then, None):
            return IfThenElse(condition, change_body(then, site, where(condition, facts).assuming(condition), change))
        case IfThenElse(condition, then, otherwise) if otherwise is not None:
            inside = change_body(then, site, facts.assuming(condition), change)
            return IfThenElse(condition, inside, change_body(otherwise, site, facts, change))
    return map_substatements(stmt, lambda s: change_body(s, site, facts, change))


def as_steady(stmt: Stmt, steady: Mapping[str, Expr]) -> Stmt:
    """`stmt` with the names in `steady` bound to those values."""
    if isinstance(stmt, LetStmt) and stmt.name in steady:
        return LetStmt(stmt.name, steady[stmt.name], as_steady(stmt.body, steady))
    return map_substatements(stmt, lambda s: as_steady(s, steady))
