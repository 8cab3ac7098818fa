"""Scalar-or-vector helpers over the llvmlite builder: constants, splats, selects, intrinsics, float bit tricks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir as ll

from tensorlang.codegen.target import Target
from tensorlang.codegen.types import F32, I32, I64, element_of, lanes_of, suffix, vector


class Ops:
    """Emission of single operations at the builder's place; every operand may be a scalar or a vector.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where instructions go.
    target : Target
        Decides between hardware and expanded forms.
    """

    def __init__(self, builder: ll.IRBuilder, target: Target) -> None:
        self.builder = builder
        self.target = target

    def const(self, type_: ll.Type, value: float) -> ll.Constant:
        """A constant in every lane of `type_`."""
        if value == 0 and str(value) != "-0.0":
            return ll.Constant(type_, None)
        if isinstance(type_, ll.VectorType):
            return ll.Constant(type_, [ll.Constant(type_.element, value)] * type_.count)
        return ll.Constant(type_, value)

    def lane_numbers(self, element: ll.Type, lanes: int) -> ll.Constant:
        """``<0, 1, ..., lanes - 1>``."""
        return ll.Constant(vector(element, lanes), list(range(lanes)))

    def splat(self, scalar: ll.Value, lanes: int) -> ll.Value:
        """A scalar in every one of `lanes` lanes [lanes]."""
        if lanes == 1:
            return scalar
        if isinstance(scalar, ll.Constant):
            return ll.Constant(vector(scalar.type, lanes), [scalar] * lanes)
        undefined = ll.Constant(vector(scalar.type, lanes), ll.Undefined)
        first = self.builder.insert_element(undefined, scalar, ll.Constant(I32, 0))
        return self.shuffle(first, undefined, [0] * lanes)

    def shuffle(self, a: ll.Value, b: ll.Value, picks: Sequence[int]) -> ll.Value:
        """Lanes `picks` of `a` followed by `b`."""
        return self.builder.shuffle_vector(a, b, ll.Constant(vector(I32, len(picks)), list(picks)))

    def intrinsic(self, name: str, result: ll.Type, args: Sequence[ll.Value], overloads: Sequence[ll.Type]) -> ll.Value:
        """Call ``llvm.name`` with the given overloaded types."""
        full_name = ".".join(["llvm", name, *(suffix(t) for t in overloads)])
        return self.call_external(full_name, result, args)

    def call_external(self, name: str, result: ll.Type, args: Sequence[ll.Value]) -> ll.Value:
        """Call a function of this name, declaring it if it is new to the module."""
        module = self.builder.module
        function = module.globals.get(name)
        if function is None:
            function = ll.Function(module, ll.FunctionType(result, [a.type for a in args]), name)
        return self.builder.call(function, args)

    def unary(self, name: str, value: ll.Value) -> ll.Value:
        """An intrinsic of one operand whose result has its type."""
        return self.intrinsic(name, value.type, [value], [value.type])

    def fma(self, a: ll.Value, b: ll.Value, c: ll.Value) -> ll.Value:
        """``a * b + c``, rounded once where the target can; contraction is a permission: elsewhere it rounds twice."""
        if self.target.has_fma:
            return self.intrinsic("fma", a.type, [a, b, c], [a.type])
        return self.builder.fadd(self.builder.fmul(a, b), c)

    def select(self, condition: ll.Value, if_true: ll.Value, if_false: ll.Value) -> ll.Value:
        """Lane by lane choice."""
        return self.builder.select(condition, if_true, if_false)

    def is_nan(self, value: ll.Value) -> ll.Value:
        """True where `value` is NaN."""
        return self.builder.fcmp_unordered("uno", value, value)

    def bits(self, value: ll.Value) -> ll.Value:
        """The bits of a float as an integer of its width."""
        return self.builder.bitcast(value, integer_like(value.type))

    def from_bits(self, value: ll.Value, type_: ll.Type) -> ll.Value:
        """The float whose bits are `value`."""
        return self.builder.bitcast(value, type_)

    def not_(self, value: ll.Value) -> ll.Value:
        """Bitwise complement; logical for i1."""
        return self.builder.xor(value, self.const(value.type, -1 if element_of(value.type).width > 1 else 1))


def integer_like(type_: ll.Type) -> ll.Type:
    """The integer type with the width and lanes of a float type."""
    return vector(I32 if element_of(type_) == F32 else I64, lanes_of(type_))


def int_constant(value: int) -> Any:
    """An i64 literal."""
    return ll.Constant(I64, value)
