"""A Func at coordinates: what ``f[i, j]``, ``f[i, j][0]`` and ``f[i, j] += e`` stand for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from tensorlang.dtypes import DType
from tensorlang.ir import expr as ir
from tensorlang.ir.expr import BinaryOp
from tensorlang.ir.printer import format_expr
from tensorlang.lang.expr import (
    Domain,
    Expr,
    ExprLike,
    Source,
    apply,
    merge_sources,
    merge_variables,
    tuple_error,
)
from tensorlang.lang.promotion import Operand, binary_node
from tensorlang.lang.tuples import ValueLike, arity_error, element_index, elements_of
from tensorlang.lang.weight import Weight, weigh


class Definable(Source):
    """A source whose values are defined at coordinates: a Func."""

    @property
    @abstractmethod
    def types(self) -> tuple[DType, ...]:
        """Element types; more than one if its value is a tuple."""

    @abstractmethod
    def define(self, args: tuple[Expr, ...], values: Sequence[ExprLike]) -> None:
        """Add a definition."""


class FuncRef(Expr):
    """A Func at coordinates: a value once the Func is defined, and the left-hand side of ``f[i] += e``.

    Where the value of the Func is a tuple, it is not a value itself: ``f[i][0]`` is one, ``f[i][0] = e`` is an update
    that leaves the other elements as they are, and ``a, b = f[i]`` takes it apart.
    """

    __slots__ = ("func", "args", "element")

    def __init__(self, func: Definable, args: tuple[Expr, ...], element: int | None = None) -> None:
        self.func = func
        self.args = args
        self.element = element

    @property
    def node(self) -> ir.Expr:
        """The `ir` call.

        Raises
        ------
        LanguageError
            If the Func is not defined yet, or this is a tuple.
        """
        self.func.check_defined()
        if self.is_tuple:
            raise tuple_error(repr(self), len(self.func.types))
        kind = self.func.types[self.element or 0]
        return ir.Call(self.func.name, tuple(arg.node for arg in self.args), kind, self.element)

    @property
    def weight(self) -> Weight:
        return weigh([arg.weight for arg in self.args])

    @property
    def sources(self) -> Mapping[str, Source]:
        return merge_sources(self.args, reads=self.func)

    @property
    def variables(self) -> Mapping[str, Domain | None]:
        return merge_variables(self.args)

    @property
    def is_tuple(self) -> bool:
        """Whether this is a tuple of values."""
        return self.element is None and len(self.func.types) > 1

    @property
    def elements(self) -> tuple[Expr, ...]:
        """Each element of the value; the value itself if it is no tuple."""
        self.func.check_defined()
        if not self.is_tuple:
            return (self,)
        return tuple(FuncRef(self.func, self.args, element) for element in range(len(self.func.types)))

    def __repr__(self) -> str:
        args = ", ".join(format_expr(arg.node) for arg in self.args)
        text = f"{self.func.name}[{args}]" if args else self.func.name
        return text if self.element is None else f"{text}[{self.element}]"

    def __getitem__(self, key: object) -> Expr:
        """An element of a tuple.

        Raises
        ------
        LanguageError
            If this is no tuple, or has no such element.
        """
        return self.elements[element_index(repr(self), len(self.elements), key)]

    def __iter__(self) -> Iterator[Expr]:
        element_index(repr(self), len(self.elements), 0)
        return iter(self.elements)

    def __setitem__(self, key: object, value: ExprLike) -> None:
        """Add an update of one element of a tuple, which leaves the others as they are.

        Raises
        ------
        LanguageError
            As `__getitem__`, and as ``f[i] = ...``.
        """
        values: list[ExprLike] = list(self.elements)
        values[element_index(repr(self), len(values), key)] = value
        self.func.define(self.args, values)

    def __iadd__(self, other: ValueLike) -> Increment:
        return Increment(self, BinaryOp.ADD, other)

    def __isub__(self, other: ValueLike) -> Increment:
        return Increment(self, BinaryOp.SUB, other)

    def __imul__(self, other: ValueLike) -> Increment:
        return Increment(self, BinaryOp.MUL, other)

    def __itruediv__(self, other: ValueLike) -> Increment:
        return Increment(self, BinaryOp.TRUE_DIV, other)


class Increment(FuncRef):
    """``f[i] op value``, as ``f[i] op= value`` hands it to the Func; a plain value everywhere else."""

    __slots__ = ("op", "value", "_ref")

    def __init__(self, ref: FuncRef, op: BinaryOp, value: ValueLike) -> None:
        super().__init__(ref.func, ref.args, ref.element)
        self.op = op
        self.value = value
        self._ref = ref

    def _combined(self) -> Expr:
        if isinstance(self.value, tuple):
            raise tuple_error(repr(self.value), len(self.value))
        return apply(self._build, self._ref, self.value)

    def _build(self, a: Operand, b: Operand) -> ir.Expr:
        return binary_node(self.op, a, b)

    @property
    def node(self) -> ir.Expr:
        return self._combined().node

    @property
    def weight(self) -> Weight:
        return self._combined().weight

    @property
    def sources(self) -> Mapping[str, Source]:
        return self._combined().sources

    @property
    def variables(self) -> Mapping[str, Domain | None]:
        return self._combined().variables

    @property
    def elements(self) -> tuple[Expr, ...]:
        values = elements_of(self.value)
        if len(values) != len(self._ref.elements):
            raise arity_error(self.func.name, len(self._ref.elements), len(values), repr(self))
        return tuple(apply(self._build, a, b) for a, b in zip(self._ref.elements, values, strict=True))

    def __repr__(self) -> str:
        if self._ref.is_tuple or isinstance(self.value, tuple):
            return f"{self._ref!r} {self.op}= {self.value!r}"
        return format_expr(self.node)
