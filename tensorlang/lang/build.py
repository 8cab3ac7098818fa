"""From Funcs as the user wrote them to an algorithm as data."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.expr import Source
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.param import Param


def build_algorithm(outputs: Func | Sequence[Func], inputs: Sequence[Input | Param] | None = None) -> Algorithm:
    """The algorithm that computes `outputs`; every Func in it is frozen from now on.

    Parameters
    ----------
    outputs : Func or sequence of Func
        At least one.
    inputs : sequence of Input and Param, optional
        Argument order; by default the order of first use, producers before consumers.

    Returns
    -------
    Algorithm
        Its Funcs in an order in which producers come before consumers.

    Raises
    ------
    LanguageError
        If a Func is not defined, two things have one name, or `inputs` are not the Inputs that are read.
    """
    wanted = _check_outputs(outputs)
    found = _reachable(wanted)
    _check_names(found)
    funcs = [source for source in found if isinstance(source, Func)]
    for func in funcs:
        func.freeze("it is part of an algorithm that was compiled")
    used = [source for source in found if isinstance(source, Input | Param)]
    ordered = used if inputs is None else _check_inputs(list(inputs), used)
    return Algorithm(
        tuple(func.definition for func in funcs),
        tuple(source.definition for source in ordered),
        tuple(func.name for func in wanted),
    )


def _check_outputs(outputs: Func | Sequence[Func]) -> list[Func]:
    wanted = [outputs] if isinstance(outputs, Func) else list(outputs)
    for output in wanted:
        if not isinstance(output, Func):
            raise LanguageError(f"{output!r} is not a Func.", where=caller_location(), rule="outputs are Funcs")
    if not wanted or len({id(output) for output in wanted}) < len(wanted):
        raise LanguageError(
            "an output is given twice." if wanted else "there is no output.",
            where=caller_location(),
            rule="outputs are one or more distinct Funcs",
        )
    return wanted


def _reachable(outputs: Sequence[Func]) -> list[Source]:
    """Everything that `outputs` need, themselves included: what is read before what reads it, in order of first use."""
    done: dict[int, Source] = {}
    stack: list[tuple[Source, bool]] = [(output, False) for output in reversed(outputs)]
    while stack:
        source, is_after_producers = stack.pop()
        if id(source) in done:
            continue
        if is_after_producers or not isinstance(source, Func):
            done[id(source)] = source
            continue
        source.check_defined()
        stack.append((source, True))
        stack.extend((producer, False) for producer in reversed(list(source.sources.values())))
    return list(done.values())


def _check_names(sources: Sequence[Source]) -> None:
    by_name: dict[str, Source] = {}
    for source in sources:
        if by_name.setdefault(source.name, source) is not source:
            raise LanguageError(
                f"two different Funcs or Inputs of the algorithm are called {source.name}.",
                where=caller_location(),
                rule="Funcs and Inputs of one algorithm have names of their own",
                hint="inline reductions take name=",
            )


def _check_inputs(inputs: Sequence[Input | Param], used: Sequence[Input | Param]) -> list[Input | Param]:
    given = [source.name for source in inputs]
    is_same_set = {id(source) for source in inputs} == {id(source) for source in used}
    if is_same_set and len(inputs) == len(used):
        return list(inputs)
    raise LanguageError(
        f"inputs=[{', '.join(given)}] are not the Inputs of the algorithm.",
        where=caller_location(),
        rule="inputs lists each Input that the algorithm reads once, and no other",
        legal=f"inputs=[{', '.join(source.name for source in used)}], in any order",
    )
