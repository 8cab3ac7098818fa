"""A Func at coordinates: what ``f[i, j]`` and ``f[i, j] += e`` stand for."""

from __future__ import annotations

from collections.abc import Mapping

from tensorlang.ir import expr as ir
from tensorlang.ir.expr import BinaryOp
from tensorlang.lang.expr import Domain, Expr, ExprLike, Source, apply, merge_sources, merge_variables
from tensorlang.lang.promotion import Operand, binary_node
from tensorlang.lang.weight import Weight, weigh


class FuncRef(Expr):
    """A Func at coordinates: a value once the Func is defined, and the left-hand side of ``f[i] += e``."""

    __slots__ = ("func", "args")

    def __init__(self, func: Source, args: tuple[Expr, ...]) -> None:
        self.func = func
        self.args = args

    @property
    def node(self) -> ir.Expr:
        """The `ir` call.

        Raises
        ------
        LanguageError
            If the Func is not defined yet.
        """
        self.func.check_defined()
        return ir.Call(self.func.name, tuple(arg.node for arg in self.args), self.func.type)

    @property
    def weight(self) -> Weight:
        return weigh([arg.weight for arg in self.args])

    @property
    def sources(self) -> Mapping[str, Source]:
        return merge_sources(self.args, reads=self.func)

    @property
    def variables(self) -> Mapping[str, Domain | None]:
        return merge_variables(self.args)

    def __iadd__(self, other: ExprLike) -> Increment:
        return Increment(self, BinaryOp.ADD, other)

    def __isub__(self, other: ExprLike) -> Increment:
        return Increment(self, BinaryOp.SUB, other)

    def __imul__(self, other: ExprLike) -> Increment:
        return Increment(self, BinaryOp.MUL, other)

    def __itruediv__(self, other: ExprLike) -> Increment:
        return Increment(self, BinaryOp.TRUE_DIV, other)


class Increment(FuncRef):
    """``f[i] op value``, as ``f[i] op= value`` hands it to the Func; a plain value everywhere else."""

    __slots__ = ("op", "value", "_ref")

    def __init__(self, ref: FuncRef, op: BinaryOp, value: ExprLike) -> None:
        super().__init__(ref.func, ref.args)
        self.op = op
        self.value = value
        self._ref = ref

    def _combined(self) -> Expr:
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
