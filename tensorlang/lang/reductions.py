"""Inline reductions: a sum, product, extreme value or its place over an RDom, written inside an expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tensorlang.dtypes import DType, int64, parse_dtype, uint64
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir.expr import BinaryOp, CompareOp, Const, Variable, index
from tensorlang.lang.expr import Domain, Expr, ExprLike, apply, as_expr, domains_of, merge_variables
from tensorlang.lang.func import InlineReduction
from tensorlang.lang.functions import cast, select
from tensorlang.lang.functions import max as elementwise_max
from tensorlang.lang.functions import min as elementwise_min
from tensorlang.lang.promotion import binary_node, compare_node, literal
from tensorlang.lang.tuples import Tuple, elements_of
from tensorlang.lang.var import RDom, Var


def sum(value: ExprLike, over: RDom | None = None, *, dtype: DType | None = None, name: str | None = None) -> Expr:
    """The sum of `value` over an RDom.

    It stands for a Func of its own, over the Vars of `value`, which a schedule finds by its name.

    Parameters
    ----------
    value : Expr
        Uses at least one RVar.
    over : RDom, optional
        What to sum over; by default every RDom in `value`. RVars of other RDoms become dimensions of the Func.
    dtype : DType, optional
        Type of the sum; by default that of `value`, but int64 or uint64 for narrower integers and bools, as ``np.sum``.
    name : str, optional
        Name of the Func; by default that of its first reader with ``_sum``, and a number from the second on.

    Raises
    ------
    LanguageError
        If `value` does not use the RDom, or is of a type that cannot be summed.

    Examples
    --------
    >>> from tensorlang.lang.func import Func
    >>> from tensorlang.lang.input import Input
    >>> x, i, k, out = Input("x", (4, 8), "float32"), Var("i"), RDom("k", 8), Func("out")
    >>> out[i] = sum(x[i, k] * x[i, k]) / 8
    >>> list(out.sources)
    ['out_sum']
    """
    return _accumulate("sum", BinaryOp.ADD, 0, value, over, dtype, name)


def product(value: ExprLike, over: RDom | None = None, *, dtype: DType | None = None, name: str | None = None) -> Expr:
    """The product of `value` over an RDom; parameters, type and errors as in `sum`."""
    return _accumulate("product", BinaryOp.MUL, 1, value, over, dtype, name)


def maximum(value: ExprLike, *others: ExprLike, over: RDom | None = None, name: str | None = None) -> Expr:
    """The largest of several operands, elementwise, or of one operand over an RDom; NaN if any is.

    Parameters
    ----------
    value : Expr
        First operand, or what to reduce.
    *others : Expr
        Further operands; without any, `value` is reduced.
    over, name
        As in `sum`.

    Raises
    ------
    LanguageError
        If there is one operand and it does not use the RDom.
    """
    if others:
        return elementwise_max(value, *others)
    return _extreme("maximum", BinaryOp.MAX, value, over, name)


def minimum(value: ExprLike, *others: ExprLike, over: RDom | None = None, name: str | None = None) -> Expr:
    """The smallest of several operands, elementwise, or of one operand over an RDom; otherwise as `maximum`."""
    if others:
        return elementwise_min(value, *others)
    return _extreme("minimum", BinaryOp.MIN, value, over, name)


def argmax(value: ExprLike, over: RDom | None = None, *, name: str | None = None) -> Tuple:
    """Where `value` is largest over an RDom, and the value there: ``(coordinate, ..., value)``.

    There is a coordinate for each dimension of the RDom, or of all RDoms in order of first use. Of equal values the
    first in the order of the RDom counts; a NaN counts as larger than all else, as in ``np.argmax``.

    Parameters
    ----------
    value, over
        As in `sum`.
    name : str, optional
        Name of the Func; by default that of its first reader with ``_argmax``, and a number from the second on.

    Raises
    ------
    LanguageError
        If `value` does not use the RDom.

    Examples
    --------
    >>> from tensorlang.lang.func import Func
    >>> from tensorlang.lang.input import Input
    >>> x, i, k, out = Input("x", (4, 8), "float32"), Var("i"), RDom("k", 8), Func("out")
    >>> out[i] = argmax(x[i, k])
    >>> out.types
    (int64, float32)
    """
    return _place("argmax", CompareOp.GT, value, over, name)


def argmin(value: ExprLike, over: RDom | None = None, *, name: str | None = None) -> Tuple:
    """Where `value` is smallest over an RDom, and the value there; a NaN counts as smaller. Otherwise as `argmax`."""
    return _place("argmin", CompareOp.LT, value, over, name)


def _place(label: str, better: CompareOp, value: ExprLike, over: RDom | None, name: str | None) -> Tuple:
    expr = as_expr(value)
    domains = _domains(label, expr, over)
    dims = [dim for domain in domains for dim in domain.dims]
    extreme = expr.type.minimum if better is CompareOp.GT else expr.type.maximum
    start = [*(index(dim.min) for dim in dims), literal(extreme, expr.type)]

    def step(best: tuple[Expr, ...], term: Expr) -> tuple[ExprLike, ...]:
        wins = apply(lambda a, b: compare_node(better, a, b), term, best[-1])
        if expr.type.is_float:
            # The first NaN wins: it differs from itself, what it beats does not.
            wins = wins | ((term != term) & (best[-1] == best[-1]))
        own = domains_of(term.variables)
        places = [Expr(Variable(dim.name), {}, {dim.name: domain}) for domain in own for dim in domain.dims]
        return elements_of(select(wins, (*places, term), (*best,)))

    return Tuple(*_fold(label, start, step, expr, domains, name))


def _accumulate(
    label: str, op: BinaryOp, identity: int, value: ExprLike, over: RDom | None, dtype: DType | None, name: str | None
) -> Expr:
    expr = as_expr(value)
    domains = _domains(label, expr, over)
    wide = expr.type
    if dtype is not None:
        wide = parse_dtype(dtype)
    elif wide.is_bool or wide.is_integer:
        wide = uint64 if wide.is_integer and wide.minimum == 0 else int64
    return _reduce(label, op, literal(identity, wide), cast(wide, expr), domains, name)


def _extreme(label: str, op: BinaryOp, value: ExprLike, over: RDom | None, name: str | None) -> Expr:
    expr = as_expr(value)
    domains = _domains(label, expr, over)
    start = expr.type.minimum if op is BinaryOp.MAX else expr.type.maximum
    return _reduce(label, op, literal(start, expr.type), expr, domains, name)


def _domains(label: str, expr: Expr, over: RDom | None) -> list[Domain]:
    """What to reduce over."""
    used = list(domains_of(expr.variables))
    if used and (over is None or over.domain in used):
        return used if over is None else [over.domain]
    raise LanguageError(
        f"tl.{label} reduces {expr!r}, which does not use {'any RDom' if over is None else over}.",
        where=caller_location(),
        rule="an inline reduction runs over an RDom that its operand uses",
        hint=f"tl.{label}(a, b) is elementwise" if label in ("maximum", "minimum") else "",
    )


def _reduce(label: str, op: BinaryOp, identity: Const, expr: Expr, domains: list[Domain], name: str | None) -> Expr:
    def step(totals: tuple[Expr, ...], term: Expr) -> tuple[Expr, ...]:
        return (apply(lambda a, b: binary_node(op, a, b), totals[0], term),)

    return _fold(label, [identity], step, expr, domains, name)[0]


def _fold(
    label: str,
    start: Sequence[Const],
    step: Callable[[tuple[Expr, ...], Expr], tuple[ExprLike, ...]],
    expr: Expr,
    domains: list[Domain],
    name: str | None,
) -> tuple[Expr, ...]:
    """The elements, after all points of `domains`, of a Func that begins as `start` and takes `step` at each."""
    func = InlineReduction(label, [const.type for const in start], name)
    predicates = [predicate for domain in domains for predicate in domain.predicates]
    # RVars of other domains become dimensions of this Func, and stay what they are where it is read.
    outer = {key: domain for key, domain in merge_variables([expr, *predicates]).items() if domain not in domains}
    inner = _over_own_domains(expr, domains)
    places = tuple(Var(key) for key in outer)
    func.define(places, [Expr(const, {}, {}) for const in start])
    func.define(places, step(func[places].elements, inner))
    for domain in domains:
        domain.used_by = domain.used_by or f"tl.{label}"
    return tuple(Expr(read.node, read.sources, outer) for read in func[places].elements)


def _over_own_domains(expr: Expr, domains: list[Domain]) -> Expr:
    """`expr` over copies of `domains`, everything else that it varies over being a Var, in their predicates too."""
    own = {domain: Domain(domain.dims) for domain in domains}

    def localized(part: Expr) -> Expr:
        variables = {key: None if d is None else own.get(d) for key, d in part.variables.items()}
        return Expr(part.node, part.sources, variables)

    for domain, copy in own.items():
        copy.predicates = tuple(localized(predicate) for predicate in domain.predicates)
    return localized(expr)
