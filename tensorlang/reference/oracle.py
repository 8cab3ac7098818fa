"""Evaluates the Funcs of an algorithm in order: a Python loop over RDom points only, whole arrays inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tensorlang.errors import LanguageError
from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef, InputDef
from tensorlang.ir.expr import Call, Expr
from tensorlang.ir.recursion import deep_recursion
from tensorlang.ir.visitor import conjuncts, free_variables
from tensorlang.reference.grid import Progression, Value, gather_index, limits, read, slice_index
from tensorlang.reference.points import Names, restrict, true_points
from tensorlang.reference.regions import Box, check_inside, pure_dims, required_boxes
from tensorlang.reference.scope import Scope
from tensorlang.reference.semantics import Array

EPOCH = 1
"""Changes whenever an answer could change; part of the key of stored answers."""


@deep_recursion()
def evaluate(
    algorithm: Algorithm, shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, Array]
) -> dict[str, Array]:
    """The value of each output over ``[0, shape)``: the meaning of the algorithm.

    Parameters
    ----------
    algorithm : Algorithm
    shapes : mapping of str to tuple of int, >= 0
        Shape of each output.
    arrays : mapping of str to ndarray
        Each Input by name, in its shape and type, bfloat16 as its bits in uint16; a Param as an array of no dimension.

    Returns
    -------
    dict of str to ndarray
        Each output, C-contiguous, in its type; of a tuple each element, as ``f.0``, ``f.1``, ... A self reference of an
        update reads what stood there before this point of the RDom wrote.

    Raises
    ------
    LanguageError
        If a shape or an array is missing or is not as declared.
    BoundsError
        If an Input is read outside of its shape, or the region of a Func has no end.
    """
    for source in algorithm.inputs:
        _check_array(source, arrays)
    outputs = {name: _output_box(algorithm.func(name), shapes) for name in algorithm.outputs}
    # Nothing is computed for an output of no elements, so that nothing is read either.
    empty = {name for name, box in outputs.items() if any(last < first for first, last in box)}
    with np.errstate(all="ignore"):
        values = _Evaluation(algorithm, arrays).run({name: box for name, box in outputs.items() if name not in empty})
    return {
        buffer: np.empty(shapes[name], kind.numpy) if name in empty else values[buffer].part(outputs[name]).copy("C")
        for name in algorithm.outputs
        for buffer, kind in algorithm.func(name).elements
    }


@dataclass(frozen=True, slots=True)
class _Region:
    """An element of a Func, or an Input, over a box."""

    array: Array
    origin: tuple[int, ...]

    def part(self, box: Box) -> Array:
        """The values over `box`, which lies inside."""
        part: Array = self.array[tuple(slice(a - o, b - o + 1) for (a, b), o in zip(box, self.origin, strict=True))]
        return part


class _Evaluation:
    """Values of the Funcs computed so far."""

    def __init__(self, algorithm: Algorithm, arrays: Mapping[str, Array]) -> None:
        self._algorithm = algorithm
        self._arrays = arrays
        self._regions = {s.name: _Region(arrays[s.name], (0,) * len(s.shape)) for s in algorithm.inputs}

    def run(self, outputs: Mapping[str, Box]) -> dict[str, _Region]:
        """Compute `outputs`, and what they need, producers first; regions by the names of their buffers."""
        boxes = required_boxes(self._algorithm, outputs, self._read_ahead)
        for func in self._algorithm.funcs:
            if func.name in boxes:
                self._compute(func, boxes[func.name])
        return self._regions

    def _read(self, call: Call, args: list[Value], rank: int) -> Array:
        region = self._regions[call.buffer]
        return read(region.array, region.origin, args, rank)

    def _read_ahead(self, call: Call, args: list[Value], rank: int) -> Array:
        """Read for an index that depends on data, while boxes are still being found: computes a Func for it apart."""
        box = tuple(limits(arg) for arg in args)
        source = self._algorithm.find_input(call.name)
        if source is not None:
            check_inside(call.name, source.shape, box, call.name)
            return self._read(call, args, rank)
        region = _Evaluation(self._algorithm, self._arrays).run({call.name: box})[call.buffer]
        return read(region.array, region.origin, args, rank)

    def _compute(self, func: FuncDef, box: Box) -> None:
        shape = [high - low + 1 for low, high in box]
        origin = tuple(low for low, _ in box)
        self._regions |= {buffer: _Region(np.zeros(shape, kind.numpy), origin) for buffer, kind in func.elements}
        for definition in func.definitions:
            self._run(func, definition, box)

    def _run(self, func: FuncDef, definition: Definition, box: Box) -> None:
        regions = [self._regions[buffer] for buffer, _ in func.elements]
        dims = pure_dims(func, definition)
        grid: dict[str, Value] = {
            func.vars[d]: Progression(box[d][0], 1, axis, box[d][1] - box[d][0] + 1) for axis, d in enumerate(dims)
        }
        for places, conditions in self._points(definition):
            found = restrict(Names(grid | places, len(dims)), conditions, self._read)
            if found is None:
                continue
            scope = Scope(found.values, found.rank, self._read)
            args = [scope.value(arg) for arg in definition.args]
            values = [scope.array(value) for value in definition.values]
            if len(values) > 1:
                # A value may be a view of another element, which is written before it.
                values = [value.copy() for value in values]
            for region, value in zip(regions, values, strict=True):
                if found.is_grid:
                    _write(region, args, dims, value)
                else:
                    region.array[gather_index(region.origin, args, found.rank)] = value

    def _points(self, definition: Definition) -> Iterator[tuple[dict[str, Value], tuple[Expr, ...]]]:
        """The points of a reduction domain, in order, each with the conditions that are left to decide there."""
        sides = {r.name: (r.min, r.min + r.extent - 1) for r in definition.rvars}
        conditions = conjuncts(definition.predicate)
        # Those that the point alone decides; they cannot change on the way, as no predicate reads its own Func.
        count = next((n for n, c in enumerate(conditions) if not free_variables(c) <= sides.keys()), len(conditions))
        for part in true_points(list(sides), sides, conditions[:count], self._read):
            for point in zip(*(part[name].tolist() for name in sides), strict=True) if sides else [()]:
                yield dict(zip(sides, map(Progression, point), strict=True)), conditions[count:]


def _write(region: _Region, args: list[Value], dims: list[int], value: Array) -> None:
    """Store `value`, over the grid of the pure dimensions `dims`, at `args`."""
    is_sliced = all(isinstance(arg, Progression) and (arg.axis < 0 or d in dims) for d, arg in enumerate(args))
    if is_sliced:
        region.array[slice_index(region.origin, args)] = value
    else:
        region.array[gather_index(region.origin, args, len(dims))] = value


def _check_array(source: InputDef, arrays: Mapping[str, Array]) -> None:
    wanted = f"{source.name} is {source.type} of shape {source.shape}"
    if source.name not in arrays:
        raise LanguageError(f"no array was given for Input {source.name}.", rule=wanted)
    array = arrays[source.name]
    if array.dtype != source.type.numpy or array.shape != source.shape:
        raise LanguageError(f"the array for {source.name} is {array.dtype} of shape {array.shape}.", rule=wanted)


def _output_box(func: FuncDef, shapes: Mapping[str, tuple[int, ...]]) -> Box:
    shape = shapes.get(func.name)
    if shape is None or len(shape) != len(func.vars) or min(shape, default=0) < 0:
        given = "no shape" if shape is None else f"shape {tuple(shape)}"
        dims = len(func.vars)
        raise LanguageError(f"{given} was given for output {func.name}.", rule=f"it takes {dims} extents of at least 0")
    return tuple((0, extent - 1) for extent in shape)
