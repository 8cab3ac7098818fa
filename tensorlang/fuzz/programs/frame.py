"""The left-hand side of a definition, and reads on its right: where the new Func may be read follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlang.dtypes import int64
from tensorlang.fuzz.programs.model import LONGEST_SIDE, MOST_STEPS, Box, Builder, Certainty, Side, Term, Value, trimmed

_NAMES = ("i", "j", "k", "l")
_FAR = 10**6


class Frame:
    """A Func under construction: its Vars and RVars, and the coordinates at which all its reads are inside.

    Every side holds the coordinate 0, so that any Func can be an output.
    """

    def __init__(self, builder: Builder, rank: int) -> None:
        self.builder, self.chance = builder, builder.chance
        names = list(_NAMES[:rank])
        self.vars = tuple(self.chance.shuffled(names) if self.chance.flag(20) else names)
        for name in self.vars:
            if name not in builder.scope:
                builder.say(f'{name} = tl.Var("{name}")')
        self.limits: dict[str, Side] = dict.fromkeys(self.vars, (-_FAR, _FAR))
        self.rvars: dict[str, Side] = {}
        # Whether every definition over a domain has all Vars as they are on its left.
        self.keeps_vars = False

    @property
    def point(self) -> str:
        """The Vars as an index."""
        return ", ".join(self.vars)

    def domain(self, *sides: Side) -> tuple[str, ...]:
        """Declare an RDom over sides, and return its RVars."""
        names = tuple(self.builder.name("r") for _ in sides)
        bounds = ", ".join(str(hi + 1) if lo == 0 else f"({lo}, {hi - lo + 1})" for lo, hi in sides)
        joined = ", ".join(names)
        comma = "," if len(names) == 1 else ""
        domain = f'tl.RDom("{" ".join(names)}", {bounds})'
        if not self.chance.flag(20):
            self.builder.say(f"{joined}{comma} = {domain}")
        else:
            whole = self.builder.name("d")
            self.builder.say(f"{whole} = {domain}")
            self.builder.say(f"{joined}{comma} = {whole}")
            for _ in range(self.chance.integer(1, 2)):
                self.builder.say(f"{whole}.where({self._predicate(names, sides)})")
        self.rvars |= dict(zip(names, sides, strict=True))
        return names

    def _predicate(self, names: Sequence[str], sides: Sequence[Side]) -> str:
        """A condition on a domain: that of a triangle, of a band, of every other point."""
        chance = self.chance
        place = chance.integer(0, len(names) - 1)
        name, (low, high) = names[place], sides[place]
        others = [other for other in (*names, *self.rvars, *self._kept) if other != name]
        middle = chance.integer(low, max(low, high))
        options = [f"{name} <= {middle}", f"{name} > {low}", f"({name} * 3 + 1) % 4 != 1"]
        if others:
            other = chance.one_of(others)
            options += [f"{name} <= {other}", f"{name} + {other} < {high + 2}", f"tl.abs({name} - {other}) <= 2"]
        return chance.one_of(options)

    @property
    def _kept(self) -> tuple[str, ...]:
        """Vars that the updates over a domain keep in place."""
        return self.vars if self.keeps_vars else ()

    def window(self, most: int) -> Side:
        """A small side for an RVar, now and then not from 0."""
        low = self.chance.one_of((0, 0, 0, -1, 1))
        return low, low + self.chance.integer(0, max(most, 1) - 1)

    def steps_left(self) -> int:
        """How many points the reduction domain may still be multiplied by."""
        steps = 1
        for low, high in self.rvars.values():
            steps *= high - low + 1
        return max(1, MOST_STEPS // steps)

    def read(self, value: Value, *, loops: Sequence[str] | None = None, is_plain: bool = False) -> Term:
        """`value` at indices made of `loops`, which are the Vars if not given; plain ones are the loops themselves."""
        names = self.vars if loops is None else tuple(loops)
        indices = []
        for position, side in enumerate(value.box):
            name = self._loop_for(names, position, value.rank, is_plain=is_plain)
            plain = is_plain or self.chance.flag(50)
            indices.append(self._index(name, side, is_plain=plain))
        return self.element(value, indices)

    def element(self, value: Value, indices: Sequence[str]) -> Term:
        """`value` at indices that are inside."""
        self.builder.mark_read(value)
        text = f"{value.name}[{', '.join(indices)}]{value.element}"
        return Term(text, value.type, value.certainty, value.is_constant)

    def _loop_for(self, names: tuple[str, ...], position: int, rank: int, *, is_plain: bool) -> str | None:
        if not names:
            return None
        if not is_plain and self.chance.flag(15):
            return self.chance.one_of(names)
        # Aligned at the innermost dimension, as NumPy broadcasts.
        place = len(names) - rank + position
        return names[place] if place >= 0 else None

    def _index(self, name: str | None, side: Side, *, is_plain: bool) -> str:
        """The text of an index that stays in `side`, taking what it needs off the limits of a Var."""
        low, high = side
        if name is None:
            return str(self.chance.integer(max(low, 0), high) if high >= 0 else high)
        makers = (
            self._same,
            self._shifted,
            self._strided,
            self._mirrored,
            self._halved,
            self._repeated,
            self._moved,
        )
        order = [self._same] if is_plain else [self.chance.one_of(makers), self._same]
        for maker in order:
            text = maker(name, low, high)
            if text is not None:
                return text
        return f"tl.clamp({self.offset(name, self.chance.integer(-2, 2))}, {low}, {high})"

    def offset(self, name: str, shift: int) -> str:
        """``name + shift`` as one writes it."""
        return name if shift == 0 else f"{name} + {shift}" if shift > 0 else f"{name} - {-shift}"

    def narrow(self, name: str, low: int, high: int) -> bool:
        """Keep a Var in a side, or see that an RVar is; False if no such side, or not the coordinate 0, is left."""
        if name in self.rvars:
            first, last = self.rvars[name]
            return low <= first and last <= high
        old_low, old_high = self.limits[name]
        new_low, new_high = max(old_low, low), min(old_high, high)
        if not new_low <= 0 <= new_high:
            return False
        self.limits[name] = new_low, new_high
        return True

    def _same(self, name: str, low: int, high: int) -> str | None:
        return name if self.narrow(name, low, high) else None

    def _shifted(self, name: str, low: int, high: int) -> str | None:
        shift = self.chance.integer(max(low, -2), min(high, 3))
        return self.offset(name, shift) if self.narrow(name, low - shift, high - shift) else None

    def _strided(self, name: str, low: int, high: int) -> str | None:
        stride = self.chance.integer(2, 3)
        shift = self.chance.integer(max(low, 0), min(high, stride)) if high >= 0 else high
        if not self.narrow(name, -(-(low - shift) // stride), (high - shift) // stride):
            return None
        return self.offset(f"{name} * {stride}", shift)

    def _moved(self, name: str, low: int, high: int) -> str | None:
        """``name + n`` for a Param `n` of a few values."""
        most = self.chance.integer(1, 3)
        if not self.narrow(name, low, high - most):
            return None
        return f"{name} + {self.builder.param(int64, 0, most)}"

    def _mirrored(self, name: str, low: int, high: int) -> str | None:
        pivot = high - self.chance.integer(0, min(2, high - low))
        return f"{pivot} - {name}" if self.narrow(name, pivot - high, pivot - low) else None

    def _halved(self, name: str, low: int, high: int) -> str | None:
        if not self.narrow(name, 2 * low, min(2 * high + 1, LONGEST_SIDE)):
            return None
        return f"{name} // 2"

    def _repeated(self, name: str, low: int, high: int) -> str | None:
        period = high - low + 1
        shift = self.chance.integer(0, 2)
        moved = self.offset(name, shift)
        text = f"({moved}) % {period}" if shift else f"{name} % {period}"
        return self.offset(text, low)

    def window_index(self, var: str, rvar: str, side: Side) -> str:
        """``var * stride + rvar * dilation``, or the RVar alone where that does not fit."""
        stride, dilation = self.chance.one_of((1, 1, 2, 3)), self.chance.one_of((1, 1, 2))
        first, last = (dilation * end for end in self.rvars[rvar])
        low, high = -(-(side[0] - first) // stride), (side[1] - last) // stride
        if not self.narrow(var, low, high):
            return f"tl.clamp({var} + {rvar}, {side[0]}, {side[1]})"
        place = var if stride == 1 else f"{var} * {stride}"
        return f"{place} + {rvar}" if dilation == 1 else f"{place} + {rvar} * {dilation}"

    def plain(self, box: Sequence[Side]) -> list[str]:
        """Indices of the sides of `box`: the Vars in order, or an edge where a Var does not fit."""
        return [
            name if self.narrow(name, *side) else str(max(side[0], 0))
            for name, side in zip(self.vars, box, strict=False)
        ]

    def part(self, side: Side) -> Side:
        """All of a side, or a part of it, of as many points as may still be run over."""
        low, high = side
        start = min(high, low + (self.chance.integer(0, 2) if self.chance.flag(30) else 0))
        return start, min(high, start + min(self.steps_left(), 19) - 1)

    def gather(self, value: Value, at: Sequence[Term]) -> Term:
        """`value` at indices that are data, clamped."""
        indices = []
        for (low, high), term in zip(value.box, at, strict=True):
            text = term.text if term.type == int64 else f"tl.cast(tl.int64, {term.text})"
            indices.append(f"tl.clamp({text}, {low}, {high})")
        certainty = max([value.certainty, *(Certainty.EXACT for _ in at)])
        self.builder.mark_read(value)
        is_constant = value.is_constant and all(term.is_constant for term in at)
        return Term(f"{value.name}[{', '.join(indices)}]{value.element}", value.type, certainty, is_constant)

    def box(self) -> Box:
        """Where the Func may be read: all that the limits allow, or one of the program's extents, and few points."""
        sides = []
        for name in self.vars:
            low, high = self.limits[name]
            extent = self.builder.extent()
            sides.append((max(low, -2), extent - 1 if high >= _FAR else high))
        sizes = trimmed([high + 1 for _, high in sides])
        return tuple((low, size - 1) for (low, _), size in zip(sides, sizes, strict=True))

    def define(self, value: Term, *, prefix: str = "f", certainty: Certainty | None = None) -> Value:
        """Write the pure definition of a Func that has no updates."""
        name = self.declare(prefix)
        self.builder.say(f"{name}[{self.point}] = {value.text}")
        return self.finish(name, value, certainty)

    def declare(self, prefix: str = "f", dtype: str = "") -> str:
        """Make the Func, with a declared type if one is named."""
        name = self.builder.name(prefix)
        self.builder.say(f'{name} = tl.Func("{name}"{f", tl.{dtype}" if dtype else ""})')
        return name

    def finish(self, name: str, value: Term, certainty: Certainty | None = None, *, is_whole: bool = False) -> Value:
        """Note the Func that `name` stands for; stored values of one product are exact."""
        kind = self.builder.scope[name].type
        certain = value.certainty if certainty is None else certainty
        stored = Certainty.EXACT if certain is Certainty.PRODUCT or not kind.is_float else certain
        return self.builder.add(Value(name, kind, self.box(), stored, value.is_constant, is_whole=is_whole))
