"""Output shapes that the caller left out: the largest box at the origin whose reads stay inside every Input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tensorlang.bounds.definitions import DefinitionBounds, reads_under
from tensorlang.bounds.params import param_facts, params_as_variables
from tensorlang.errors import BoundsError
from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef
from tensorlang.ir.expr import Expr, Variable, index
from tensorlang.ir.recursion import deep_recursion
from tensorlang.ir.stmt import Range
from tensorlang.ir.visitor import walk
from tensorlang.symbolic.facts import Facts, Limits

# No array is longer than this in one dimension; an extent that could be is unbounded.
_LARGEST_EXTENT = 1 << 40

NumericBox = tuple[Limits, ...]


@deep_recursion()
def infer_output_shapes(
    algorithm: Algorithm, given: Mapping[str, tuple[int, ...]] | None = None
) -> dict[str, tuple[int, ...]]:
    """The shape of each output: as given, or the largest box at the origin whose reads stay inside every Input.

    Raises
    ------
    BoundsError
        If a shape that was not given is unbounded in some dimension, empty, or not the only largest one.
    """
    shapes = dict(given or {})
    for name in algorithm.outputs:
        if name not in shapes:
            shapes[name] = _infer_shape(algorithm, algorithm.func(name))
    return shapes


def _infer_shape(algorithm: Algorithm, func: FuncDef) -> tuple[int, ...]:
    rank = len(func.vars)
    hint = f"pass shape= to tl.compile, {rank} int{'s' if rank != 1 else ''} for {func.name}[{', '.join(func.vars)}]"
    if not _fits(algorithm, func, (1,) * rank):
        raise BoundsError(f"{func.name} cannot be computed at the origin: its reads leave an Input there.", hint=hint)
    shape = []
    for position, var in enumerate(func.vars):
        extent = _largest(algorithm, func, position)
        if extent is None:
            rule = "an output's shape is the largest box at the origin whose reads stay inside every Input"
            message = f"the extent of {func.name} in {var} is unbounded: no Input limits it."
            raise BoundsError(message, rule=rule, hint=hint)
        shape.append(extent)
    if not _fits(algorithm, func, tuple(shape)):
        message = (
            f"the shape of {func.name} is ambiguous: its dimensions limit each other, {tuple(shape)} is too large."
        )
        raise BoundsError(message, hint=hint)
    return tuple(shape)


def _largest(algorithm: Algorithm, func: FuncDef, position: int) -> int | None:
    """Largest extent of one dimension with all others 1, or None if there is no limit."""

    def fits(extent: int) -> bool:
        return _fits(algorithm, func, tuple(extent if d == position else 1 for d in range(len(func.vars))))

    if fits(_LARGEST_EXTENT):
        return None
    low, high = 1, 2
    while fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _fits(algorithm: Algorithm, func: FuncDef, shape: tuple[int, ...]) -> bool:
    """True if computing `func` over ``[0, shape)`` reads every Input inside its shape."""
    regions = infer_numeric_regions(algorithm, {func.name: tuple(Limits(0, e - 1) for e in shape)})
    for source in algorithm.inputs:
        for side, extent in zip(regions.get(source.name, ()), source.shape, strict=False):
            if side.lo is None or side.hi is None or side.lo < 0 or side.hi >= extent:
                return False
    return True


def infer_numeric_regions(algorithm: Algorithm, boxes: Mapping[str, NumericBox]) -> dict[str, NumericBox]:
    """Constant boxes of every Func and Input that computing `boxes` needs, with nothing scheduled."""
    algorithm, params = params_as_variables(algorithm), param_facts(algorithm)
    regions: dict[str, NumericBox] = dict(boxes)
    for func in reversed(algorithm.funcs):
        if func.name not in regions:
            continue
        for definition in func.definitions:
            for name, box in _reads(func, definition, regions[func.name], params):
                if name != func.name:
                    regions[name] = _union(regions.get(name), box)
    return regions


def _reads(func: FuncDef, definition: Definition, box: NumericBox, params: Facts) -> Iterator[tuple[str, NumericBox]]:
    """What a definition reads when `func` is computed over `box`."""
    limits = {var: side for var, arg, side in zip(func.vars, definition.args, box, strict=True) if arg == Variable(var)}
    limits |= {r.name: Limits(r.min, r.min + r.extent - 1) for r in definition.rvars}
    if any(r.extent == 0 for r in definition.rvars):
        return
    facts = Facts({**params.limits, **limits})
    bounds = DefinitionBounds(_ranges(limits), facts)
    for call, conditions in reads_under(definition):
        if not conditions and not any(map(_repeats, call.args)):
            yield call.name, tuple(facts.of(arg) for arg in call.args)
            continue
        found = bounds.box(call.args, conditions)
        if found is not None:
            yield call.name, tuple(Limits(_low(side.lo, facts), _high(side.hi, facts)) for side in found)


def _repeats(arg: Expr) -> bool:
    """Whether a Var stands twice in an index, so that its terms are not independent."""
    names = [node.name for node in walk(arg) if isinstance(node, Variable)]
    return len(set(names)) < len(names)


def _ranges(limits: Mapping[str, Limits]) -> dict[str, Range]:
    """The bounded ones as ranges."""
    return {
        name: Range(index(side.lo), index(side.hi - side.lo + 1))
        for name, side in limits.items()
        if side.lo is not None and side.hi is not None
    }


def _low(end: Expr | None, facts: Facts) -> int | None:
    return None if end is None else facts.of(end).lo


def _high(end: Expr | None, facts: Facts) -> int | None:
    return None if end is None else facts.of(end).hi


def _union(old: NumericBox | None, new: NumericBox) -> NumericBox:
    return new if old is None else tuple(a.union(b) for a, b in zip(old, new, strict=True))
