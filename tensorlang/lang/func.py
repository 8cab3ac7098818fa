"""Funcs: named values over an index space, given by a pure definition and updates in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import TypeAlias

from tensorlang.dtypes import DType, parse_dtype
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir import expr as ir
from tensorlang.ir.algorithm import Definition, FuncDef
from tensorlang.ir.expr import BinaryOp
from tensorlang.ir.visitor import rewrite
from tensorlang.lang.definition import (
    frozen_error,
    is_var,
    name_taken_error,
    pure_definition,
    typed_values,
    undefined_error,
    update_definition,
)
from tensorlang.lang.expr import Expr, ExprLike, Source, apply, as_expr, merge_sources, tuple_error
from tensorlang.lang.input import index_exprs
from tensorlang.lang.names import check_name
from tensorlang.lang.promotion import binary_node, literal
from tensorlang.lang.refs import Definable, FuncRef, Increment
from tensorlang.lang.tuples import ValueLike, elements_of
from tensorlang.lang.unscheduled import Unscheduled

TypeLike: TypeAlias = DType | str | type

_IDENTITIES = {BinaryOp.ADD: 0, BinaryOp.SUB: 0, BinaryOp.MUL: 1, BinaryOp.TRUE_DIV: 1}


class Func(Unscheduled, Definable):
    """A value at every integer point of an index space.

    ``f[i, j] = e`` over distinct Vars is the pure definition; each further assignment is an update, which changes some
    points, in order of its RDom. ``+= -= *= /=`` on a Func without a definition first define it as the operator's
    identity. A Func that another one reads, or that is compiled, is frozen.

    The value may be a tuple, ``f[i] = (a, b)``, each element of a type of its own: ``f[i][0]`` reads one, and
    ``f[i][0] = e`` updates it alone. All values of a definition are evaluated before any is stored:
    ``f[i] = (f[i][1], f[i][0])`` swaps.

    Parameters
    ----------
    name : str
        Letters, digits and underscores; unique in an algorithm.
    dtype : DType, str or NumPy type, or a sequence of them for a tuple, optional
        Element type; by default that of the first value.

    Raises
    ------
    LanguageError
        If the name or a type is malformed.

    Examples
    --------
    >>> from tensorlang.lang.var import Var
    >>> i, ramp = Var("i"), Func("ramp")
    >>> ramp[i] = 2 * i + 1
    >>> ramp.type, ramp.vars
    (int64, ('i',))
    """

    def __init__(self, name: str, dtype: TypeLike | Sequence[TypeLike] | None = None) -> None:
        self.name = check_name("Func", name)
        self._types = _parse_types(dtype)
        self._vars: tuple[str, ...] = ()
        self._definitions: list[Definition] = []
        self._sources: dict[str, Source] = {}
        self._frozen_by = ""

    @property
    def as_written(self) -> str:
        return self.name

    @property
    def is_defined(self) -> bool:
        """Whether there is a pure definition."""
        return bool(self._definitions)

    @property
    def types(self) -> tuple[DType, ...]:
        """Element types; more than one if its value is a tuple.

        Raises
        ------
        LanguageError
            If there is neither a definition nor a declared type.
        """
        if not self._types:
            raise undefined_error(self.name)
        return self._types

    @property
    def type(self) -> DType:
        """Element type.

        Raises
        ------
        LanguageError
            If there is neither a definition nor a declared type, or the value is a tuple.
        """
        if len(self.types) > 1:
            raise tuple_error(self.name, len(self.types))
        return self.types[0]

    @property
    def vars(self) -> tuple[str, ...]:
        """Names of the Vars of the pure definition, outermost first.

        Raises
        ------
        LanguageError
            If there is no definition.
        """
        self.check_defined()
        return self._vars

    @property
    def shape_rank(self) -> int:
        return len(self.vars)

    @property
    def sources(self) -> Mapping[str, Source]:
        """Every other Func and Input that the definitions read, by name, in order of first use."""
        return self._sources

    @property
    def definition(self) -> FuncDef:
        """The Func as data.

        Raises
        ------
        LanguageError
            If there is no definition.
        """
        self.check_defined()
        pure, *updates = self._definitions
        return FuncDef(self.name, self._vars, self.types, pure, tuple(updates))

    def update(self, n: int = 0) -> StageRef:
        """The n-th update, counted from 0, for scheduling.

        Raises
        ------
        LanguageError
            If there is no such update.
        """
        updates = max(len(self._definitions) - 1, 0)
        if not 0 <= n < updates:
            raise LanguageError(
                f"{self.name} has {updates} update{'' if updates == 1 else 's'}.",
                asked=f"{self.name}.update({n})",
                where=caller_location(),
                legal=" | ".join(f"{self.name}.update({k})" for k in range(updates)),
            )
        return StageRef(self, n + 1)

    def __repr__(self) -> str:
        return f"Func({self.name!r})"

    def __getitem__(self, key: ExprLike | tuple[ExprLike, ...]) -> FuncRef:
        """The value at integer coordinates, one for each dimension.

        Raises
        ------
        LanguageError
            If the number of coordinates is not the rank, or one is not an integer.
        """
        return FuncRef(self, self._index(key))

    def __setitem__(self, key: ExprLike | tuple[ExprLike, ...], value: ValueLike) -> None:
        """Add a definition: the pure one if there is none yet, else an update.

        Raises
        ------
        LanguageError
            If the Func is frozen, or the definition breaks a law of `tensorlang.lang.definition`.
        """
        args = self._index(key)
        if isinstance(value, Increment) and value.func is self and not self.is_defined and not self._frozen_by:
            self._start_from_identity(args, value)
        else:
            self.define(args, elements_of(value))

    def define(self, args: tuple[Expr, ...], values: Sequence[ExprLike]) -> None:
        """Add a definition, the values of all elements given; as ``f[args] = values``, whose errors it raises."""
        if self._frozen_by:
            raise frozen_error(self.name, self._frozen_by, args)
        if self.is_defined:
            typed = typed_values(self.name, self.types, values, args)
            self._append(*update_definition(self.name, self._vars, args, typed))
        else:
            self._define(args, values)

    def _index(self, key: object) -> tuple[Expr, ...]:
        rank = len(self._vars) if self.is_defined else len(key) if isinstance(key, tuple) else 1
        return index_exprs(self.name, rank, key)

    def _define(self, args: tuple[Expr, ...], values: Sequence[ExprLike]) -> None:
        if self._types:
            typed = typed_values(self.name, self._types, values, args)
        else:
            typed = tuple(map(as_expr, values))
        definition = pure_definition(self.name, args, typed)
        self._vars = tuple(repr(arg) for arg in args)
        self._types = tuple(value.type for value in typed)
        self._append(definition, typed)

    def _start_from_identity(self, args: tuple[Expr, ...], increment: Increment) -> None:
        """The identity, then the increment; neither, if the increment is refused."""
        declared = self._types
        self._define_identity(args, increment)
        try:
            self.define(args, increment.elements)
        except LanguageError:
            self._vars, self._types, self._definitions = (), declared, []
            raise

    def _define_identity(self, args: tuple[Expr, ...], increment: Increment) -> None:
        """``f[args] = 0`` (or 1), over the Vars of `args`, and over new ones where an argument is no Var."""
        values = elements_of(increment.value)
        types = self._types or tuple(apply(lambda a: binary_node(increment.op, a, a), v).type for v in values)
        taken = {name for arg in args for name in arg.variables}
        names = [arg.node.name if isinstance(arg.node, ir.Variable) and is_var(arg) else None for arg in args]
        fresh = (f"_{n}" for n in range(len(args) + len(taken)) if f"_{n}" not in taken)
        self._vars = tuple(name or next(fresh) for name in names)
        self._types = types
        identities = tuple(Expr(literal(_IDENTITIES[increment.op], kind), {}, {}) for kind in types)
        self._append(pure_definition(self.name, tuple(_var(name) for name in self._vars), identities), [])

    def _append(self, definition: Definition, exprs: Sequence[Expr]) -> None:
        for key, source in merge_sources(exprs).items():
            if source is self:
                continue
            if source.name == self.name or self._sources.get(key, source) is not source:
                raise name_taken_error(self.name, source.name)
            self._sources[key] = source
            if isinstance(source, Func):
                source.freeze(f"{self.name} reads it")
        self._definitions.append(definition)
        self._adopt_inline_reductions()

    def freeze(self, reason: str) -> None:
        """Refuse further definitions, for this reason (the first one given is kept)."""
        self._frozen_by = self._frozen_by or reason

    def check_defined(self) -> None:
        """Raise unless there is a pure definition.

        Raises
        ------
        LanguageError
            If there is none.
        """
        if not self.is_defined:
            raise undefined_error(self.name)

    def _adopt_inline_reductions(self) -> None:
        """Name the inline reductions that this Func is the first to read, and call all of them by their names."""
        for source in self._sources.values():
            if isinstance(source, InlineReduction) and not source.is_named:
                source.set_name(self._free_name(f"{self.name}_{source.operator}"))
        names = {key: source.name for key, source in self._sources.items() if key != source.name}
        if names:
            self._rename_calls(names)

    def _free_name(self, wanted: str) -> str:
        taken = {source.name for source in self._sources.values()}
        candidates = chain([wanted], (f"{wanted}_{n}" for n in count(1)))
        return next(name for name in candidates if name not in taken)

    def _rename_calls(self, names: Mapping[str, str]) -> None:
        def rename(node: ir.Expr) -> ir.Expr:
            if isinstance(node, ir.Call) and node.name in names:
                return replace(node, name=names[node.name])
            return node

        self._definitions = [d.map_exprs(lambda expr: rewrite(expr, rename)) for d in self._definitions]
        self._sources = {names.get(key, key): source for key, source in self._sources.items()}


class InlineReduction(Func):
    """The Func behind ``tl.sum(...)``: without a name of its own, it is named after its first reader, as ``out_sum``.

    Until then its name holds a ``.``, which no user's name can.
    """

    _numbers = count()

    def __init__(self, operator: str, types: Sequence[DType], name: str | None) -> None:
        super().__init__(operator if name is None else name, types)
        self.operator = operator
        if name is None:
            self.name = f"{operator}.{next(InlineReduction._numbers)}"

    @property
    def is_named(self) -> bool:
        """Whether the name is final."""
        return "." not in self.name

    def set_name(self, name: str) -> None:
        """Give the final name, and names that follow from it to the inline reductions inside."""
        self._rename_calls({self.name: name})
        self.name = name
        self._adopt_inline_reductions()

    def _adopt_inline_reductions(self) -> None:
        if self.is_named:
            super()._adopt_inline_reductions()


@dataclass(frozen=True)
class StageRef(Unscheduled):
    """An update of a Func, for scheduling: index n is the n-th one from 1."""

    func: Func
    index: int

    @property
    def as_written(self) -> str:
        return f"{self.func.name}.update({self.index - 1 or ''})"


def _parse_types(dtype: TypeLike | Sequence[TypeLike] | None) -> tuple[DType, ...]:
    """One element type, those of a tuple, or none."""
    if dtype is None:
        return ()
    if isinstance(dtype, list | tuple):
        return tuple(map(parse_dtype, dtype))
    return (parse_dtype(dtype),)


def _var(name: str) -> Expr:
    return Expr(ir.Variable(name), {}, {name: None})
