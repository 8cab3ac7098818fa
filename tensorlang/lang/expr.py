"""Expressions as the user writes them: an `ir` node, what it reads, and the operators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, TypeAlias

import numpy as np

from tensorlang.dtypes import DType, parse_dtype
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir import expr as ir
from tensorlang.ir.algorithm import ReductionVar
from tensorlang.ir.expr import BinaryOp, CompareOp, UnaryOp
from tensorlang.ir.printer import format_expr
from tensorlang.lang.foreign import OPERATORS, number_error, numpy_error
from tensorlang.lang.promotion import (
    Operand,
    Scalar,
    binary_node,
    compare_node,
    default_type,
    literal,
    power_operator_node,
    unary_node,
)
from tensorlang.lang.weight import LEAF, Weight, weigh

ExprLike: TypeAlias = "Expr | bool | int | float | np.generic"


class Source(ABC):
    """Something that an expression reads at coordinates: a Func or an Input."""

    name: str
    __iter__: ClassVar[None] = None  # Python would otherwise iterate by calling x[0], x[1], ... for ever.

    @property
    @abstractmethod
    def type(self) -> DType:
        """Element type."""

    @property
    @abstractmethod
    def shape_rank(self) -> int:
        """Number of dimensions."""

    @abstractmethod
    def check_defined(self) -> None:
        """Raise unless it can be read."""


@dataclass(eq=False)
class Domain:
    """The dimensions and the predicates of one RDom; two RDoms are the same only if they are one object.

    `used_by` is the Func that runs over it first: from then on it takes no more predicates.
    """

    dims: tuple[ReductionVar, ...]
    predicates: tuple[Expr, ...] = ()
    used_by: str = ""


class Expr:
    """A value at every point of some index space: an `ir` expression with what it reads.

    Operators follow NumPy 2 promotion, Python scalars being weak. ``==`` makes a comparison, so expressions hash by
    identity and have no truth value.

    Parameters
    ----------
    node : ir.Expr
        The expression.
    sources : Mapping of str to Source
        Every Func and Input that `node` calls, by the name it calls them, in order of first use.
    variables : Mapping of str to Domain or None
        Every name free in `node`: None for a Var, the domain it belongs to for an RVar, in order of first use.
    weight : Weight
        How large `node` is.
    """

    __slots__ = ("_node", "_sources", "_variables", "_weight")

    def __init__(
        self,
        node: ir.Expr,
        sources: Mapping[str, Source],
        variables: Mapping[str, Domain | None],
        weight: Weight = LEAF,
    ) -> None:
        self._node = node
        self._sources = sources
        self._variables = variables
        self._weight = weight

    @property
    def node(self) -> ir.Expr:
        """The `ir` expression."""
        return self._node

    @property
    def sources(self) -> Mapping[str, Source]:
        """Every Func and Input read, by name, in order of first use."""
        return self._sources

    @property
    def variables(self) -> Mapping[str, Domain | None]:
        """Every free name: None for a Var, its domain for an RVar."""
        return self._variables

    @property
    def weight(self) -> Weight:
        """How large the expression is."""
        return self._weight

    @property
    def rvars(self) -> tuple[ReductionVar, ...]:
        """All dimensions of every RDom used, RDoms in order of first use."""
        return reduction_vars(self.variables)

    @property
    def type(self) -> DType:
        """Element type."""
        return self.node.type

    @property
    def elements(self) -> tuple[Expr, ...]:
        """Each element of a tuple; the value itself if it is none."""
        return (self,)

    def __getitem__(self, key: object) -> Expr:
        """Refused: this is one value.

        Raises
        ------
        LanguageError
            Always.
        """
        raise LanguageError(
            f"{self!r} is one value, not a tuple.",
            asked=f"({self!r})[{key!r}]",
            where=caller_location(),
            hint="indices of several dimensions stand in one pair of brackets: f[i, j]",
        )

    def __repr__(self) -> str:
        return format_expr(self.node)

    def __bool__(self) -> NoReturn:
        raise LanguageError(
            "an expression has no truth value while the algorithm is written.",
            asked=f"bool({self!r})",
            where=caller_location(),
            hint="use tl.select(c, a, b) for a choice; & | ~ for and, or, not; (a <= b) & (b < c) for a <= b < c",
        )

    def __float__(self) -> NoReturn:
        hint = "for math.exp(x) write tl.exp(x), and so for the others; tl.cast(tl.float32, x) changes the type"
        raise number_error("float", repr(self), hint)

    def __int__(self) -> NoReturn:
        raise number_error("int", repr(self), "tl.cast(tl.int64, x) changes the type")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: object) -> Expr:
        """What NumPy calls for its functions of an element, and for operators with a NumPy value on the left.

        Raises
        ------
        LanguageError
            If it is not a plain operator.
        """
        if ufunc not in OPERATORS or method != "__call__" or options:
            raise numpy_error(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}", inputs)
        forward, reflected = OPERATORS[ufunc]
        # For comparisons NumPy makes its scalar an array without dimensions first; [()] is the scalar again.
        left, right = (value[()] if isinstance(value, np.ndarray) else value for value in inputs)
        result = getattr(left, forward)(right) if isinstance(left, Expr) else getattr(right, reflected)(left)
        assert isinstance(result, Expr)
        return result

    def __array_function__(
        self, func: Callable[..., object], types: object, args: tuple[object, ...], options: object
    ) -> NoReturn:
        """What NumPy calls for its other functions.

        Raises
        ------
        LanguageError
            Always.
        """
        raise numpy_error(func.__name__, args)

    __hash__ = object.__hash__

    def __add__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.ADD, self, other)

    def __radd__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.ADD, other, self)

    def __sub__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.SUB, self, other)

    def __rsub__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.SUB, other, self)

    def __mul__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.MUL, self, other)

    def __rmul__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.MUL, other, self)

    def __truediv__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.TRUE_DIV, self, other)

    def __rtruediv__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.TRUE_DIV, other, self)

    def __floordiv__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.FLOOR_DIV, self, other)

    def __rfloordiv__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.FLOOR_DIV, other, self)

    def __mod__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.MOD, self, other)

    def __rmod__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.MOD, other, self)

    def __pow__(self, other: ExprLike) -> Expr:
        return apply(power_operator_node, self, other)

    def __rpow__(self, other: ExprLike) -> Expr:
        return apply(power_operator_node, other, self)

    def __and__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.BIT_AND, self, other)

    def __rand__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.BIT_AND, other, self)

    def __or__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.BIT_OR, self, other)

    def __ror__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.BIT_OR, other, self)

    def __xor__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.BIT_XOR, self, other)

    def __rxor__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.BIT_XOR, other, self)

    def __lshift__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.SHL, self, other)

    def __rlshift__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.SHL, other, self)

    def __rshift__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.SHR, self, other)

    def __rrshift__(self, other: ExprLike) -> Expr:
        return _binary(BinaryOp.SHR, other, self)

    def __eq__(self, other: ExprLike) -> Expr:  # type: ignore[override]
        return _compare(CompareOp.EQ, self, other)

    def __ne__(self, other: ExprLike) -> Expr:  # type: ignore[override]
        return _compare(CompareOp.NE, self, other)

    def __lt__(self, other: ExprLike) -> Expr:
        return _compare(CompareOp.LT, self, other)

    def __le__(self, other: ExprLike) -> Expr:
        return _compare(CompareOp.LE, self, other)

    def __gt__(self, other: ExprLike) -> Expr:
        return _compare(CompareOp.GT, self, other)

    def __ge__(self, other: ExprLike) -> Expr:
        return _compare(CompareOp.GE, self, other)

    def __neg__(self) -> Expr:
        return apply(lambda a: unary_node(UnaryOp.NEG, a), self)

    def __pos__(self) -> Expr:
        return self

    def __invert__(self) -> Expr:
        return apply(lambda a: unary_node(UnaryOp.BIT_NOT, a), self)

    def __abs__(self) -> Expr:
        return apply(lambda a: unary_node(UnaryOp.ABS, a), self)


def _binary(op: BinaryOp, a: ExprLike, b: ExprLike) -> Expr:
    return apply(lambda x, y: binary_node(op, x, y), a, b)


def _compare(op: CompareOp, a: ExprLike, b: ExprLike) -> Expr:
    return apply(lambda x, y: compare_node(op, x, y), a, b)


def apply(build: Callable[..., ir.Expr], *values: ExprLike) -> Expr:
    """The expression that `build` makes of the nodes (or Python scalars) of `values`.

    Raises
    ------
    LanguageError
        If a value cannot stand in an expression, one name stands for two things, or the expression is too large.
    """
    operands = [_operand(value) for value in values]
    exprs = [operand for operand in operands if isinstance(operand, Expr)]
    nodes: list[Operand] = [operand.node if isinstance(operand, Expr) else operand for operand in operands]
    weight = weigh([expr.weight for expr in exprs])
    return Expr(build(*nodes), merge_sources(exprs), merge_variables(exprs), weight)


def as_expr(value: ExprLike) -> Expr:
    """`value` as an expression; a Python scalar gets its default type (bool, int64 or float64)."""
    operand = _operand(value)
    return operand if isinstance(operand, Expr) else Expr(literal(operand, default_type(operand)), {}, {})


def _operand(value: object) -> Expr | Scalar:
    """`value` as an expression, or as the weak Python scalar it is."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, np.generic):  # np.float64 is a float too, but has a type of its own
        return Expr(literal(value.item(), parse_dtype(value.dtype)), {}, {})
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, tuple):
        raise tuple_error(repr(value), len(value))
    if isinstance(value, Source):
        raise LanguageError(
            f"{value.name} stands in an expression without indices.",
            where=caller_location(),
            hint=f"index it: {value.name}[{', '.join('ijklmnpq'[: value.shape_rank]) or '()'}]",
        )
    raise LanguageError(
        f"{value!r} cannot stand in an expression.",
        where=caller_location(),
        rule="operands are expressions, Vars, RVars, and Python or NumPy scalars",
        hint="pass arrays as tl.Input" if isinstance(value, np.ndarray) else "",
    )


