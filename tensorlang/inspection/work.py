"""How much arithmetic a kernel does, and how much of it at once: what an order costs and gains, in numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat

from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Broadcast,
    Cast,
    Compare,
    CompareOp,
    Const,
    Expr,
    Fma,
    Load,
    Ramp,
    Select,
    Unary,
    UnaryOp,
    Variable,
    VectorReduce,
)
from tensorlang.ir.recursion import deep_recursion
from tensorlang.ir.stmt import Accumulate, Block, For, IfThenElse, LetStmt, LoopKind, Stmt, Store
from tensorlang.ir.visitor import children, free_variables, stmt_exprs, substatements, walk, walk_stmts
from tensorlang.runtime.kernel import Kernel

_Values = Mapping[str, int]

_BINARY: Mapping[BinaryOp, Callable[[int, int], int]] = {
    BinaryOp.ADD: operator.add,
    BinaryOp.SUB: operator.sub,
    BinaryOp.MUL: operator.mul,
    BinaryOp.FLOOR_DIV: lambda a, b: a // b if b else 0,
    BinaryOp.MOD: lambda a, b: a % b if b else 0,
    BinaryOp.MIN: min,
    BinaryOp.MAX: max,
    BinaryOp.AND: operator.and_,
    BinaryOp.OR: operator.or_,
}
_COMPARE: Mapping[CompareOp, Callable[[int, int], bool]] = {
    CompareOp.EQ: operator.eq,
    CompareOp.NE: operator.ne,
    CompareOp.LT: operator.lt,
    CompareOp.LE: operator.le,
    CompareOp.GT: operator.gt,
    CompareOp.GE: operator.ge,
}


@deep_recursion()
def count_operations(kernel: Kernel) -> int:
    """Return how many arithmetic operations one call of a kernel performs, initialisation not included.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    int
        Operations on values, each lane of a vector counted, also where a mask throws its result away; a multiply-add
        counts as two, a value that statements next to each other share counts once. Arithmetic on indices, loads,
        stores and conversions do not count. Where a condition depends on data, the branch that does more is counted.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x = tl.Input("x", (101,), tl.float32)
    >>> i, f, g = tl.Var("i"), tl.Func("f"), tl.Func("g")
    >>> f[i] = x[i] * 0.5
    >>> g[i] = f[i] + f[i + 1]
    >>> tl.count_operations(tl.compile(g, shape=(100,)))  # f is inlined: computed twice for each element
    300
    >>> s = tl.Schedule(g)
    >>> _ = s[f].compute_root()
    >>> tl.count_operations(tl.compile(g, s, shape=(100,)))
    201
    """
    return _Counter(sum).stmt(kernel.module.main.body, {})


@deep_recursion()
def parallelism(kernel: Kernel) -> float:
    """Return how many threads a kernel could keep busy: its work over the part of it that must be done in turn.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    float
        ``count_operations(kernel) / span``, where the span counts, of each parallel loop, only the iteration that does
        most. 1 without parallel loops. Vectors make no difference.

    References
    ----------
    .. [1] R. Blumofe and C. Leiserson, "Scheduling Multithreaded Computations by Work Stealing", J. ACM 46, 1999.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x = tl.Input("x", (30, 40), tl.float32)
    >>> i, j, f = tl.Var("i"), tl.Var("j"), tl.Func("f")
    >>> f[i, j] = x[i, j] * 0.5
    >>> s = tl.Schedule(f)
    >>> _ = s[f].parallel("i")
    >>> tl.parallelism(tl.compile(f, s))
    30.0
    """
    span = _Counter(_longest).stmt(kernel.module.main.body, {})
    return count_operations(kernel) / span if span else 1.0


def _longest(iterations: Iterable[int]) -> int:
    return max(iterations, default=0)


class _Counter:
    """Counts by walking the loops; a loop whose variable no extent and no condition inside depends on, only once."""

    def __init__(self, of_parallel_loop: Callable[[Iterable[int]], int]) -> None:
        self._of_parallel_loop = of_parallel_loop
        # By identity; the statements live as long as their kernel.
        self._stores: dict[int, int] = {}
        self._deciding: dict[int, frozenset[str]] = {}

    def stmt(self, stmt: Stmt, values: _Values) -> int:
        match stmt:
            case Store() | Accumulate():
                return self._straight(stmt, (stmt,))
            case Block(stmts):
                others = (self.stmt(s, values) for s in stmts if not isinstance(s, Store | Accumulate))
                return self._straight(stmt, stmts) + sum(others)
            case For(var, extent, kind, body):
                turns = _evaluate(extent, values)
                assert turns is not None, "an extent is made of loop variables"
                combine = self._of_parallel_loop if kind is LoopKind.PARALLEL else sum
                if var not in self._decides(body):
                    return combine(repeat(self.stmt(body, values) if turns > 0 else 0, max(turns, 0)))
                return combine(self.stmt(body, {**values, var: turn}) for turn in range(turns))
            case LetStmt(name, value, body):
                known = _evaluate(value, values)
                return self.stmt(body, values if known is None else {**values, name: known})
            case IfThenElse(condition, then, otherwise):
                taken = _evaluate(condition, values)
                branches = (then, otherwise) if taken is None else (then,) if taken else (otherwise,)
                return max(0 if branch is None else self.stmt(branch, values) for branch in branches)
            case _:
                return sum(self.stmt(below, values) for below in substatements(stmt))

    def _straight(self, whole: Stmt, stmts: Sequence[Stmt]) -> int:
        """Operations of the stores among the statements that `whole` consists of."""
        if id(whole) not in self._stores:
            self._stores[id(whole)] = straight_line_operations(stmts)
        return self._stores[id(whole)]

    def _decides(self, stmt: Stmt) -> frozenset[str]:
        """The variables that extents, conditions and lets in `stmt` depend on."""
        if id(stmt) not in self._deciding:
            deciding = [
                e for s in walk_stmts(stmt) if not isinstance(s, Store | Accumulate | Block) for e in stmt_exprs(s)
            ]
            self._deciding[id(stmt)] = frozenset().union(*map(free_variables, deciding))
        return self._deciding[id(stmt)]


def straight_line_operations(stmts: Sequence[Stmt]) -> int:
    """Operations of the stores that follow each other; what reads a buffer is computed again after a store to it."""
    read = {name for stmt in stmts for expr in stmt_exprs(stmt) for name in _buffers(expr)}
    total, seen = 0, set[Expr]()
    for stmt in stmts:
        if not isinstance(stmt, Store | Accumulate):
            seen.clear()
            continue
        total += _operations(stmt.value, seen) + (stmt.value.type.lanes if isinstance(stmt, Accumulate) else 0)
        if stmt.buffer in read:
            seen = {expr for expr in seen if stmt.buffer not in _buffers(expr)}
    return total


def _buffers(expr: Expr) -> Iterator[str]:
    """The buffers that `expr` reads."""
    return (part.buffer for part in walk(expr) if isinstance(part, Load))


def _operations(expr: Expr, seen: set[Expr]) -> int:
    """Operations that the value of `expr` takes; equal parts are computed once."""
    if expr in seen or isinstance(expr, Load | Ramp | Const | Variable):
        return 0
    seen.add(expr)
    if isinstance(expr, VectorReduce):
        own = expr.value.type.lanes - 1
    else:
        own = expr.type.lanes * (0 if isinstance(expr, Cast | Broadcast) else 2 if isinstance(expr, Fma) else 1)
    return own + sum(_operations(child, seen) for child in children(expr))


def _evaluate(expr: Expr, values: _Values) -> int | None:
    """The value of an integer or a condition; None if it depends on data."""
    match expr:
        case Const(value, _):
            return int(value)
        case Variable(name, _):
            return values.get(name)
        case Unary(UnaryOp.NEG | UnaryOp.NOT as op, a):
            x = _evaluate(a, values)
            return None if x is None else -x if op is UnaryOp.NEG else int(not x)
        case Binary(op, a, b) if op in _BINARY:
            x, y = _evaluate(a, values), _evaluate(b, values)
            return None if x is None or y is None else _BINARY[op](x, y)
        case Compare(compare, a, b):
            x, y = _evaluate(a, values), _evaluate(b, values)
            return None if x is None or y is None else int(_COMPARE[compare](x, y))
        case Select(condition, a, b):
            taken = _evaluate(condition, values)
            return None if taken is None else _evaluate(a if taken else b, values)
        case Cast(kind, a) if kind.is_integer and a.type.is_integer:
            x = _evaluate(a, values)
            return x if x is None or kind.minimum <= x <= kind.maximum else None
    return None
