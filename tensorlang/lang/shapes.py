"""What ``shape=`` says: the extents of outputs, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir.algorithm import Algorithm

ShapeLike: TypeAlias = Sequence[int] | Mapping[str, Sequence[int]]
"""The extents of the only output, or of outputs by name."""


def given_shapes(algorithm: Algorithm, shape: ShapeLike | None) -> dict[str, tuple[int, ...]]:
    """The shapes of those outputs that `shape` gives one.

    Raises
    ------
    LanguageError
        If a name is not that of an output, or an output does not have as many dimensions.
    """
    given = _by_name(algorithm, shape)
    for name, extents in given.items():
        rank = len(algorithm.func(name).vars)
        if len(extents) != rank or not all(_is_extent(extent) for extent in extents):
            raise LanguageError(
                f"shape={extents} does not fit output {name!r} of {rank} dimensions.",
                where=caller_location(),
                rule="one integer of at least 0 for each dimension",
            )
    return given


def _by_name(algorithm: Algorithm, shape: ShapeLike | None) -> dict[str, tuple[int, ...]]:
    if shape is None:
        return {}
    if not isinstance(shape, Mapping):
        if len(algorithm.outputs) > 1:
            raise LanguageError(
                "shape= is one shape, but there are several outputs.",
                where=caller_location(),
                legal="shape={" + ", ".join(f"{name!r}: (...)" for name in algorithm.outputs) + "}",
            )
        return {algorithm.outputs[0]: tuple(shape)}
    unknown = [name for name in shape if name not in algorithm.outputs]
    if unknown:
        raise LanguageError(
            f"shape= names {unknown[0]!r}, which is not an output.",
            where=caller_location(),
            legal=" | ".join(algorithm.outputs),
        )
    return {name: tuple(extents) for name, extents in shape.items()}


def _is_extent(extent: object) -> bool:
    return isinstance(extent, int) and not isinstance(extent, bool) and extent >= 0
