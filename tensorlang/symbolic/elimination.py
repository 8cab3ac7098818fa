"""Fourier-Motzkin elimination: what linear inequalities over integers say once some of their variables are gone.

Source: A. Schrijver, "Theory of Linear and Integer Programming", 12.2. Over the rationals the result is exact; integers
are kept to by rounding constants where all coefficients have a common divisor (as in Pugh's Omega test, CACM 1992), and
what is lost only makes the result weaker, never wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd
from typing import TypeAlias

# Eliminating one variable can square the number of rows; past this, rows that are far from the answer are left out.
_MOST_ROWS = 128


@dataclass(frozen=True, slots=True)
class Row:
    """``sum(coefficient * column) + constant >= 0``; columns in order, no coefficient is 0."""

    terms: tuple[tuple[int, int], ...]
    constant: int

    def coefficient(self, column: int) -> int:
        """Coefficient of `column`, 0 if it does not appear."""
        return next((c for k, c in self.terms if k == column), 0)


Rows: TypeAlias = list[Row]


def make_row(terms: dict[int, int], constant: int) -> Row:
    """The row of these terms, divided by what its coefficients have in common."""
    kept = sorted((column, c) for column, c in terms.items() if c)
    divisor = gcd(*(c for _, c in kept))
    if divisor > 1:
        kept = [(column, c // divisor) for column, c in kept]
        constant //= divisor
    return Row(tuple(kept), constant)


def eliminate(rows: Iterable[Row], columns: set[int], wanted: int | None = None) -> Rows | None:
    """What `rows` say about the other columns for some integer values of `columns`; None if there are no such values.

    If there are too many rows on the way, only those in which column `wanted` appears are kept combining.
    """
    current = _tightest(rows)
    left = set(columns)
    while left and current is not None:
        column = _cheapest(current, left)
        left.remove(column)
        current = _tightest(_without(current, column))
        if current is not None and len(current) > _MOST_ROWS:
            current = [row for row in current if wanted is not None and row.coefficient(wanted)]
    return current


def _cheapest(rows: Rows, columns: set[int]) -> int:
    """The column whose elimination adds the fewest rows."""

    lower: Counter[int] = Counter()
    upper: Counter[int] = Counter()
    for row in rows:
        for column, c in row.terms:
            (lower if c > 0 else upper)[column] += 1

    def added(column: int) -> int:
        return lower[column] * upper[column] - lower[column] - upper[column]

    return min(sorted(columns), key=added)


def _without(rows: Rows, column: int) -> Iterable[Row]:
    """Rows that bound `column` from below and from above, combined in pairs; rows without it as they are."""
    lower: list[tuple[int, Row]] = []
    upper: list[tuple[int, Row]] = []
    for row in rows:
        c = row.coefficient(column)
        if c == 0:
            yield row
        else:
            (lower if c > 0 else upper).append((abs(c), row))
    for a, below in lower:
        for b, above in upper:
            common = gcd(a, b)
            terms = {k: c * (b // common) for k, c in below.terms}
            for k, c in above.terms:
                terms[k] = terms.get(k, 0) + c * (a // common)
            yield make_row(terms, below.constant * (b // common) + above.constant * (a // common))


def _tightest(rows: Iterable[Row]) -> Rows | None:
    """Of the rows with the same terms, the one that says most; None if one cannot hold."""
    found: dict[tuple[tuple[int, int], ...], int] = {}
    for row in rows:
        if not row.terms:
            if row.constant < 0:
                return None
            continue
        found[row.terms] = min(row.constant, found.get(row.terms, row.constant))
    return [Row(terms, constant) for terms, constant in found.items()]
