"""How element types are held: in LLVM registers, in memory, and as Numba array elements."""

from __future__ import annotations

from typing import Any

from llvmlite import ir as ll
from numba import types as nb

from tensorlang.dtypes import DType, Kind

I1, I8, I16, I32, I64 = (ll.IntType(bits) for bits in (1, 8, 16, 32, 64))
F32, F64 = ll.FloatType(), ll.DoubleType()
PTR = ll.PointerType()


def vector(element: ll.Type, lanes: int) -> ll.Type:
    """`element` itself for one lane, else a vector of `lanes` of them."""
    return element if lanes == 1 else ll.VectorType(element, lanes)


def lanes_of(type_: ll.Type) -> int:
    """Number of lanes of an LLVM type; 1 for a scalar."""
    return int(type_.count) if isinstance(type_, ll.VectorType) else 1


def element_of(type_: ll.Type) -> ll.Type:
    """The type of one lane."""
    return type_.element if isinstance(type_, ll.VectorType) else type_


def register_element(dtype: DType) -> ll.Type:
    """One lane in a register: bool is i1; float16 and bfloat16 are their bits, i16."""
    if dtype.kind is Kind.BOOL:
        return I1
    if dtype.is_float and dtype.bits != 16:
        return F32 if dtype.bits == 32 else F64
    return ll.IntType(dtype.bits)


def register_type(dtype: DType) -> ll.Type:
    """All lanes in a register."""
    return vector(register_element(dtype), dtype.lanes)


def memory_element(dtype: DType) -> ll.Type:
    """One element in memory: as in a register, but bool is a byte."""
    return I8 if dtype.kind is Kind.BOOL else register_element(dtype)


def memory_type(dtype: DType) -> ll.Type:
    """All lanes in memory."""
    return vector(memory_element(dtype), dtype.lanes)


def suffix(type_: ll.Type) -> str:
    """How overloaded LLVM intrinsics spell a type: ``v16f32``."""
    element = element_of(type_)
    if isinstance(element, ll.PointerType):
        name = "p0"
    elif isinstance(element, ll.IntType):
        name = f"i{element.width}"
    else:
        name = {F32: "f32", F64: "f64"}.get(element, "f16")
    lanes = lanes_of(type_)
    return name if lanes == 1 else f"v{lanes}{name}"


def array_type(dtype: DType, ndim: int, *, readonly: bool) -> Any:
    """The Numba type of a C-contiguous array argument; float16 and bfloat16 arrays are passed as uint16."""
    if dtype.is_bool:
        element = nb.boolean
    elif dtype.is_storage_only:
        element = nb.uint16
    else:
        element = getattr(nb, dtype.name)
    return nb.Array(element, ndim, "C", readonly=readonly)
