"""Which box of each Func its readers need, found by evaluating index expressions over open grids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tensorlang.errors import BoundsError
from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef
from tensorlang.ir.expr import Call, Expr, Variable
from tensorlang.ir.printer import format_expr
from tensorlang.ir.visitor import conjuncts, walk
from tensorlang.reference.points import Iterations, Side
from tensorlang.reference.scope import Reader

Box: TypeAlias = tuple[Side, ...]

_MOST_ROUNDS = 16


def required_boxes(algorithm: Algorithm, outputs: Mapping[str, Box], reader: Reader) -> dict[str, Box]:
    """The box of each Func that the boxes of `outputs` need; Funcs that are not needed are left out.

    Raises
    ------
    BoundsError
        If an Input is read outside of its shape, or the box of a Func has no end.
    """
    boxes = dict(outputs)
    for func in reversed(algorithm.funcs):
        if func.name not in boxes:
            continue
        _check_indices(func)
        boxes[func.name] = _grow(func, boxes[func.name], reader)
        for definition in func.definitions:
            sides = loop_sides(func, definition, boxes[func.name])
            for call, conditions in _calls(definition):
                box = _box(call.args, Iterations(sides, conditions, reader))
                if call.name == func.name or box is None:
                    continue
                source = algorithm.find_input(call.name)
                if source is None:
                    boxes[call.name] = _union(boxes.get(call.name, box), box)
                else:
                    check_inside(source.name, source.shape, box, format_expr(call))
    return boxes


def loop_sides(func: FuncDef, definition: Definition, box: Box) -> dict[str, Side]:
    """The side of each loop of `definition` when the Func is computed over `box`: pure Vars, then RVars."""
    sides = {func.vars[d]: box[d] for d in pure_dims(func, definition)}
    return sides | {r.name: (r.min, r.min + r.extent - 1) for r in definition.rvars}


def pure_dims(func: FuncDef, definition: Definition) -> list[int]:
    """The dimensions of `func` whose argument in `definition` is the Func's own Var."""
    return [d for d, var in enumerate(func.vars) if definition.args[d] == Variable(var)]


def check_inside(name: str, shape: tuple[int, ...], box: Box, asked: str) -> None:
    """Raise unless Input `name` holds `box`.

    Raises
    ------
    BoundsError
        Naming the first dimension that does not.
    """
    for dim, ((low, high), extent) in enumerate(zip(box, shape, strict=True)):
        if low < 0 or high >= extent:
            raise BoundsError(
                f"dimension {dim} of {name} is read over [{low}, {high + 1}), outside [0, {extent}).",
                asked=asked,
                rule="an Input is read inside its shape, also where a select takes the other side",
                hint="clamp the index, or use a boundary condition",
            )


def _check_indices(func: FuncDef) -> None:
    for update in func.updates:
        for index in (*update.args, *(arg for call, _ in _calls(update) for arg in call.args)):
            if any(isinstance(node, Call) and node.name == func.name for node in walk(index)):
                raise BoundsError(
                    f"an index in an update of {func.name} depends on a value of {func.name} itself.",
                    asked=format_expr(index),
                    rule="the places that an update reads and writes are known before it runs",
                )


def _grow(func: FuncDef, box: Box, reader: Reader) -> Box:
    """`box` with every place that the updates write or read of the Func itself."""
    for _ in range(_MOST_ROUNDS):
        grown = box
        for update in func.updates:
            sides = loop_sides(func, update, box)
            own = [call.args for call, _ in _calls(update) if call.name == func.name]
            iterations = Iterations(sides, conjuncts(update.predicate), reader)
            for args in (update.args, *own):
                grown = _union(grown, _box(args, iterations) or grown)
        if grown == box:
            return box
        box = grown
    raise BoundsError(
        f"the updates of {func.name} need an ever larger box of it.",
        rule="the places that an update reads and writes are bounded",
        hint="clamp the indices of the self references",
    )


def _union(a: Box, b: Box) -> Box:
    return tuple((min(p[0], q[0]), max(p[1], q[1])) for p, q in zip(a, b, strict=True))


def _box(args: tuple[Expr, ...], iterations: Iterations) -> Box | None:
    """The box of index tuples that a definition uses, or None if it never runs."""
    return None if iterations.is_empty else tuple(iterations.side(arg) for arg in args)


def _calls(definition: Definition) -> Iterator[tuple[Call, tuple[Expr, ...]]]:
    """Every read in a definition, with the conditions under which it happens."""
    conditions = conjuncts(definition.predicate)
    roots: list[tuple[Expr, tuple[Expr, ...]]] = [(root, conditions) for root in (*definition.values, *definition.args)]
    roots += [(condition, conditions[:n]) for n, condition in enumerate(conditions)]
    for root, before in roots:
        for node in walk(root):
            if isinstance(node, Call):
                yield node, before
