"""Which pieces of a long function become functions of their own, so that compiling it takes time in proportion.

Several of LLVM's passes take more than linear time in the size of one function: dependence analysis looks at all pairs
of accesses in a loop, value numbering and the promotion of loads look again at what is around each inner loop. Pieces
of bounded size bound that. Between pieces nothing is kept in registers, which costs little where a piece is long.
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.ir.stmt import Accumulate, Stmt, Store
from tensorlang.ir.visitor import substatements

#: A body of more stores than this is emitted in parts [statements]. Tuned tiles are smaller by a good margin.
PART_STORES = 192
#: A run of fewer stores than this is not worth a call [statements].
_LEAST_STORES = 24


class Sizes:
    """How many stores there are in each statement of a tree."""

    def __init__(self, stmt: Stmt) -> None:
        # By identity: unrolling shares what its copies have in common. The tree is held, so that none is reused.
        self._root = stmt
        self._stores: dict[int, int] = {}
        self._count(stmt)

    def _count(self, stmt: Stmt) -> int:
        known = self._stores.get(id(stmt))
        if known is None:
            known = isinstance(stmt, Store | Accumulate) + sum(map(self._count, substatements(stmt)))
            self._stores[id(stmt)] = known
        return known

    def of(self, stmt: Stmt) -> int:
        """The number of stores in a statement of the tree."""
        return self._stores[id(stmt)]

    def parts(self, stmts: tuple[Stmt, ...]) -> Iterator[tuple[tuple[Stmt, ...], bool]]:
        """`stmts` in order, in runs as long as a part may be; and whether each run makes a part of its own."""
        run: list[Stmt] = []
        stores = 0
        for stmt in stmts:
            more = self.of(stmt)
            if run and stores + more > PART_STORES:
                yield tuple(run), _LEAST_STORES <= stores <= PART_STORES
                run, stores = [], 0
            run.append(stmt)
            stores += more
        yield tuple(run), _LEAST_STORES <= stores <= PART_STORES
