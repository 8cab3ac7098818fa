"""What lowering hands to code generation: functions over flat buffers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tensorlang.dtypes import DType
from tensorlang.ir.algorithm import InputDef
from tensorlang.ir.expr import Expr
from tensorlang.ir.scalar import Scalar
from tensorlang.ir.stmt import Stmt


class Role(StrEnum):
    """Who owns a buffer parameter: the caller (input, output) or the kernel's prepared state."""

    INPUT = "input"
    OUTPUT = "output"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class BufferParam:
    """A C-contiguous array argument of a lowered function; `constant` inputs are weights.

    A state parameter is one-dimensional: its shape is its number of elements, padding included. A `scalar` input has no
    dimensions; its callers give a number.
    """

    name: str
    shape: tuple[int, ...]
    type: DType
    role: Role
    constant: bool = False
    scalar: Scalar | None = None


def input_param(source: InputDef) -> BufferParam:
    """The parameter of an argument of an algorithm."""
    return BufferParam(source.name, source.shape, source.type, Role.INPUT, source.constant, source.scalar)


@dataclass(frozen=True, slots=True)
class Function:
    """A lowered function: its buffers in argument order, and a body of flat loads and stores."""

    name: str
    params: tuple[BufferParam, ...]
    body: Stmt


@dataclass(frozen=True, slots=True)
class Requirement:
    """A call is refused, with `message`, unless one of the conditions on scalar arguments holds."""

    conditions: tuple[Expr, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Module:
    """A lowered pipeline.

    `main` takes inputs, then outputs, then state. `prepare`, if there is one, takes constant inputs, then state;
    it fills the state. Inputs that only `prepare` reads are not parameters of `main`. `requirements` are checked before
    either runs. `remarks` say, for people, how Funcs are kept over loops.
    """

    main: Function
    prepare: Function | None = None
    requirements: tuple[Requirement, ...] = ()
    remarks: tuple[str, ...] = field(default=(), compare=False)
