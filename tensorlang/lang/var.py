"""Names of loops: pure variables and reduction domains."""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import SupportsIndex, TypeAlias

from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir import expr as ir
from tensorlang.ir.algorithm import ReductionVar
from tensorlang.lang.expr import Domain, Expr, ExprLike
from tensorlang.lang.names import check_name, split_names
from tensorlang.lang.predicates import add_predicate

Bound: TypeAlias = SupportsIndex | tuple[SupportsIndex, SupportsIndex]


class Var(Expr):
    """A dimension of a Func, int64 in expressions; two Vars of one name are the same.

    Parameters
    ----------
    name : str
        Letters, digits and underscores.

    Raises
    ------
    LanguageError
        If the name is malformed.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = check_name("Var", name)
        super().__init__(ir.Variable(name), {}, {name: None})


def vars(names: str) -> tuple[Var, ...]:
    """The Vars of a text such as ``"i j k"``.

    Raises
    ------
    LanguageError
        If there is none, one is malformed, or two are the same.

    Examples
    --------
    >>> vars("i j")
    (i, j)
    """
    return tuple(Var(name) for name in split_names("Var", names))


class RVar(Expr):
    """One dimension of an RDom, int64 in expressions, over ``[min, min + extent)``."""

    __slots__ = ("name", "min", "extent")

    def __init__(self, dim: ReductionVar, domain: Domain) -> None:
        self.name = dim.name
        self.min = dim.min
        self.extent = dim.extent
        super().__init__(ir.Variable(dim.name), {}, {dim.name: domain})


class RDom(Expr):
    """A reduction domain: the points that an update definition runs over, the last dimension fastest.

    It unpacks to its RVars. A domain of one dimension is itself usable as an index. A definition that uses any
    dimension of a domain runs over all of them; one that uses several domains runs over their product, in order of
    first use. `where` makes domains that are not boxes.

    Parameters
    ----------
    names : str
        One name for each dimension, as ``"r s c"``.
    *bounds : int, or pair of int
        For each dimension an extent >= 0, or a pair (min, extent). A domain with an extent of 0 has no points.

    Raises
    ------
    LanguageError
        If a name is malformed or repeated, the numbers of names and bounds differ, or an extent is negative.

    Examples
    --------
    >>> r, s = RDom("r s", 3, (-1, 3))
    >>> r.extent, s.min
    (3, -1)
    """

    __slots__ = ("dims", "domain")

    def __init__(self, names: str, *bounds: Bound) -> None:
        found = split_names("RDom", names)
        if len(found) != len(bounds):
            raise LanguageError(
                f"RDom {names!r} has {len(found)} names and {len(bounds)} bounds.",
                where=caller_location(),
                rule="each dimension has a name and an extent",
                hint='tl.RDom("r s", 3, 3)',
            )
        self.domain = Domain(tuple(_dimension(name, bound) for name, bound in zip(found, bounds, strict=True)))
        self.dims = tuple(RVar(dim, self.domain) for dim in self.domain.dims)
        super().__init__(ir.Variable(found[0]), {}, dict.fromkeys(found, self.domain))

    @property
    def node(self) -> ir.Expr:
        """The only dimension as an index.

        Raises
        ------
        LanguageError
            If there are several.
        """
        if len(self.dims) > 1:
            names = ", ".join(self.names)
            raise LanguageError(
                f"an RDom of {len(self.dims)} dimensions stands in an expression.",
                where=caller_location(),
                rule="only an RDom of one dimension is itself an index",
                hint=f"unpack it: {names} = tl.RDom(...)",
            )
        return self._node

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the dimensions, outermost first."""
        return tuple(dim.name for dim in self.dims)

    def where(self, predicate: ExprLike) -> RDom:
        """Leave out the points at which `predicate` is false: nothing of a definition is executed there.

        It holds for every definition that runs over this domain; several calls add up. Later predicates are evaluated
        only at points where those before them hold, so that an array may be read under a condition that keeps the
        index inside it.

        Parameters
        ----------
        predicate : Expr
            A bool over dimensions of this domain, of other domains that the definition runs over, and over Vars that
            the definition keeps in place; it may read Inputs, and Funcs other than the one that is defined.

        Returns
        -------
        RDom
            This one.

        Raises
        ------
        LanguageError
            If the predicate is not bool, or a definition runs over the domain already.

        Examples
        --------
        >>> from tensorlang.lang.func import Func
        >>> below = RDom("r c", 4, 4)
        >>> r, c = below
        >>> _ = below.where(c <= r)
        >>> count = Func("count")
        >>> count[r] += 1
        >>> count.definition.updates[0].predicate == (c <= r).node
        True
        """
        add_predicate(self.domain, repr(self), predicate)
        return self

    def __iter__(self) -> Iterator[RVar]:
        return iter(self.dims)

    def __len__(self) -> int:
        return len(self.dims)

    def __repr__(self) -> str:
        sides = ", ".join(f"{v.name} in [{v.min}, {v.min + v.extent})" for v in self.dims)
        return f"RDom({sides})"


def _dimension(name: str, bound: Bound) -> ReductionVar:
    try:
        low, extent = (index(side) for side in (bound if isinstance(bound, tuple) else (0, bound)))
    except (TypeError, ValueError):
        raise _bad_bound(name, bound) from None
    if extent < 0:
        raise _bad_bound(name, bound)
    return ReductionVar(name, low, extent)


def _bad_bound(name: str, bound: object) -> LanguageError:
    return LanguageError(
        f"{bound!r} does not bound dimension {name} of an RDom.",
        where=caller_location(),
        rule="a bound is an extent of at least 0, or a pair (min, extent), constant integers both",
    )
