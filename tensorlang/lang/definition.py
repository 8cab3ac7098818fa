"""The laws of pure and update definitions: builds the data of a definition, or says which law it breaks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tensorlang.dtypes import DType
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir import expr as ir
from tensorlang.ir.algorithm import Definition
from tensorlang.ir.printer import format_expr
from tensorlang.ir.visitor import walk
from tensorlang.lang.expr import Domain, Expr, ExprLike, apply, domains_of, merge_variables, reduction_vars
from tensorlang.lang.predicates import predicate_of
from tensorlang.lang.promotion import Operand, convert, widened
from tensorlang.lang.tuples import arity_error

_LONGEST_TEXT = 90


def pure_vars(name: str, args: tuple[Expr, ...]) -> tuple[str, ...]:
    """The Vars that are the left-hand side of a pure definition of Func `name`.

    Raises
    ------
    LanguageError
        If an argument is not a Var, or one Var stands twice.
    """
    names: list[str] = []
    for dim, arg in enumerate(args):
        if not is_var(arg):
            raise LanguageError(
                f"{name} has no definition yet, and argument {dim} of this one, {arg!r}, is not a Var.",
                asked=f"{lhs_text(name, args)} = ...",
                where=caller_location(),
                rule="the first definition of a Func says its value at every point: its arguments are distinct Vars",
                hint=f"define {name}[...] over Vars first, or use += to start from 0",
            )
        names.append(repr(arg))
    if len(set(names)) < len(names):
        raise LanguageError(
            f"a Var stands twice on the left of {lhs_text(name, args)}.",
            asked=f"{lhs_text(name, args)} = ...",
            where=caller_location(),
            rule="the arguments of a pure definition are distinct Vars",
        )
    return tuple(names)


def is_var(arg: Expr) -> bool:
    """Whether `arg` is a Var by itself."""
    return isinstance(arg.node, ir.Variable) and arg.variables[arg.node.name] is None


def pure_definition(name: str, args: tuple[Expr, ...], values: tuple[Expr, ...]) -> Definition:
    """The first definition of Func `name`.

    Raises
    ------
    LanguageError
        If a value uses an RDom, or a Var that is no argument.
    """
    names = pure_vars(name, args)
    asked = definition_text(name, args, values)
    variables = merge_variables(values)
    rvars = reduction_vars(variables)
    if rvars:
        raise LanguageError(
            f"the first definition of {name} uses {', '.join(r.name for r in rvars)} of an RDom.",
            asked=asked,
            where=caller_location(),
            rule="only updates run over an RDom",
            hint=f"{lhs_text(name, args)} += ..., or tl.sum(...)",
        )
    _check_free_vars(name, names, variables, asked, "each Var of a definition is one of its arguments")
    return Definition(tuple(arg.node for arg in args), tuple(value.node for value in values))


def update_definition(
    name: str, vars: tuple[str, ...], args: tuple[Expr, ...], values: tuple[Expr, ...]
) -> tuple[Definition, tuple[Expr, ...]]:
    """A further definition of Func `name`, whose pure definition is over `vars`, and everything that it reads.

    Raises
    ------
    LanguageError
        If a Var moves from its place or is not an argument, an RVar has the name of a Var, a self reference does not
        keep the pure Vars in place, or a predicate of an RDom is about something else.
    """
    asked = definition_text(name, args, values)
    variables = merge_variables([*args, *values])
    rvars = reduction_vars(variables)
    clash = [r.name for r in rvars if r.name in vars]
    if clash:
        raise LanguageError(
            f"{clash[0]} names a Var of {name} and a dimension of an RDom.",
            asked=asked,
            where=caller_location(),
            rule="the loops of a stage have names of their own",
            hint="give the dimension of the RDom another name",
        )
    pure = {d: var for d, var in enumerate(vars) if args[d].node == ir.Variable(var)}
    rule = f"each Var of an update stands on its left, in the place it has in {name}[{', '.join(vars)}]"
    _check_free_vars(name, pure.values(), variables, asked, rule)
    predicate = predicate_of(name, tuple(pure.values()), [*args, *values], asked)
    where = None if predicate is None else predicate.node
    definition = Definition(tuple(arg.node for arg in args), tuple(value.node for value in values), rvars, where)
    _check_self_references(name, pure, definition, asked)
    for domain in domains_of(variables):
        domain.used_by = domain.used_by or name
    return definition, (*args, *values) if predicate is None else (*args, *values, predicate)


def _check_free_vars(
    name: str, pure: Collection[str], variables: Mapping[str, Domain | None], asked: str, rule: str
) -> None:
    for var, domain in variables.items():
        if domain is None and var not in pure:
            raise LanguageError(
                f"Var {var} is free in a definition of {name}.",
                asked=asked,
                where=caller_location(),
                rule=rule,
                hint="to run over a range, use a tl.RDom",
            )


def _check_self_references(name: str, pure: dict[int, str], definition: Definition, asked: str) -> None:
    for root in definition.exprs:
        for node in walk(root):
            if not isinstance(node, ir.Call) or node.name != name:
                continue
            moved = [var for d, var in pure.items() if node.args[d] != ir.Variable(var)]
            if moved:
                raise LanguageError(
                    f"an update of {name} reads {format_expr(node)}, where {moved[0]} is not in its place.",
                    asked=asked,
                    where=caller_location(),
                    rule="self references keep the pure Vars of an update in place: its points may run in any order",
                    hint=f"run over {moved[0]} by an RDom, in order",
                )


def typed_values(
    name: str, types: Sequence[DType], values: Sequence[ExprLike], args: tuple[Expr, ...]
) -> tuple[Expr, ...]:
    """`values` in the element types of Func `name`; Python scalars take them, narrower types widen.

    Raises
    ------
    LanguageError
        If there are not as many values as elements, or one would have to be narrowed.
    """
    asked = definition_text(name, args, values)
    if len(values) != len(types):
        raise arity_error(name, len(types), len(values), asked)
    labels = [name] if len(types) == 1 else [f"element {n} of {name}" for n in range(len(types))]
    return tuple(_typed(*item, asked) for item in zip(labels, types, values, strict=True))


def _typed(label: str, dtype: DType, value: ExprLike, asked: str) -> Expr:
    def build(operand: Operand) -> ir.Expr:
        common = widened(dtype, operand)
        if common != dtype:
            raise LanguageError(
                f"{label} is {dtype}, and the value of this definition is {common}.",
                asked=asked,
                where=caller_location(),
                rule="all definitions of a Func have one element type; only widening is implicit",
                hint=f"tl.cast(tl.{'bool_' if dtype.is_bool else dtype}, ...)",
            )
        return convert(operand, dtype)

    return apply(build, value)


def lhs_text(name: str, args: tuple[Expr, ...]) -> str:
    """The left-hand side of a definition, as written."""
    return f"{name}[{', '.join(format_expr(arg.node) for arg in args) or '()'}]"


def definition_text(name: str, args: tuple[Expr, ...], values: Sequence[ExprLike]) -> str:
    """A definition, as written; cut where it grows long."""
    text = repr(values[0]) if len(values) == 1 else f"({', '.join(map(repr, values))})"
    text = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."
    return f"{lhs_text(name, args)} = {text}"


def undefined_error(name: str) -> LanguageError:
    """Func `name` is read before its pure definition."""
    return LanguageError(
        f"{name} is read and has no definition yet.",
        where=caller_location(),
        rule="a Func is defined before it is read",
        hint=f"{name}[...] = ..., or += to start from 0",
    )


def frozen_error(name: str, reason: str, args: tuple[Expr, ...]) -> LanguageError:
    """Func `name` gets a definition after `reason` has frozen it."""
    return LanguageError(
        f"{name} cannot be defined further: {reason}.",
        asked=f"{lhs_text(name, args)} = ...",
        where=caller_location(),
        rule="a Func that another Func reads, or that is compiled, is frozen",
        hint="write all updates of a Func before its first use",
    )


def name_taken_error(func: str, name: str) -> LanguageError:
    """The definitions of `func` call two different things `name`."""
    return LanguageError(
        f"{name} names two different things in the definitions of {func}.",
        where=caller_location(),
        rule="Funcs and Inputs of one algorithm have names of their own",
    )