def tuple_error(text: str, count: int) -> LanguageError:
    """A tuple of `count` values, written as `text`, where a single one belongs."""
    return LanguageError(
        f"{text} is a tuple of {count} values, and stands where a single value is expected.",
        where=caller_location(),
        rule="only definitions and tl.select take tuples",
        hint="take an element: t[0], or a, b = t",
    )


def merge_sources(exprs: Iterable[Expr], reads: Source | None = None) -> dict[str, Source]:
    """`reads`, if given, then everything that `exprs` read, in order of first use.

    Raises
    ------
    LanguageError
        If two different Funcs or Inputs have one name.
    """
    merged: dict[str, Source] = {} if reads is None else {reads.name: reads}
    for expr in exprs:
        for name, source in expr.sources.items():
            if merged.setdefault(name, source) is not source:
                raise LanguageError(
                    f"{name} names two different things in one expression.",
                    where=caller_location(),
                    rule="Funcs and Inputs of one algorithm have names of their own",
                )
    return merged


def merge_variables(exprs: Iterable[Expr]) -> dict[str, Domain | None]:
    """Every free name of `exprs`, in order of first use.

    Raises
    ------
    LanguageError
        If one name stands for a Var and an RVar, or for RVars of two RDoms.
    """
    merged: dict[str, Domain | None] = {}
    for expr in exprs:
        for name, domain in expr.variables.items():
            if merged.setdefault(name, domain) is not domain:
                raise LanguageError(
                    f"{name} names two different things in one expression.",
                    where=caller_location(),
                    rule="within a definition, a name is a Var, or a dimension of one RDom",
                )
    return merged


def domains_of(variables: Mapping[str, Domain | None]) -> tuple[Domain, ...]:
    """The domains in `variables`, in order of first use."""
    return tuple(dict.fromkeys(domain for domain in variables.values() if domain is not None))


def reduction_vars(variables: Mapping[str, Domain | None]) -> tuple[ReductionVar, ...]:
    """All dimensions of the domains in `variables`, domains in order of first use."""
    return tuple(dim for domain in domains_of(variables) for dim in domain.dims)
