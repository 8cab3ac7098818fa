"""A random program while it grows: statements of Python, run as they are written, and what may be read where."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from math import prod
from typing import Any

from tensorlang.dtypes import ALL, DType
from tensorlang.fuzz.chance import Chance
from tensorlang.lang.func import Func

Side = tuple[int, int]
"""First and last coordinate of a dimension at which a value may be read."""
Box = tuple[Side, ...]

EXTENTS = (5, 7, 3, 8, 11, 13, 1, 2, 4, 16, 17, 6, 19, 23)
MOST_POINTS = 800
MOST_STEPS = 48
"""Points of a reduction domain: the oracle runs over them in Python."""
LONGEST_SIDE = 25
PERMUTED = "p"
"""With which the names of Funcs begin whose updates visit no place twice, though that cannot be proven."""
PRELUDE = "import tensorlang as tl"


class Certainty(IntEnum):
    """How far a value is the same whatever the schedule: what depends on it may jump only if it is."""

    EXACT = 0
    """Every operation has one answer."""
    PRODUCT = 1
    """A product of floats: exact as it stands, but an addition may be contracted with it."""
    ROUGH = 2
    """Rounding may differ: sums of floats, contracted multiply-adds, transcendental functions."""


@dataclass(frozen=True)
class Value:
    """An Input, or a Func or an element of one, that can be read over a box.

    An output that `is_whole` is computed over all of it; `element` is what follows the index, ``[1]`` for the second
    element of a tuple.
    """

    name: str
    type: DType
    box: Box
    certainty: Certainty = Certainty.EXACT
    is_constant: bool = False
    is_input: bool = False
    is_whole: bool = False
    element: str = ""

    @property
    def rank(self) -> int:
        return len(self.box)


@dataclass(frozen=True)
class Term:
    """An expression as text, with its type and what it depends on."""

    text: str
    type: DType
    certainty: Certainty = Certainty.EXACT
    is_constant: bool = False


@dataclass(frozen=True)
class Program:
    """A finished program: statements after `PRELUDE`, the Funcs to compute, and the shapes to compute them over.

    `exact` names the outputs that do not depend on how sums are ordered and contracted.
    """

    statements: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    features: tuple[str, ...]
    exact: frozenset[str]
    funcs: Mapping[str, Func] = field(repr=False)

    @property
    def outputs(self) -> list[Func]:
        """The output Funcs, in order."""
        return [self.funcs[name] for name in self.shapes]

    def source(self) -> str:
        """The program as a user would write it."""
        return "\n".join([PRELUDE, "", *self.statements]) + "\n"


class Builder:
    """A program under construction.

    `values` are all that can be read, oldest first; `unread` names the Funcs that nothing reads yet.
    """

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.extents = [chance.one_of(EXTENTS) for _ in range(3)]
        self.types = [chance.one_of(_PREFERRED_TYPES), chance.one_of(ALL)]
        self.statements: list[str] = []
        self.values: list[Value] = []
        self.unread: list[str] = []
        self.features: list[str] = []
        self.params: list[str] = []
        self.scope: dict[str, Any] = {"tl": importlib.import_module("tensorlang")}
        self._numbers: dict[str, int] = {}

    def say(self, statement: str) -> None:
        """Run a statement and keep it.

        Raises
        ------
        LanguageError
            If the language refuses it; it is then not kept.
        """
        exec(statement, self.scope)
        self.statements.append(statement)

    def type_of(self, text: str) -> DType:
        """The element type of an expression; raises LanguageError if there is none."""
        kind = eval(text, self.scope).type
        assert isinstance(kind, DType)
        return kind

    def name(self, prefix: str) -> str:
        """A name that is not used yet."""
        number = self._numbers.get(prefix, 0)
        self._numbers[prefix] = number + 1
        return f"{prefix}{number}"

    def extent(self) -> int:
        """One of the program's few extents."""
        return self.chance.one_of(self.extents)

    def element_type(self) -> DType:
        """One of the program's few types, or now and then any."""
        return self.chance.one_of(ALL) if self.chance.flag(15) else self.chance.one_of(self.types)

    def input(self, shape: Sequence[int], dtype: DType, *, is_constant: bool = False) -> Value:
        """A new Input."""
        name = self.name("w" if is_constant else "x")
        constant = ", constant=True" if is_constant else ""
        self.say(f'{name} = tl.Input("{name}", {tuple(shape)}, tl.{type_text(dtype)}{constant})')
        value = Value(name, dtype, tuple((0, extent - 1) for extent in shape), Certainty.EXACT, is_constant, True)
        self.values.append(value)
        return value

    def param(self, dtype: DType, low: int, high: int) -> str:
        """The name of a new Param with limits."""
        name = self.name("n")
        self.say(f'{name} = tl.Param("{name}", tl.{type_text(dtype)}, min={low}, max={high})')
        self.params.append(name)
        return name

    def add(self, value: Value) -> Value:
        """Note a Func that has been defined."""
        self.values.append(value)
        if value.name not in self.unread:
            self.unread.append(value.name)
        return value

    def mark_read(self, value: Value) -> None:
        """Note that something reads `value`."""
        if value.name in self.unread:
            self.unread.remove(value.name)

    def source(self, least_rank: int = 1, *, is_new: bool = False) -> Value:
        """Something to read: preferably a Func that nothing reads yet, else an Input, made if need be."""
        fitting = [value for value in self.values if value.rank >= least_rank]
        unread = [value for value in fitting if value.name in self.unread]
        if unread and not is_new and self.chance.flag(75):
            return unread[-1]
        if fitting and not is_new and self.chance.flag(45):
            return self.chance.one_of(fitting)
        rank = max(least_rank, self.chance.weighted([(2, 5), (1, 3), (3, 2), (4, 1)]))
        return self.input(self.shape(rank), self.element_type(), is_constant=self.chance.flag(25))

    def shape(self, rank: int) -> tuple[int, ...]:
        """A random shape of few points, sometimes with room for a stencil."""
        shape = [self.extent() + (self.chance.integer(0, 3) if self.chance.flag(40) else 0) for _ in range(rank)]
        return trimmed(shape)


_PREFERRED_TYPES = tuple(t for t in ALL if str(t) in ("float32", "int32", "float64", "int16", "uint8", "int64"))


def type_text(dtype: DType) -> str:
    """The name of a type in the `tl` namespace."""
    return "bool_" if dtype.is_bool else str(dtype)


def trimmed(shape: Sequence[int]) -> tuple[int, ...]:
    """`shape`, made smaller in its longest dimensions until it has few points."""
    sizes = [min(size, LONGEST_SIDE) for size in shape]
    while prod(sizes) > MOST_POINTS:
        longest = sizes.index(max(sizes))
        sizes[longest] = sizes[longest] // 2 + 1
    return tuple(sizes)
