"""Expressions of the intermediate representation: immutable, compared and hashed by structure.

Grammar (``L`` is the number of lanes; both operands of a node have the same type unless said)::

    expr = Const(value, type)                 a literal; every lane the same
         | Variable(name, type)               a Var, an RVar, a loop, or a name bound by Let
         | Cast(type, expr)                   numeric conversion; float to integer saturates, NaN gives 0
         | Unary(op, expr)
         | Binary(op, expr, expr)             result has the operands' type
         | Compare(op, expr, expr)            result is bool with the operands' lanes
         | Select(bool expr, expr, expr)      evaluates both
         | Fma(expr, expr, expr)              a * b + c, rounded once; floats only
         | Call(name, [expr], type, element?) a Func or an Input at coordinates, one element of a tuple; becomes Load
         | Load(buffer, index, predicate, type)   element(s) at flat int64 index; lanes whose predicate is false are 0
         | Ramp(base, stride, lanes)          base, base + stride, ...; base and stride are scalar int64
         | Broadcast(expr, lanes)             a scalar in every lane
         | VectorReduce(op, expr)             the lanes of a vector combined by an associative operator; a scalar

Index expressions are int64. Integer arithmetic wraps; ``//`` and ``%`` round as Python's, and division by zero gives 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from tensorlang.dtypes import DType, bool_, int64


class UnaryOp(StrEnum):
    """Operators of one operand."""

    NEG = "-"
    NOT = "not"
    BIT_NOT = "~"
    ABS = "abs"
    EXP = "exp"
    LOG = "log"
    SQRT = "sqrt"
    TANH = "tanh"
    ERF = "erf"
    SIN = "sin"
    COS = "cos"
    FLOOR = "floor"
    ROUND = "round"


class BinaryOp(StrEnum):
    """Operators of two operands whose result has their type."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    TRUE_DIV = "/"
    FLOOR_DIV = "//"
    MOD = "%"
    MIN = "min"
    MAX = "max"
    POW = "pow"
    AND = "and"
    OR = "or"
    BIT_AND = "&"
    BIT_OR = "|"
    BIT_XOR = "^"
    SHL = "<<"
    SHR = ">>"


class CompareOp(StrEnum):
    """Comparisons."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def mirrored(self) -> CompareOp:
        """The comparison of the operands exchanged: ``a op b`` is ``b op.mirrored a``."""
        return _MIRRORED[self]


_MIRRORED = {
    CompareOp.EQ: CompareOp.EQ,
    CompareOp.NE: CompareOp.NE,
    CompareOp.LT: CompareOp.GT,
    CompareOp.LE: CompareOp.GE,
    CompareOp.GT: CompareOp.LT,
    CompareOp.GE: CompareOp.LE,
}


@dataclass(frozen=True, slots=True)
class Const:
    value: int | float | bool
    type: DType

    def __eq__(self, other: object) -> bool:
        # repr keeps 0.0 and -0.0 apart and NaN equal to itself.
        return isinstance(other, Const) and self.type == other.type and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash((repr(self.value), self.type))


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    type: DType = int64


@dataclass(frozen=True, slots=True)
class Cast:
    type: DType
    value: Expr


@dataclass(frozen=True, slots=True)
class Unary:
    op: UnaryOp
    value: Expr

    @property
    def type(self) -> DType:
        return self.value.type


class _Remembered:
    """What is asked again and again of a deep expression, kept once it is found: its hash, the values it may have."""

    __slots__ = ("_hash", "_reach")

    _hash: int
    _reach: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Binary(_Remembered):
    op: BinaryOp
    a: Expr
    b: Expr

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", hash((self.op, self.a, self.b)))
            return self._hash

    @property
    def type(self) -> DType:
        return self.a.type


@dataclass(frozen=True, slots=True)
class Compare:
    op: CompareOp
    a: Expr
    b: Expr

    @property
    def type(self) -> DType:
        return bool_.with_lanes(self.a.type.lanes)


@dataclass(frozen=True, slots=True)
class Select:
    condition: Expr
    if_true: Expr
    if_false: Expr

    @property
    def type(self) -> DType:
        return self.if_true.type


@dataclass(frozen=True, slots=True)
class Fma:
    a: Expr
    b: Expr
    c: Expr

    @property
    def type(self) -> DType:
        return self.a.type


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    args: tuple[Expr, ...]
    type: DType
    element: int | None = None

    @property
    def buffer(self) -> str:
        """The array that holds what is read."""
        return self.name if self.element is None else element_buffer(self.name, self.element)


@dataclass(frozen=True, slots=True)
class Load:
    buffer: str
    index: Expr
    predicate: Expr | None
    type: DType


@dataclass(frozen=True, slots=True)
class Ramp:
    base: Expr
    stride: Expr
    lanes: int

    @property
    def type(self) -> DType:
        return self.base.type.with_lanes(self.lanes)


@dataclass(frozen=True, slots=True)
class Broadcast:
    value: Expr
    lanes: int

    @property
    def type(self) -> DType:
        return self.value.type.with_lanes(self.lanes)


@dataclass(frozen=True, slots=True)
class VectorReduce:
    op: BinaryOp
    value: Expr

    @property
    def type(self) -> DType:
        return self.value.type.element


Expr: TypeAlias = (
    Const | Variable | Cast | Unary | Binary | Compare | Select | Fma | Call | Load | Ramp | Broadcast | VectorReduce
)


def element_buffer(name: str, element: int) -> str:
    """The array that holds one element of a Func whose value is a tuple: ``f.0``, ``f.1``, ..."""
    return f"{name}.{element}"


def index(value: int) -> Const:
    """An int64 literal."""
    return Const(value, int64)


def broadcast(value: Expr, lanes: int) -> Expr:
    """`value` in every one of `lanes` lanes [lanes]; the value itself when it has that many already."""
    if value.type.lanes == lanes:
        return value
    if isinstance(value, Const):
        return Const(value.value, value.type.with_lanes(lanes))
    return Broadcast(value, lanes)
