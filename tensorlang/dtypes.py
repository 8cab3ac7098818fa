"""Element types, vector types, their NumPy counterparts and NumPy 2 promotion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property

import numpy as np

from tensorlang.errors import LanguageError


class Kind(StrEnum):
    """What the bits of an element mean."""

    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    FLOAT = "float"
    BFLOAT = "bfloat"


@dataclass(frozen=True)
class DType:
    """An element type of `bits` bits, or a vector of `lanes` of them [lanes]."""

    kind: Kind
    bits: int
    lanes: int = 1

    def __str__(self) -> str:
        name = "bool" if self.kind is Kind.BOOL else f"{self.kind}{self.bits}"
        return name if self.lanes == 1 else f"{name}x{self.lanes}"

    def __repr__(self) -> str:
        return str(self)

    @property
    def name(self) -> str:
        """Name without lanes: ``"float32"``."""
        return str(self.element)

    @cached_property
    def element(self) -> DType:
        """The type of one lane."""
        return self if self.lanes == 1 else replace(self, lanes=1)

    def with_lanes(self, lanes: int) -> DType:
        """The vector of `lanes` such elements [lanes]."""
        return self if lanes == self.lanes else replace(self, lanes=lanes)

    @property
    def size_bytes(self) -> int:
        """Size of one element in memory [B]."""
        return 1 if self.kind is Kind.BOOL else self.bits // 8

    @property
    def is_float(self) -> bool:
        return self.kind in (Kind.FLOAT, Kind.BFLOAT)

    @property
    def is_integer(self) -> bool:
        return self.kind in (Kind.INT, Kind.UINT)

    @property
    def is_bool(self) -> bool:
        return self.kind is Kind.BOOL

    @property
    def is_storage_only(self) -> bool:
        """True for types that are loaded, stored and cast, but not computed with."""
        return self.is_float and self.bits == 16

    @property
    def minimum(self) -> int | float:
        """Smallest value (``-inf`` for floats, 0 for bool)."""
        if self.is_float:
            return float("-inf")
        return -(1 << (self.bits - 1)) if self.kind is Kind.INT else 0

    @property
    def maximum(self) -> int | float:
        """Largest value (``inf`` for floats, 1 for bool)."""
        if self.is_float:
            return float("inf")
        if self.kind is Kind.BOOL:
            return 1
        return (1 << (self.bits - (self.kind is Kind.INT))) - 1

    @cached_property
    def numpy(self) -> np.dtype[np.generic]:
        """The NumPy type of one element; bfloat16 is held as its bits in uint16."""
        return np.dtype("uint16" if self.kind is Kind.BFLOAT else str(self.element))


bool_ = DType(Kind.BOOL, 1)
int8, int16, int32, int64 = (DType(Kind.INT, bits) for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (DType(Kind.UINT, bits) for bits in (8, 16, 32, 64))
float16, float32, float64 = (DType(Kind.FLOAT, bits) for bits in (16, 32, 64))
bfloat16 = DType(Kind.BFLOAT, 16)

ALL = (bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, bfloat16, float32, float64)
_BY_NAME = {str(t): t for t in ALL}


def parse_dtype(name: object) -> DType:
    """Return the element type that a name, a NumPy type or a DType stands for.

    Raises
    ------
    LanguageError
        If there is no such element type.
    """
    if isinstance(name, DType):
        return name
    try:
        text = name if isinstance(name, str) else np.dtype(name).name  # type: ignore[call-overload]
    except TypeError:
        text = repr(name)
    if text in _BY_NAME:
        return _BY_NAME[text]
    raise LanguageError(
        f"{text!r} is not an element type.",
        legal=" | ".join(_BY_NAME),
        hint="pass one of these, as tl.float32 or 'float32'",
    )


@cache
def promote(a: DType, b: DType) -> DType:
    """Return the common element type of two values by NumPy 2 rules; bfloat16 with a wider float gives that float.

    Raises
    ------
    LanguageError
        If bfloat16 meets a type that has no common type with it short of float32 (float16).
    """
    a, b = a.element, b.element
    if a == b:
        return a
    if Kind.BFLOAT in (a.kind, b.kind):
        other = b if a.kind is Kind.BFLOAT else a
        if other == float16:
            raise LanguageError("float16 and bfloat16 have no common type.", hint="tl.cast both to tl.float32")
        return bfloat16 if other.is_bool or other.bits <= 8 else promote(float32, other)
    return parse_dtype(np.result_type(a.numpy, b.numpy))
