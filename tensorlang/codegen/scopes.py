"""What is known at a place of the emitted code: bound names, and values that dominate it and may be used again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from llvmlite import ir as ll

from tensorlang.ir.expr import Expr

# Bound in every function, beside what it captures; the names are none that lowering makes.
WORKSPACE, THREADS = "workspace pointer", "threads"


@dataclass(slots=True)
class _Binding:
    value: ll.Value
    definition: Expr | None
    depth: int
    era: int


@dataclass(slots=True)
class _Frame:
    added: list[Hashable] = field(default_factory=list)
    shadowed: list[tuple[str, _Binding | None]] = field(default_factory=list)
    outer_values: dict[Hashable, Any] | None = None
    era: int = 0


class Scopes:
    """A stack of nested regions of code, each dominated by the one around it.

    Values are remembered under any hashable key, often the expression they are the value of, until their region ends.
    Binding a name that is bound already starts a region that forgets everything outside, as keys may hold that name.
    """

    def __init__(self) -> None:
        self._values: dict[Hashable, Any] = {}
        self._names: dict[str, _Binding] = {}
        self._frames = [_Frame()]

    def push(self) -> None:
        """Enter a region."""
        self._frames.append(_Frame(era=self._frames[-1].era))

    def pop(self) -> None:
        """Leave the innermost region and forget what was learnt in it."""
        frame = self._frames.pop()
        if frame.outer_values is not None:
            self._values = frame.outer_values
        else:
            for key in frame.added:
                del self._values[key]
        for name, binding in reversed(frame.shadowed):
            if binding is None:
                del self._names[name]
            else:
                self._names[name] = binding

    def bind(self, name: str, value: ll.Value, definition: Expr | None = None) -> None:
        """Give a name its value in this region, which must be new; `definition` is what it stands for."""
        frame = self._frames[-1]
        previous = self._names.get(name)
        if previous is not None and frame.outer_values is None:
            frame.outer_values = self._values
            for key in frame.added:
                del self._values[key]
            self._values = {}
            frame.era += 1
        frame.shadowed.append((name, previous))
        # What stood for a name that is hidden now may use the hidden one.
        visible = definition if previous is None else None
        self._names[name] = _Binding(value, visible, len(self._frames), frame.era)

    def variable(self, name: str) -> ll.Value | None:
        """The value of a name, or None."""
        binding = self._names.get(name)
        return binding and binding.value

    def definition(self, name: str) -> Expr | None:
        """What a name stands for, if every name in that still means the same here."""
        binding = self._names.get(name)
        return binding.definition if binding and binding.era == self._frames[-1].era else None

    def depth(self, name: str) -> int:
        """How many regions enclose the binding of a name: larger is further inside."""
        binding = self._names.get(name)
        return binding.depth if binding else 0

    def get(self, key: Hashable) -> Any:
        """The value remembered under a key, or None."""
        return self._values.get(key)

    def put(self, key: Hashable, value: Any) -> None:
        """Remember a value until this region ends."""
        if key not in self._values:
            self._frames[-1].added.append(key)
        self._values[key] = value
