"""Integer points between affine bounds: what an index can be there, and which conditions always hold.

Intervals treat each term of an index on its own. Here variables are tied by conditions (``i + k < n``, ``j <= i``) and
by standing in several terms (``i - 2*(i // 2)``): a quotient is a variable of its own, tied to what is divided, a min
or a max is one that both operands bound. Whatever is not affine is a variable with the bounds of its interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tensorlang.ir.expr import Binary, BinaryOp, Const, Expr, Variable, index
from tensorlang.ir.visitor import free_variables
from tensorlang.symbolic.cases import Case, cases_of, choices_of, negation
from tensorlang.symbolic.elimination import Row, Rows, eliminate, make_row
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.intervals import Interval, infer_interval, operands, reads_memory
from tensorlang.symbolic.linear import Linear, atom, constant, linearize, linearize_with, to_expr
from tensorlang.symbolic.simplify import simplify

# Bounds are the min or the max of at most this many: longer ones cost more than they tell.
_MOST_ENDS = 3
# A sum of several min and max is taken apart into at most this many forms for one of its bounds.
_MOST_FORMS = 16
# The column of the value whose bounds are asked for.
_VALUE = -1


@dataclass(frozen=True, slots=True)
class _Extreme:
    """A min or max of two forms."""

    op: BinaryOp
    a: Linear
    b: Linear


class Polyhedron:
    """The values of variables within their intervals where all conditions hold.

    Parameters
    ----------
    scope : Mapping of str to Interval
        The variables, each with bounds in terms of other names, the parameters.
    conditions : sequence of Expr
        Bool expressions; those that are not about affine forms of indices are taken as possibly true.
    facts : Facts
        What is known of parameters and variables.
    """

    def __init__(self, scope: Mapping[str, Interval], conditions: Sequence[Expr], facts: Facts) -> None:
        self._scope, self._facts = scope, facts
        self._columns: dict[Expr, int] = {}
        self._inner: set[int] = set()
        self._known: Rows = []
        self._extremes: dict[Expr, _Extreme] = {}
        for name, side in scope.items():
            self._add_inner(Variable(name), side)
        cases = [self._rows(case) for case in cases_of(conditions)]
        self._cases = [case for case in cases if self._is_possible(case)]

    @property
    def is_empty(self) -> bool:
        """True if there are no points, whatever the parameters."""
        return not self._cases

    def interval(self, expr: Expr) -> Interval | None:
        """Bounds of an index over the points, in terms of the parameters; None if there are no points."""
        whole = infer_interval(expr, self._scope, self._facts)
        lows: list[Expr | None] = []
        highs: list[Expr | None] = []
        for choice, value in choices_of(simplify(expr, self._facts)):
            form, extra = self._linear(value), self._rows(choice)
            for case in self._cases:
                rows = [*case, *extra]
                if not extra or self._is_possible(rows):
                    lows.append(self._end(form, rows, BinaryOp.MAX))
                    highs.append(self._end(form, rows, BinaryOp.MIN))
        if not lows:
            return None
        low, high = self._loosest(lows, BinaryOp.MIN), self._loosest(highs, BinaryOp.MAX)
        return Interval(self._tightest([whole.lo, low], BinaryOp.MAX), self._tightest([whole.hi, high], BinaryOp.MIN))

    def proves(self, condition: Expr) -> bool:
        """True if `condition` holds at every point."""
        contrary = [self._rows(case) for case in cases_of([negation(condition)])]
        outside = self._limits_of_parameters()
        everything = set(self._columns.values())
        return all(
            eliminate([*self._known, *outside, *case, *other], everything) is None
            for case in self._cases
            for other in contrary
        )

    def needs(self) -> tuple[Expr, ...]:
        """Index expressions over the parameters, at least 0 wherever there are points, so far as that is not known."""
        if len(self._cases) != 1:
            return ()
        rows = eliminate([*self._known, *self._cases[0]], self._inner) or []
        forms = [self._over_parameters(dict(row.terms), row.constant) for row in rows]
        return tuple(to_expr(form) for form in forms if not self._facts.proves_at_least(form, 0))

    def _is_possible(self, rows: Rows) -> bool:
        return eliminate([*self._known, *rows], self._inner) is not None

    def _rows(self, case: Case) -> Rows:
        return [self._row(self._linear(simplify(expr, self._facts))) for expr in case]

    def _row(self, form: Linear, value: int = 0) -> Row:
        """``form + value * (the value asked for) >= 0``."""
        terms = {self._column(term): c for term, c in form.terms}
        return make_row({**terms, _VALUE: value}, form.constant)

    def _column(self, term: Expr) -> int:
        return self._columns.setdefault(term, len(self._columns))

    def _add_inner(self, term: Expr, side: Interval) -> Linear:
        """Make `term` a variable that is bounded by `side`."""
        self._inner.add(self._column(term))
        for end, sign in ((side.lo, 1), (side.hi, -1)):
            for bound in [] if end is None else operands(end, BinaryOp.MAX if sign > 0 else BinaryOp.MIN):
                self._known.append(self._row(linearize(bound).times(-sign).plus(atom(term), sign)))
        return atom(term)

    def _linear(self, expr: Expr) -> Linear:
        """The form of an index over variables and parameters."""
        form = linearize_with(expr, self._take_apart)
        for term, _ in form.terms:
            if self._column(term) not in self._inner and self._varies(term):
                self._add_inner(term, infer_interval(term, self._scope, self._facts))
        return form

    def _varies(self, expr: Expr) -> bool:
        return not free_variables(expr).isdisjoint(self._scope) or reads_memory(expr)

    def _take_apart(self, expr: Expr) -> Linear:
        if expr in self._columns or not self._varies(expr):
            return atom(expr)
        match expr:
            case Binary(BinaryOp.FLOOR_DIV | BinaryOp.MOD as op, a, Const(value, _)) if int(value) > 0:
                return self._division(self._linear(a), int(value), remainder=op is BinaryOp.MOD)
            case Binary(BinaryOp.MIN | BinaryOp.MAX as op, a, b):
                return self._extreme(_Extreme(op, self._linear(a), self._linear(b)))
        return atom(expr)

    def _division(self, form: Linear, divisor: int, *, remainder: bool) -> Linear:
        """``form == divisor * quotient + rest`` with ``0 <= rest < divisor``."""
        quotient = Binary(BinaryOp.FLOOR_DIV, to_expr(form), index(divisor))
        is_new = quotient not in self._columns
        rest = form.plus(atom(quotient), -divisor)
        if is_new:
            self._add_inner(quotient, infer_interval(quotient, self._scope, self._facts))
            self._known += [self._row(rest), self._row(constant(divisor - 1).plus(rest, -1))]
        return rest if remainder else atom(quotient)

    def _extreme(self, extreme: _Extreme) -> Linear:
        term = Binary(extreme.op, to_expr(extreme.a), to_expr(extreme.b))
        if term not in self._columns:
            self._add_inner(term, infer_interval(term, self._scope, self._facts))
            self._extremes[term] = extreme
            sign = 1 if extreme.op is BinaryOp.MIN else -1
            self._known += [self._row(side.plus(atom(term), -1).times(sign)) for side in (extreme.a, extreme.b)]
        return atom(term)

    def _end(self, form: Linear, rows: Rows, tighter: BinaryOp) -> Expr | None:
        """The upper bound of `form` (`tighter` is MIN) or the lower one (MAX); None if there is none."""
        sign, looser = (1, BinaryOp.MAX) if tighter is BinaryOp.MIN else (-1, BinaryOp.MIN)
        ends: list[Expr | None] = []
        for part in self._forms(form, looser):
            asked = self._row(part.times(sign), -sign)
            left = eliminate([*self._known, *rows, asked], self._inner, _VALUE) or []
            bounds = self._strongest([row for row in left if row.coefficient(_VALUE)])
            ends.append(self._tightest([self._bound(row, sign) for row in bounds], tighter))
        return self._loosest(ends, looser)

    def _forms(self, form: Linear, looser: BinaryOp) -> Iterator[Linear]:
        """Forms the outermost of whose bounds is that of `form`: a max is, for an upper bound, either operand."""
        pending, count = [form], 1
        while pending:
            current = pending.pop()
            found = next((t for t, c in current.terms if self._is_choice(t, c, looser)), None)
            if found is None or count >= _MOST_FORMS:
                yield current
                continue
            c, extreme = current.coefficient(found), self._extremes[found]
            rest = current.plus(atom(found), -c)
            pending += [rest.plus(extreme.a, c), rest.plus(extreme.b, c)]
            count += 1

    def _is_choice(self, term: Expr, coefficient: int, looser: BinaryOp) -> bool:
        extreme = self._extremes.get(term)
        return extreme is not None and (extreme.op is looser) == (coefficient > 0)

    def _strongest(self, rows: Rows) -> Rows:
        """The rows that no other is known to imply, by the value that each leaves room for."""
        kept: Rows = []
        for row in rows:
            if not any(self._implies(other, row) for other in kept):
                kept = [other for other in kept if not self._implies(row, other)]
                kept.append(row)
        return kept

    def _implies(self, strong: Row, weak: Row) -> bool:
        """True if the bound that `weak` says of the value is known to follow from the one of `strong`."""
        a, b = abs(strong.coefficient(_VALUE)), abs(weak.coefficient(_VALUE))
        forms = [self._over_parameters({k: c for k, c in r.terms if k != _VALUE}, r.constant) for r in (strong, weak)]
        return self._facts.proves_at_least(forms[1].times(a).plus(forms[0], -b), 0)

    def _bound(self, row: Row, sign: int) -> Expr:
        """The bound that a row over parameters and the value asked for says."""
        factor = abs(row.coefficient(_VALUE))
        terms = {column: c * sign for column, c in row.terms if column != _VALUE}
        rest = self._over_parameters(terms, row.constant * sign)
        if factor == 1:
            return simplify(to_expr(rest), self._facts)
        # An upper bound rounds down, a lower bound up.
        rounded = rest if sign > 0 else rest.plus(constant(factor - 1))
        return simplify(Binary(BinaryOp.FLOOR_DIV, to_expr(rounded), index(factor)), self._facts)

    def _over_parameters(self, terms: Mapping[int, int], value: int) -> Linear:
        names = {column: term for term, column in self._columns.items()}
        return Linear(tuple((names[column], c) for column, c in terms.items()), value)

    def _tightest(self, ends: Sequence[Expr | None], op: BinaryOp) -> Expr | None:
        """A bound as tight as `ends`, of which any may be missing, or as the first of them where they are many."""
        kept = self._undominated([end for end in ends if end is not None], op)
        return self._joined(kept[:_MOST_ENDS], op)

    def _loosest(self, ends: Sequence[Expr | None], op: BinaryOp) -> Expr | None:
        """A bound for all cases, of which `ends` are the bounds; None if one is missing, or there are too many."""
        present = [end for end in ends if end is not None]
        kept = self._undominated(present, op)
        return None if len(present) < len(ends) or len(kept) > _MOST_ENDS else self._joined(kept, op)

    def _joined(self, ends: Sequence[Expr], op: BinaryOp) -> Expr | None:
        result: Expr | None = None
        for end in ends:
            result = end if result is None else simplify(Binary(op, result, end), self._facts)
        return result

    def _undominated(self, ends: Sequence[Expr], op: BinaryOp) -> list[Expr]:
        """Those of `ends` whose `op` is that of all, so far as known."""
        kept: list[Expr] = []
        for end in ends:
            if not any(self._is_first(other, end, op) for other in kept):
                kept = [other for other in kept if not self._is_first(end, other, op)]
                kept.append(end)
        return kept

    def _is_first(self, a: Expr, b: Expr, op: BinaryOp) -> bool:
        """True if ``op(a, b)`` is known to be `a`."""
        x, y = (a, b) if op is BinaryOp.MAX else (b, a)
        return self._facts.proves_at_least(linearize(x).plus(linearize(y), -1), 0)

    def _limits_of_parameters(self) -> Rows:
        rows: Rows = []
        for term, column in self._columns.items():
            if column not in self._inner:
                limits = self._facts.of(term)
                rows += [] if limits.lo is None else [Row(((column, 1),), -limits.lo)]
                rows += [] if limits.hi is None else [Row(((column, -1),), limits.hi)]
        return rows
