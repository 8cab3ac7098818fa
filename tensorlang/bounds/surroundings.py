"""What surrounds an access in a loop nest: the loops, lets and conditions that say which coordinates it reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Expr, Select, Variable, index
from tensorlang.ir.stmt import For, LetStmt
from tensorlang.ir.visitor import free_variables, substitute, walk
from tensorlang.symbolic.cases import cases_of, negation
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.intervals import Interval, infer_interval
from tensorlang.symbolic.linear import linearize
from tensorlang.symbolic.loosen import loosen
from tensorlang.symbolic.polyhedra import Polyhedron
from tensorlang.symbolic.simplify import as_int, simplify

Box: TypeAlias = tuple[Interval, ...]
Binder: TypeAlias = For | LetStmt | Expr
"""A loop, a let, or a condition that holds."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that a let-bound Var takes where results count: ``[min, min + extent)``.

    `exact_reads` says that nothing is read for any other value, as the tails guard or shift, `exact_writes` that
    nothing is written; else tails such as `round_up` do more.
    """

    min: Expr
    extent: Expr
    exact_reads: bool
    exact_writes: bool

    def is_exact(self, *, writes: bool) -> bool:
        """Whether nothing is read, or written, for other values."""
        return self.exact_writes if writes else self.exact_reads

    @property
    def last(self) -> Expr:
        return Binary(BinaryOp.ADD, self.min, Binary(BinaryOp.SUB, self.extent, index(1)))


def bound_name(func: str, dim: str, what: str) -> str:
    """The name for `what`, "min" or "extent", of the range that a Func is computed over: a bound of its loops."""
    return f"{func}.{dim}.{what}"


def is_bound_name(name: str) -> bool:
    """Whether a let binds a bound of loops, and not a Var."""
    return name.endswith((".min", ".extent"))


class Surroundings:
    """The loops, lets and conditions around an access, outermost first.

    Parameters
    ----------
    binders : tuple of Binder
    domains : Mapping of str to Domain
        Of let-bound Vars.
    facts : Facts
        What is known outside.
    clip : bool
        Cut every Var to the values where results count.
    writes : bool
        Whether the accesses are writes.
    """

    def __init__(
        self,
        binders: tuple[Binder, ...],
        domains: Mapping[str, Domain],
        facts: Facts,
        *,
        clip: bool,
        writes: bool = False,
    ) -> None:
        self._outside, self._facts = facts, facts
        self._domains, self._clip, self._writes = domains, clip, writes
        self._scope: dict[str, Interval] = {}
        self._lets: dict[str, Expr] = {}
        # Those of `_lets` that are no Vars but bounds of loops, which cancel against each other.
        self._bounds: dict[str, Expr] = {}
        self._loops: dict[str, Counter[str]] = {}
        # All conditions that hold; and those that may say more of an index than intervals do.
        self._conditions: list[Expr] = []
        self._asked: list[Expr] = []
        self._never_runs = False
        for binder in binders:
            match binder:
                case For():
                    self._add_loop(binder)
                case LetStmt():
                    self._add_let(binder)
                case _:
                    self._tie(substitute(binder, self._lets))

    def box(self, args: tuple[Expr, ...]) -> Box | None:
        """The box of an access at `args`, in terms of what is bound outside; None if it never happens."""
        if self._never_runs or (self._ties and self._polyhedron.is_empty):
            return None
        sides = []
        for arg in args:
            side = self._side(arg)
            if side is None:
                return None
            sides.append(Interval(self._end(side.lo, BinaryOp.MIN), self._end(side.hi, BinaryOp.MAX)))
        return tuple(sides)

    def _end(self, end: Expr | None, op: BinaryOp) -> Expr | None:
        return None if end is None else loosen(simplify(end, self._outside), op, self._outside)

    def needs(self) -> tuple[Expr, ...]:
        """Index expressions over what is bound outside, at least 0 wherever an access happens, so far as not known."""
        if self._never_runs or not self._ties:
            return ()
        return tuple(simplify(form, self._outside) for form in self._polyhedron.needs())

    def proves(self, condition: Expr) -> bool:
        """True if `condition`, about what is bound here or outside, always holds here."""
        return cases_of([negation(condition)]) != [()] and self._polyhedron.proves(substitute(condition, self._lets))

    def _add_loop(self, loop: For) -> None:
        extent = substitute(loop.extent, self._lets)
        constant = as_int(extent)
        self._never_runs = self._never_runs or (constant is not None and constant <= 0)
        named = substitute(loop.extent, self._bounds)
        last = infer_interval(Binary(BinaryOp.SUB, named, index(1)), self._scope, self._facts).hi
        is_chosen = any(isinstance(node, Select) for node in walk(extent))
        if not is_chosen and not free_variables(extent).isdisjoint(self._scope):
            self._tie(Compare(CompareOp.LT, Variable(loop.var), extent))
        self._scope[loop.var] = Interval(index(0), last)
        self._loops[loop.var] = Counter((loop.var,))
        self._facts = self._facts.with_loop(loop.var, extent)

    def _add_let(self, let: LetStmt) -> None:
        value = self._lets[let.name] = substitute(let.value, self._lets)
        domain = self._domains.get(let.name)
        if is_bound_name(let.name):
            self._bounds[let.name] = substitute(let.value, self._bounds)
            return
        self._loops[let.name] = self._loops_in(let.value)
        interval = self._interval(let.value)
        if domain is not None and (self._clip or domain.is_exact(writes=self._writes)):
            first, last = (self._interval(e) for e in (domain.min, domain.last))
            # A domain has ends; seen from one of the loops around, they may be out of sight, and there nothing is cut.
            interval = interval.clip(first.lo, last.hi, self._facts)
            self._conditions.append(Compare(CompareOp.LE, substitute(domain.min, self._lets), value))
            self._conditions.append(Compare(CompareOp.LE, value, substitute(domain.last, self._lets)))
        self._scope[let.name] = interval

    def _interval(self, expr: Expr) -> Interval:
        return infer_interval(substitute(expr, self._bounds), self._scope, self._facts)

    def _tie(self, condition: Expr) -> None:
        self._conditions.append(condition)
        self._asked.append(condition)

    def _side(self, arg: Expr) -> Interval | None:
        loops = self._loops_in(arg)
        is_tied = any(count > 1 for count in loops.values()) or not loops.keys().isdisjoint(self._tied_loops)
        if not is_tied:
            return self._interval(arg)
        return self._polyhedron.interval(substitute(arg, self._lets))

    def _loops_in(self, expr: Expr) -> Counter[str]:
        """How often each loop stands in `expr`, lets included."""
        total: Counter[str] = Counter()
        for node in walk(expr):
            if isinstance(node, Variable):
                total.update(self._loops.get(node.name, ()))
        return total

    @cached_property
    def _ties(self) -> list[Expr]:
        """The conditions that tie loops to each other; guards that only keep a Var inside its domain do not."""
        known = {self._form(c) for c in self._conditions if all(c is not asked for asked in self._asked)}
        return [asked for asked in self._asked if self._form(asked) not in known]

    def _form(self, condition: Expr) -> tuple[frozenset[tuple[Expr, int]], int] | None:
        """A comparison as what is at least 0; None for any other condition."""
        case, *others = cases_of([condition]) or [()]
        if others or len(case) != 1:
            return None
        form = linearize(simplify(case[0], self._facts))
        return frozenset(form.terms), form.constant

    @cached_property
    def _tied_loops(self) -> frozenset[str]:
        return frozenset(name for tie in self._ties for name in free_variables(tie) if name in self._loops)

    @cached_property
    def _polyhedron(self) -> Polyhedron:
        loops = {name: side for name, side in self._scope.items() if name not in self._lets}
        return Polyhedron(loops, self._conditions, self._facts)
