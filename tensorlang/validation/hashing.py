"""Content hashes of algorithms: the identity under which records and oracle answers are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum

from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef

_EPOCH = 1  # of the text hashed; part of it


def algorithm_hash(algorithm: Algorithm) -> str:
    """Return the hash of what is computed: names, types and expressions, without the extents of RDoms and Inputs.

    Two sizes of one layer agree, unless an extent stands in an expression, as in boundary conditions.

    Returns
    -------
    str
        64 hexadecimal digits; the same in every process.
    """
    return _digest(_without_extents(algorithm))


def sized_algorithm_hash(algorithm: Algorithm) -> str:
    """Return the hash of what is computed, extents included: 64 hexadecimal digits."""
    return _digest(algorithm)


def _digest(algorithm: Algorithm) -> str:
    digest = hashlib.sha256(f"tensorlang algorithm {_EPOCH};".encode())
    for piece in _text(algorithm):
        digest.update(piece.encode())
    return digest.hexdigest()


def _text(node: object) -> Iterator[str]:
    """A text of nested dataclasses, tuples and scalars, in pieces; different values have different texts."""
    if isinstance(node, Enum):
        yield f"{type(node).__name__}.{node.name}"
    elif is_dataclass(node):
        yield f"{type(node).__name__}("
        for field in fields(node):
            value = getattr(node, field.name)
            if value is None:
                continue  # what an algorithm does without takes no part in its hash
            if field.default is None:
                yield f"{field.name}="
            yield from _text(value)
            yield ","
        yield ")"
    elif isinstance(node, tuple):
        yield "["
        for item in node:
            yield from _text(item)
            yield ","
        yield "]"
    else:
        yield repr(node)


def _without_extents(algorithm: Algorithm) -> Algorithm:
    return replace(
        algorithm,
        funcs=tuple(_func_without_extents(func) for func in algorithm.funcs),
        inputs=tuple(replace(item, shape=(0,) * len(item.shape)) for item in algorithm.inputs),
    )


def _func_without_extents(func: FuncDef) -> FuncDef:
    def strip(definition: Definition) -> Definition:
        return replace(definition, rvars=tuple(replace(rvar, min=0, extent=0) for rvar in definition.rvars))

    return replace(func, pure=strip(func.pure), updates=tuple(map(strip, func.updates)))
