"""The table of program features, and how a program is drawn from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tensorlang.errors import LanguageError
from tensorlang.fuzz.chance import Chance
from tensorlang.fuzz.programs.model import Builder, Certainty, Program, Value
from tensorlang.fuzz.programs.pointwise import (
    draw_boundary,
    draw_constant_table,
    draw_elementwise,
    draw_gather,
    draw_narrow,
    draw_params,
    draw_product,
    draw_ramp,
    draw_siblings,
    draw_stencil,
)
from tensorlang.fuzz.programs.reductions import draw_inline_reduction, draw_matmul, draw_reduction, draw_updates
from tensorlang.fuzz.programs.scans import draw_histogram, draw_permutation, draw_scan, draw_scatter
from tensorlang.fuzz.programs.tuples import draw_place, draw_tuple
from tensorlang.lang.func import Func


@dataclass(frozen=True)
class ProgramFeature:
    """A way to add a Func or two to a program.

    Attributes
    ----------
    draw : callable
        Adds to a builder; may raise LanguageError, which leaves the feature out.
    weight : int
        How often it is drawn, among the others.
    serves : frozenset of str
        Directives and tails that need a program of this kind.
    """

    draw: Callable[[Builder], None]
    weight: int
    serves: frozenset[str] = frozenset()


_WINDOWED = frozenset({"store_at", "store_root", "hoist_storage", "hoist_storage_root", "fold_storage"})
_REDUCING = frozenset({"rfactor", "atomic"})

FEATURES: Mapping[str, ProgramFeature] = MappingProxyType(
    {
        "elementwise": ProgramFeature(draw_elementwise, 6),
        "stencil": ProgramFeature(draw_stencil, 4, _WINDOWED),
        "reduction": ProgramFeature(draw_reduction, 5, _REDUCING),
        "matmul": ProgramFeature(draw_matmul, 3, _REDUCING),
        "boundary": ProgramFeature(draw_boundary, 3, frozenset({"round_up"})),
        "updates": ProgramFeature(draw_updates, 2),
        "scan": ProgramFeature(draw_scan, 2),
        "scatter": ProgramFeature(draw_scatter, 2),
        "histogram": ProgramFeature(draw_histogram, 1, frozenset({"atomic"})),
        "permutation": ProgramFeature(draw_permutation, 1, frozenset({"allow_race_conditions"})),
        "tuple": ProgramFeature(draw_tuple, 2),
        "place": ProgramFeature(draw_place, 2, frozenset({"rfactor"})),
        "siblings": ProgramFeature(draw_siblings, 1, frozenset({"compute_with"})),
        "gather": ProgramFeature(draw_gather, 2),
        "narrow": ProgramFeature(draw_narrow, 1),
        "params": ProgramFeature(draw_params, 2, frozenset({"specialize", "specialize_fail"})),
        "product": ProgramFeature(draw_product, 4, frozenset({"compute_inline"})),
        "ramp": ProgramFeature(draw_ramp, 1, frozenset({"round_up"})),
        "inline_reduction": ProgramFeature(draw_inline_reduction, 2),
        "constant_table": ProgramFeature(draw_constant_table, 1, frozenset({"compute_at_init"})),
    }
)
"""Every feature by name."""

_MOST_OUTPUTS = 3


def draw_program(chance: Chance, goals: Collection[str] = ()) -> Program:
    """A random program; `goals` are directives and tails that it should have a use for."""
    builder = Builder(chance)
    served = [name for name, feature in FEATURES.items() if not feature.serves.isdisjoint(goals)]
    weights = [(name, feature.weight) for name, feature in FEATURES.items()]
    wanted = [chance.one_of(served)] if served else []
    wanted += [chance.weighted(weights) for _ in range(chance.weighted([(2, 5), (1, 3), (3, 4), (4, 2)]) - len(wanted))]
    for name in chance.shuffled(wanted):
        _try(builder, name)
    if not builder.unread:
        _try(builder, "elementwise")
    if not builder.unread:
        _try(builder, "ramp")
    return _finish(builder)


def _try(builder: Builder, name: str) -> None:
    """Add a feature, or what of it the language accepted."""
    try:
        FEATURES[name].draw(builder)
    except LanguageError:
        return
    builder.features.append(name)


def _finish(builder: Builder) -> Program:
    chance = builder.chance
    values = {value.name: value for value in builder.values}
    shapes = {name: _shape(chance, values[name]) for name in builder.unread[-_MOST_OUTPUTS:]}
    others = [value for value in builder.values if value.name not in builder.unread and _can_be_output(value)]
    if others and chance.flag(10):
        also = chance.one_of(others)
        shapes[also.name] = _full_shape(also)
    funcs = {name: item for name, item in builder.scope.items() if isinstance(item, Func)}
    inexact = {value.name for value in builder.values if value.certainty is not Certainty.EXACT}
    return Program(tuple(builder.statements), shapes, tuple(builder.features), frozenset(shapes) - inexact, funcs)


def _can_be_output(value: Value) -> bool:
    """Whether an array from the origin holds all that may be read of a value."""
    return not value.is_input and all(low == 0 for low, _ in value.box)


def _full_shape(value: Value) -> tuple[int, ...]:
    return tuple(high + 1 for _, high in value.box)


def _shape(chance: Chance, value: Value) -> tuple[int, ...]:
    """All that may be read of an output, sometimes less."""
    full = _full_shape(value)
    if value.is_whole or not chance.flag(15):
        return full
    return tuple(chance.integer(max(1, extent - 3), extent) for extent in full)
