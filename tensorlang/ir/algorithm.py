"""An algorithm as data: what is computed, with every user-level name resolved and no schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tensorlang.dtypes import DType
from tensorlang.ir.expr import Call, Expr
from tensorlang.ir.scalar import Scalar


@dataclass(frozen=True, slots=True)
class ReductionVar:
    """A dimension of an RDom: ``[min, min + extent)``, constants."""

    name: str
    min: int
    extent: int


@dataclass(frozen=True, slots=True)
class Definition:
    """``func[args] = values`` for every point of the pure Vars, and, in order, of the reduction domain.

    `args` are index expressions over Vars and RVars; in a pure definition they are the Func's Variables. There is one
    value for each element of the Func; those of an update may hold a `Call` of the Func itself. All values and `args`
    of a point are evaluated before any is stored, and a value that is its own element, where it is stored, is not.
    `rvars` are the reduction domain, outermost first; a pure definition has none. Points at which the bool `predicate`
    is false are not executed: neither `args` nor `values` need make sense there. Its conjuncts hold in order: a later
    one is evaluated only where those before it are true. It does not read the Func itself.
    """

    args: tuple[Expr, ...]
    values: tuple[Expr, ...]
    rvars: tuple[ReductionVar, ...] = ()
    predicate: Expr | None = None

    @property
    def exprs(self) -> tuple[Expr, ...]:
        """Every expression of the definition: left-hand arguments, values, predicate."""
        return (*self.args, *self.values) if self.predicate is None else (*self.args, *self.values, self.predicate)

    def map_exprs(self, change: Callable[[Expr], Expr]) -> Definition:
        """The definition with `change` applied to each of its expressions."""
        predicate = None if self.predicate is None else change(self.predicate)
        args, values = (tuple(map(change, exprs)) for exprs in (self.args, self.values))
        return replace(self, args=args, values=values, predicate=predicate)


@dataclass(frozen=True, slots=True)
class FuncDef:
    """A Func: a pure definition over `vars`, outermost first, then updates in order.

    It has one element type, or several: then its value at each point is a tuple.
    """

    name: str
    vars: tuple[str, ...]
    types: tuple[DType, ...]
    pure: Definition
    updates: tuple[Definition, ...] = ()

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The pure definition, then the updates."""
        return (self.pure, *self.updates)

    @property
    def elements(self) -> tuple[tuple[str, DType], ...]:
        """The array that holds each element, and its type: under the Func's own name, or ``f.0``, ``f.1``, ..."""
        return tuple((call.buffer, call.type) for call in self.calls(()))

    def calls(self, args: tuple[Expr, ...]) -> tuple[Call, ...]:
        """A read of each element at `args`."""
        if len(self.types) == 1:
            return (Call(self.name, args, self.types[0]),)
        return tuple(Call(self.name, args, kind, element) for element, kind in enumerate(self.types))


@dataclass(frozen=True, slots=True)
class InputDef:
    """An array argument, C-contiguous; `constant` marks weights, which `compute_at_init` may transform once.

    A `scalar` argument has no dimensions, and is given as a number.
    """

    name: str
    shape: tuple[int, ...]
    type: DType
    constant: bool = False
    scalar: Scalar | None = None

    @property
    def types(self) -> tuple[DType, ...]:
        """Its element type, as a Func has one or several."""
        return (self.type,)

    def calls(self, args: tuple[Expr, ...]) -> tuple[Call, ...]:
        """A read at `args`, as a Func has one for each element."""
        return (Call(self.name, args, self.type),)


@dataclass(frozen=True, slots=True)
class Algorithm:
    """Funcs (producers before consumers), inputs in argument order, and the names of the output Funcs."""

    funcs: tuple[FuncDef, ...]
    inputs: tuple[InputDef, ...]
    outputs: tuple[str, ...]

    def func(self, name: str) -> FuncDef:
        """The Func called `name`; KeyError if there is none."""
        for f in self.funcs:
            if f.name == name:
                return f
        raise KeyError(name)

    def find_input(self, name: str) -> InputDef | None:
        """The Input called `name`, or None."""
        return next((i for i in self.inputs if i.name == name), None)
