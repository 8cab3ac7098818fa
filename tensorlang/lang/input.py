"""Array arguments of an algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import SupportsIndex

from tensorlang.dtypes import DType, int64, parse_dtype
from tensorlang.errors import BoundsError, LanguageError, caller_location
from tensorlang.ir import expr as ir
from tensorlang.ir.algorithm import InputDef
from tensorlang.ir.printer import format_expr
from tensorlang.lang.expr import Expr, ExprLike, Source, as_expr, merge_sources, merge_variables
from tensorlang.lang.names import check_name
from tensorlang.lang.promotion import convert
from tensorlang.lang.weight import weigh


class Input(Source):
    """An array that the caller passes: C-contiguous, its shape known when the algorithm is written.

    Parameters
    ----------
    name : str
        Also the keyword by which a kernel takes the array.
    shape : sequence of int, >= 1
        Outermost dimension first, as NumPy's.
    dtype : DType, str or NumPy type
        Element type.
    constant : bool
        Marks weights, which `compute_at_init` may transform once.

    Raises
    ------
    LanguageError
        If the name, an extent or the type is malformed.
    """

    def __init__(
        self, name: str, shape: Sequence[SupportsIndex], dtype: DType | str | type, constant: bool = False
    ) -> None:
        self.name = check_name("Input", name)
        self.shape = _check_shape(name, shape)
        self.constant = bool(constant)
        self._type = parse_dtype(dtype)

    @property
    def type(self) -> DType:
        return self._type

    @property
    def shape_rank(self) -> int:
        return len(self.shape)

    def check_defined(self) -> None:
        """An Input can always be read."""

    @property
    def definition(self) -> InputDef:
        """The Input as data."""
        return InputDef(self.name, self.shape, self.type, self.constant)

    def __repr__(self) -> str:
        return f"Input({self.name!r}, {self.shape}, {self.type})"

    def __getitem__(self, key: ExprLike | tuple[ExprLike, ...]) -> Expr:
        """The element at integer coordinates, one for each dimension.

        Raises
        ------
        LanguageError
            If the number of coordinates is not the rank, or one is not an integer.
        BoundsError
            If a constant coordinate is outside the shape.
        """
        args = index_exprs(self.name, self.shape_rank, key)
        for dim, (arg, extent) in enumerate(zip(args, self.shape, strict=True)):
            if isinstance(arg.node, ir.Const) and not 0 <= arg.node.value < extent:
                raise BoundsError(
                    f"index {arg.node.value} of dimension {dim} of {self.name} is outside [0, {extent}).",
                    asked=f"{self.name}[{', '.join(format_expr(a.node) for a in args)}]",
                    where=caller_location(),
                    hint=f"count from the start: {extent + arg.node.value}" if -extent <= arg.node.value < 0 else "",
                )
        node = ir.Call(self.name, tuple(arg.node for arg in args), self.type)
        return Expr(node, merge_sources(args, reads=self), merge_variables(args), weigh([arg.weight for arg in args]))

    def __setitem__(self, key: object, value: object) -> None:
        """Refused: inputs are read only.

        Raises
        ------
        LanguageError
            Always.
        """
        raise LanguageError(
            f"{self.name} is an Input, which is read only.",
            asked=f"{self.name}[...] = ...",
            where=caller_location(),
            hint="define a tl.Func",
        )


def index_exprs(name: str, rank: int, key: object) -> tuple[Expr, ...]:
    """The coordinates in `key` as int64 expressions.

    Raises
    ------
    LanguageError
        If there are not `rank` of them, or one is not an integer.
    """
    items = key if isinstance(key, tuple) else (key,)
    if len(items) != rank:
        raise LanguageError(
            f"{name} has {rank} dimension{'' if rank == 1 else 's'} and got {len(items)} "
            f"ind{'ex' if len(items) == 1 else 'ices'}.",
            asked=_asked(name, items),
            where=caller_location(),
            rule="one index for each dimension, outermost first",
        )
    return tuple(_index(name, dim, item, items) for dim, item in enumerate(items))


def _index(name: str, dim: int, item: object, items: tuple[object, ...]) -> Expr:
    if isinstance(item, slice) or item is Ellipsis or item is None:
        raise LanguageError(
            f"index {dim} of {name} is {'a slice' if isinstance(item, slice) else item}.",
            asked=_asked(name, items),
            where=caller_location(),
            rule="a Func or an Input is read one element at a time; Vars stand for whole dimensions",
        )
    expr = as_expr(item)  # type: ignore[arg-type]
    if not expr.type.is_integer:
        hint = "tl.cast(tl.int64, tl.floor(x))" if expr.type.is_float else "tl.cast(tl.int64, x)"
        raise LanguageError(
            f"index {dim} of {name} is {expr.type}.",
            asked=_asked(name, items),
            where=caller_location(),
            rule="an index is an integer",
            hint=hint,
        )
    return Expr(convert(expr.node, int64), expr.sources, expr.variables, expr.weight)


def _asked(name: str, items: tuple[object, ...]) -> str:
    return f"{name}[{', '.join(_item_text(item) for item in items) or '()'}]"


def _item_text(item: object) -> str:
    if not isinstance(item, slice):
        return "..." if item is Ellipsis else repr(item)
    return ":".join("" if side is None else repr(side) for side in (item.start, item.stop))


def _check_shape(name: object, shape: object) -> tuple[int, ...]:
    try:
        extents = tuple(index(extent) for extent in shape)  # type: ignore[attr-defined]
    except TypeError:
        extents = (-1,)
    if all(extent >= 0 for extent in extents):
        return extents
    raise LanguageError(
        f"{shape!r} is not the shape of an Input.",
        asked=f"tl.Input({name!r}, {shape!r}, ...)",
        where=caller_location(),
        rule="a shape is a sequence of constant integers of at least 0",
    )
