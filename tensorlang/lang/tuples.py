"""Tuples of values: what a Func of several elements is defined by, and what argmin and argmax give."""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import NoReturn, TypeAlias

from tensorlang.errors import LanguageError, caller_location
from tensorlang.lang.expr import Expr, ExprLike, as_expr, tuple_error


class Tuple(tuple[Expr, ...]):
    """Several values at every point, each of its own type: ``f[i] = tl.Tuple(a, b)``, or just ``f[i] = (a, b)``.

    It has no arithmetic of its own: take an element, ``t[0]``, or take it apart, ``a, b = t``.

    Parameters
    ----------
    *elements : Expr or scalar
        Two or more. Python scalars take the type of the element that they define.

    Raises
    ------
    LanguageError
        If there are fewer, or one is not a single value.

    Examples
    --------
    >>> from tensorlang.lang.func import Func
    >>> from tensorlang.lang.var import Var
    >>> i, f = Var("i"), Func("f")
    >>> f[i] = Tuple(i, i * 0.5)
    >>> f.types
    (int64, float64)
    """

    __slots__ = ()
    __array_ufunc__ = None

    def __new__(cls, *elements: ExprLike) -> Tuple:
        if len(elements) < 2:
            raise LanguageError(
                f"a tuple of {len(elements)} value{'' if len(elements) == 1 else 's'} is none.",
                asked=f"tl.Tuple({', '.join(map(repr, elements))})",
                where=caller_location(),
                rule="a tuple has two or more elements",
                hint="a single value needs no tuple" if elements else "",
            )
        for element in elements:
            as_expr(element)
        return super().__new__(cls, elements)  # type: ignore[arg-type]  # scalars stay weak until they are read

    def __iter__(self) -> Iterator[Expr]:
        return map(as_expr, super().__iter__())

    def __getitem__(self, key: object) -> Expr:  # type: ignore[override]  # one element at a time
        """An element.

        Raises
        ------
        LanguageError
            If there is no such element.
        """
        return as_expr(super().__getitem__(element_index(repr(self), len(self), key)))

    def _refuse(self, *others: object) -> NoReturn:
        raise tuple_error(repr(self), len(self))

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __and__ = __rand__ = __or__ = __ror__ = _refuse
    __xor__ = __rxor__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __pos__ = __invert__ = __abs__ = __bool__ = _refuse
    __eq__ = __ne__ = _refuse
    __hash__ = object.__hash__


ValueLike: TypeAlias = "ExprLike | tuple[ExprLike, ...]"
"""What a definition takes: a value, or a tuple of them."""


def elements_of(value: ValueLike) -> tuple[ExprLike, ...]:
    """The elements of a tuple, or the one value.

    Raises
    ------
    LanguageError
        If a Python tuple is not a `Tuple`.
    """
    if isinstance(value, tuple):
        # As given: the iterator of a Tuple would make Exprs of Python scalars, which are weak.
        elements = tuple(tuple.__iter__(value))
        return elements if isinstance(value, Tuple) else elements_of(Tuple(*elements))
    return value.elements if isinstance(value, Expr) else (value,)


def element_index(text: str, count: int, key: object) -> int:
    """The position that `key` means in a tuple of `count` values, written as `text`; counted from the end if negative.

    Raises
    ------
    LanguageError
        If there is no such element, or no tuple.
    """
    if count == 1:
        raise LanguageError(
            f"{text} is one value, not a tuple.",
            asked=f"{text}[{key!r}]",
            where=caller_location(),
            hint="indices of several dimensions stand in one pair of brackets: f[i, j]",
        )
    try:
        position = index(key)  # type: ignore[arg-type]
    except TypeError:
        position = count
    if -count <= position < count:
        return position % count
    raise LanguageError(
        f"{text} is a tuple of {count} values, and has no element {key!r}.",
        asked=f"{text}[{key!r}]",
        where=caller_location(),
        rule=f"an element is named by a constant integer, here 0 to {count - 1}",
    )


def arity_error(name: str, expected: int, given: int, asked: str) -> LanguageError:
    """A definition of Func `name` gives another number of values than the Func has elements."""
    return LanguageError(
        f"{name} has {value_count(expected)} at each point, and this definition gives {value_count(given)}.",
        asked=asked,
        where=caller_location(),
        rule="every definition of a Func gives as many values, one for each element",
        hint=f"an update of one element leaves the others as they are: {name}[...][0] = ..."
        if expected > given
        else "",
    )


def value_count(values: int) -> str:
    """``one value``, or ``a tuple of 2``."""
    return "one value" if values == 1 else f"a tuple of {values}"
