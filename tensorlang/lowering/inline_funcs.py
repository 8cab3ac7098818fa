"""Replace calls of inlined Funcs by their definitions.

In: a resolved schedule. Out: the Algorithm without its inline Funcs, every call of them replaced by the value.
Order: first, after multiply-add contraction; later passes see only Funcs that have storage.
Refuses: nothing; that an inline Func is pure was checked with the schedule, the size of the result by
`tensorlang.legality.inlining`.
"""

from __future__ import annotations

from dataclasses import replace

from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef
from tensorlang.ir.expr import Call, Expr
from tensorlang.ir.visitor import rewrite, substitute
from tensorlang.legality.inlining import is_inline
from tensorlang.schedule.resolved import ResolvedSchedule


def inline_funcs(algorithm: Algorithm, resolved: ResolvedSchedule) -> Algorithm:
    """`algorithm` with the Funcs that `resolved` computes inline substituted into their consumers."""
    values: dict[str, FuncDef] = {}
    kept = []
    for func in algorithm.funcs:
        expanded = _expand_func(func, values)
        if is_inline(func, resolved):
            values[func.name] = expanded
        else:
            kept.append(expanded)
    return replace(algorithm, funcs=tuple(kept))


def _expand_func(func: FuncDef, values: dict[str, FuncDef]) -> FuncDef:
    def expand(definition: Definition) -> Definition:
        return definition.map_exprs(lambda e: _expand(e, values))

    return replace(func, pure=expand(func.pure), updates=tuple(expand(u) for u in func.updates))


def _expand(expr: Expr, values: dict[str, FuncDef]) -> Expr:
    def change(node: Expr) -> Expr:
        if isinstance(node, Call) and node.name in values:
            func = values[node.name]
            value = func.pure.values[node.element or 0]
            return substitute(value, dict(zip(func.vars, node.args, strict=True)))
        return node

    return rewrite(expr, change)
