"""Who reads whom in an algorithm."""

from __future__ import annotations

from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef
from tensorlang.ir.expr import Call
from tensorlang.ir.visitor import walk
from tensorlang.schedule.stages import StageName


def calls(definition: Definition, name: str) -> list[Call]:
    """Every read of Func or Input `name` in a definition, its left-hand indices and predicate included."""
    return [call for call in _all_calls(definition) if call.name == name]


def reads_of(func: FuncDef) -> frozenset[str]:
    """The Funcs and Inputs that the definitions of `func` read, itself left out."""
    return frozenset(call.name for item in func.definitions for call in _all_calls(item)) - {func.name}


def producers_of(algorithm: Algorithm, name: str) -> frozenset[str]:
    """The Funcs and Inputs that Func `name` reads, directly or through others."""
    needed = {name}
    for func in reversed(algorithm.funcs):
        if func.name in needed:
            needed |= reads_of(func)
    return frozenset(needed) - {name}


def stages_using(algorithm: Algorithm, name: str) -> tuple[StageName, ...]:
    """The stages that read Func or Input `name`, directly or through other Funcs, producers first."""
    carriers = {name}
    stages: list[StageName] = []
    for func in algorithm.funcs:
        users = [
            StageName(func.name, index)
            for index, item in enumerate(func.definitions)
            if any(call.name in carriers and call.name != func.name for call in _all_calls(item))
        ]
        if users:
            carriers.add(func.name)
            stages.extend(users)
    return tuple(stages)


def _all_calls(definition: Definition) -> list[Call]:
    return [node for root in definition.exprs for node in walk(root) if isinstance(node, Call)]
