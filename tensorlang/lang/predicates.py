"""Predicates of reduction domains: what they may say, and which one a definition runs under."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tensorlang.dtypes import bool_
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir import expr as ir
from tensorlang.ir.visitor import walk
from tensorlang.lang.expr import Domain, Expr, ExprLike, apply, as_expr, domains_of, merge_variables
from tensorlang.lang.promotion import Operand, convert


def add_predicate(domain: Domain, shown: str, predicate: ExprLike) -> None:
    """Restrict `domain`, which the user knows as `shown`, to the points where `predicate` holds, too.

    Raises
    ------
    LanguageError
        If the predicate is not bool, or a definition runs over the domain already.
    """
    condition = as_expr(predicate)
    asked = f"where({condition!r})"
    if not condition.type.is_bool:
        raise LanguageError(
            f"the predicate of {shown} is {condition.type}.",
            asked=asked,
            where=caller_location(),
            rule="a predicate is bool",
            hint=f"compare: {condition!r} != 0",
        )
    if domain.used_by:
        raise LanguageError(
            f"{shown} takes no more predicates: {domain.used_by} runs over it.",
            asked=asked,
            where=caller_location(),
            rule="the predicates of an RDom come before the definitions that run over it",
            hint="make another tl.RDom",
        )
    domain.predicates = (*domain.predicates, condition)


def predicate_of(name: str, pure: Collection[str], exprs: Sequence[Expr], asked: str) -> Expr | None:
    """The predicate under which a definition of Func `name`, over the Vars `pure`, runs; `exprs` are its other parts.

    Raises
    ------
    LanguageError
        If it depends on what the definition does not: a dimension of another RDom, a Var, the Func itself.
    """
    domains = domains_of(merge_variables(exprs))
    predicates = [predicate for domain in domains for predicate in domain.predicates]
    for predicate in predicates:
        problem = _find_problem(name, pure, domains, predicate)
        if problem is not None:
            message, rule, hint = problem
            raise LanguageError(message, asked=asked, where=caller_location(), rule=rule, hint=hint)
    return apply(_all, *predicates) if predicates else None


def _find_problem(
    name: str, pure: Collection[str], domains: Sequence[Domain], predicate: Expr
) -> tuple[str, str, str] | None:
    """What makes a definition of `name` unable to run under a predicate, the rule, and a hint."""
    for var, domain in predicate.variables.items():
        if domain is not None and domain not in domains:
            return (
                f"the predicate {predicate!r} uses {var} of an RDom over which this definition of {name} does not run.",
                "a predicate is over the RDoms and the Vars of the definition that runs under it",
                "make one tl.RDom of all the dimensions",
            )
        if domain is None and var not in pure:
            return (
                f"the predicate {predicate!r} uses Var {var}, which this definition of {name} does not keep in place.",
                "a predicate is over the RDoms and the Vars of the definition that runs under it",
                f"the Vars here: {', '.join(pure)}" if pure else "",
            )
    if any(isinstance(node, ir.Call) and node.name == name for node in walk(predicate.node)):
        return (
            f"the predicate {predicate!r} reads {name}, which this definition changes.",
            "which points are executed does not depend on the Func that is being updated",
            "use tl.select in the value",
        )
    return None


def _all(*operands: Operand) -> ir.Expr:
    first, *rest = (convert(operand, bool_) for operand in operands)
    for condition in rest:
        first = ir.Binary(ir.BinaryOp.AND, first, condition)
    return first
