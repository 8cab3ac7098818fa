"""Statements of the intermediate representation: immutable loop nests over buffers.

Grammar::

    stmt = For(var, extent, kind, stmt, hints)     var = 0 .. extent - 1; kind serial | parallel | vectorized | unrolled
         | LetStmt(name, expr, stmt)               binds an int64 name
         | Block([stmt])                           in order
         | IfThenElse(bool expr, stmt, stmt?)
         | Predicated(bool expr, loads, stores, stmt)   a condition of the loads or the stores in stmt, not of the rest
         | Realize(name, [type], box, memory, stmt)   storage of a Func over a box; becomes Allocate
         | Provide(name, [expr], [expr], streamed)   writes the elements of a Func at coordinates; becomes Store
         | Prefetch(name, [expr])                  asks for an element of a Func or an Input; once flat, of a buffer
         | Allocate(buffer, type, size, memory, stmt)   `size` elements, a constant
         | Store(buffer, index, value, predicate, streamed)   flat int64 index; lanes whose predicate is false are not
                                                  written; past the caches, if streamed
         | Simultaneous([store])                   evaluates all indices, values and predicates before it stores any
         | Accumulate(buffer, index, op, value, type, predicate, atomic)
                                                  buffer{index} = buffer{index} op value, one lane after the other; each
                                                  in one step that no thread sees half of, if atomic
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from tensorlang.dtypes import DType
from tensorlang.ir.expr import BinaryOp, Expr


class LoopKind(StrEnum):
    """How the iterations of a loop run."""

    SERIAL = "serial"
    PARALLEL = "parallel"
    VECTORIZED = "vectorized"
    UNROLLED = "unrolled"


class Memory(StrEnum):
    """Where the storage of a Func lives: workspace, stack frame, or vector registers (constant indices only)."""

    HEAP = "heap"
    STACK = "stack"
    REGISTER = "register"


class Races(StrEnum):
    """What of the iterations of an associative update may meet at one element: nothing, lanes of a vector, threads."""

    NONE = "none"
    LANES = "lanes"
    THREADS = "threads"


class PartitionPolicy(StrEnum):
    """Whether a loop is split where the conditions in it change: where it pays, never, or wherever it can be."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Lookahead:
    """What the body of a loop reads of `name`, in iteration `loop` + `offset`, is to be prefetched; where that is not
    in the buffer, the nearest of it if `is_clamped`, else nothing."""

    name: str
    loop: str
    offset: int
    is_clamped: bool


@dataclass(frozen=True, slots=True)
class LoopHints:
    """How a loop is to be compiled: none of it changes what is computed."""

    partition: PartitionPolicy = PartitionPolicy.AUTO
    prefetches: tuple[Lookahead, ...] = ()


NO_HINTS = LoopHints()


@dataclass(frozen=True, slots=True)
class Range:
    """Half-open range ``[min, min + extent)`` of one dimension."""

    min: Expr
    extent: Expr


@dataclass(frozen=True, slots=True)
class For:
    var: str
    extent: Expr
    kind: LoopKind
    body: Stmt
    hints: LoopHints = NO_HINTS


@dataclass(frozen=True, slots=True)
class LetStmt:
    name: str
    value: Expr
    body: Stmt


@dataclass(frozen=True, slots=True)
class Block:
    stmts: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class IfThenElse:
    condition: Expr
    then: Stmt
    otherwise: Stmt | None = None


@dataclass(frozen=True, slots=True)
class Predicated:
    """Where `condition` is false, what is read in `body` is 0 without being read if `loads`, nothing is written if
    `stores`; all else is evaluated."""

    condition: Expr
    loads: bool
    stores: bool
    body: Stmt


@dataclass(frozen=True, slots=True)
class Realize:
    name: str
    types: tuple[DType, ...]
    box: tuple[Range, ...]
    memory: Memory
    body: Stmt


@dataclass(frozen=True, slots=True)
class Provide:
    """`races` says which iterations may write one point, for an update that the schedule accumulates."""

    name: str
    args: tuple[Expr, ...]
    values: tuple[Expr, ...]
    races: Races = Races.NONE
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Prefetch:
    """A hint to the processor: nothing is read. Flat, `name` is a buffer and `args` its index."""

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Allocate:
    buffer: str
    type: DType
    size: int
    memory: Memory
    body: Stmt


@dataclass(frozen=True, slots=True)
class Store:
    buffer: str
    index: Expr
    value: Expr
    predicate: Expr | None = None
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Simultaneous:
    stores: tuple[Store, ...]


@dataclass(frozen=True, slots=True)
class Accumulate:
    """`type` is that of the buffer's elements; the operation is in the type of `value`, which may be wider."""

    buffer: str
    index: Expr
    op: BinaryOp
    value: Expr
    type: DType
    predicate: Expr | None = None
    atomic: bool = False


Stmt: TypeAlias = (
    For
    | LetStmt
    | Block
    | IfThenElse
    | Predicated
    | Realize
    | Provide
    | Prefetch
    | Allocate
    | Store
    | Simultaneous
    | Accumulate
)
