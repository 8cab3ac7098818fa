"""Must-fail tests of definitions, boundary conditions and algorithms: whole error texts."""

from __future__ import annotations

import inspect

import pytest

import tensorlang as tl
from tensorlang.errors import LanguageError
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.unscheduled import DIRECTIVE_NAMES, NoSuchMethodError
from tensorlang.schedule import DIRECTIVES

from .refusals import refusal

i, j = tl.vars("i j")
X = tl.Input("x", (8, 8), tl.float32)


def defined(name: str = "f") -> tl.Func:
    func = tl.Func(name)
    func[i, j] = X[i, j]
    return func


def test_error_points_at_the_users_line() -> None:
    frame = inspect.currentframe()
    assert frame is not None
    with pytest.raises(LanguageError) as caught:
        line = frame.f_lineno + 1
        tl.Func("f")[i, i] = 0
    assert caught.value.where.endswith(f"tests/lang/test_refused_definitions.py:{line}")


def test_repeated_var() -> None:
    f = tl.Func("f")
    assert refusal(lambda: f.__setitem__((i, i), 0), LanguageError) == (
        "a Var stands twice on the left of f[i, i].\n"
        "  asked       f[i, i] = ...    HERE\n"
        "  rule        the arguments of a pure definition are distinct Vars"
    )


def test_first_definition_at_a_place() -> None:
    f = tl.Func("f")
    assert refusal(lambda: f.__setitem__((i, j + 1), 0), LanguageError) == (
        "f has no definition yet, and argument 1 of this one, j + 1, is not a Var.\n"
        "  asked       f[i, j + 1] = ...    HERE\n"
        "  rule        the first definition of a Func says its value at every point: its arguments are distinct Vars\n"
        "  hint        define f[...] over Vars first, or use += to start from 0"
    )


def test_first_definition_over_a_domain() -> None:
    f, k = tl.Func("f"), tl.RDom("k", 8)
    assert refusal(lambda: f.__setitem__(i, X[i, k]), LanguageError) == (
        "the first definition of f uses k of an RDom.\n"
        "  asked       f[i] = x[i, k]    HERE\n"
        "  rule        only updates run over an RDom\n"
        "  hint        f[i] += ..., or tl.sum(...)"
    )


def test_free_var() -> None:
    f = tl.Func("f")
    assert refusal(lambda: f.__setitem__(i, X[i, j]), LanguageError) == (
        "Var j is free in a definition of f.\n"
        "  asked       f[i] = x[i, j]    HERE\n"
        "  rule        each Var of a definition is one of its arguments\n"
        "  hint        to run over a range, use a tl.RDom"
    )


def test_var_that_leaves_its_place() -> None:
    f = defined()
    assert refusal(lambda: f.__setitem__((j, i), X[i, j]), LanguageError) == (
        "Var j is free in a definition of f.\n"
        "  asked       f[j, i] = x[i, j]    HERE\n"
        "  rule        each Var of an update stands on its left, in the place it has in f[i, j]\n"
        "  hint        to run over a range, use a tl.RDom"
    )


def test_self_reference_that_moves_a_var() -> None:
    f = defined()
    assert refusal(lambda: f.__setitem__((i, j), f[i, j - 1] + 1), LanguageError) == (
        "an update of f reads f[i, j - 1], where j is not in its place.\n"
        "  asked       f[i, j] = f[i, j - 1] + 1.0    HERE\n"
        "  rule        self references keep the pure Vars of an update in place: its points may run in any order\n"
        "  hint        run over j by an RDom, in order"
    )


def test_rvar_with_the_name_of_a_var() -> None:
    f, j = defined(), tl.RDom("j", 8)
    assert refusal(lambda: f.__setitem__((i, 0), X[i, j]), LanguageError) == (
        "j names a Var of f and a dimension of an RDom.\n"
        "  asked       f[i, 0] = x[i, j]    HERE\n"
        "  rule        the loops of a stage have names of their own\n"
        "  hint        give the dimension of the RDom another name"
    )


def test_narrowing_update() -> None:
    f = defined()
    assert refusal(lambda: f.__setitem__((i, j), tl.cast(tl.float64, X[i, j])), LanguageError) == (
        "f is float32, and the value of this definition is float64.\n"
        "  asked       f[i, j] = float64(x[i, j])    HERE\n"
        "  rule        all definitions of a Func have one element type; only widening is implicit\n"
        "  hint        tl.cast(tl.float32, ...)"
    )


def test_declared_type_is_kept() -> None:
    f = tl.Func("f", tl.int32)
    assert refusal(lambda: f.__setitem__(i, 0.5), LanguageError) == (
        "f is int32, and the value of this definition is float64.\n"
        "  asked       f[i] = 0.5    HERE\n"
        "  rule        all definitions of a Func have one element type; only widening is implicit\n"
        "  hint        tl.cast(tl.int32, ...)"
    )


def test_wrong_arity() -> None:
    f = defined()
    assert refusal(lambda: f[i], LanguageError) == (
        "f has 2 dimensions and got 1 index.\n"
        "  asked       f[i]    HERE\n"
        "  rule        one index for each dimension, outermost first"
    )


def test_func_that_another_reads_is_frozen() -> None:
    f, g = defined(), tl.Func("g")
    g[i, j] = f[i, j]
    assert refusal(lambda: f.__setitem__((i, j), 0.0), LanguageError) == (
        "f cannot be defined further: g reads it.\n"
        "  asked       f[i, j] = ...    HERE\n"
        "  rule        a Func that another Func reads, or that is compiled, is frozen\n"
        "  hint        write all updates of a Func before its first use"
    )


def test_compiled_func_is_frozen() -> None:
    f = defined()
    build_algorithm(f)
    assert refusal(lambda: f.__setitem__((i, j), 0.0), LanguageError) == (
        "f cannot be defined further: it is part of an algorithm that was compiled.\n"
        "  asked       f[i, j] = ...    HERE\n"
        "  rule        a Func that another Func reads, or that is compiled, is frozen\n"
        "  hint        write all updates of a Func before its first use"
    )


def test_undefined_func_reads_itself() -> None:
    f = tl.Func("f")
    assert refusal(lambda: f.__setitem__(i, f[i] + 1), LanguageError) == (
        "f is read and has no definition yet.\n"
        "  asked       HERE\n"
        "  rule        a Func is defined before it is read\n"
        "  hint        f[...] = ..., or += to start from 0"
    )


def test_func_reads_another_of_its_name() -> None:
    f, other = tl.Func("f"), defined("f")
    assert refusal(lambda: f.__setitem__((i, j), other[i, j]), LanguageError) == (
        "f names two different things in the definitions of f.\n"
        "  asked       HERE\n"
        "  rule        Funcs and Inputs of one algorithm have names of their own"
    )


def test_missing_update() -> None:
    f = defined()
    f[i, j] += 1
    assert refusal(lambda: f.update(1), LanguageError) == (
        "f has 1 update.\n  asked       f.update(1)    HERE\n  legal here  f.update(0)"
    )


def test_boundary_condition_of_a_func_needs_bounds() -> None:
    assert refusal(lambda: tl.repeat_edge(defined()), LanguageError) == (
        "repeat_edge of f, which has 2 dimensions, got no bounds.\n"
        "  asked       tl.repeat_edge(f, ...)    HERE\n"
        "  rule        it takes bounds=, a pair (min, extent) for each dimension of a Func"
    )


def test_boundary_condition_with_too_few_pads() -> None:
    assert refusal(lambda: tl.constant_exterior(X, 0, (1,)), LanguageError) == (
        "constant_exterior of x, which has 2 dimensions, got pad=(1,).\n"
        "  asked       tl.constant_exterior(x, ...)    HERE\n"
        "  rule        it takes an int or None for each dimension"
    )


def test_boundary_condition_with_bad_bounds() -> None:
    assert refusal(lambda: tl.mirror_image(X, bounds=[(0, 8), (0, 0)]), LanguageError) == (
        "mirror_image of x, which has 2 dimensions, got bounds=[(0, 8), (0, 0)].\n"
        "  asked       tl.mirror_image(x, ...)    HERE\n"
        "  rule        it takes a pair (min, extent >= 1) for each dimension"
    )


def test_boundary_condition_with_too_few_names() -> None:
    assert refusal(lambda: tl.repeat_image(X, vars="i"), LanguageError) == (
        "repeat_image of x, which has 2 dimensions, got vars='i'.\n"
        "  asked       tl.repeat_image(x, ...)    HERE\n"
        "  rule        it takes a name for each dimension"
    )


def test_algorithm_without_output() -> None:
    assert refusal(lambda: build_algorithm([]), LanguageError) == (
        "there is no output.\n  asked       HERE\n  rule        outputs are one or more distinct Funcs"
    )


def test_output_given_twice() -> None:
    f = defined()
    assert refusal(lambda: build_algorithm([f, f]), LanguageError) == (
        "an output is given twice.\n  asked       HERE\n  rule        outputs are one or more distinct Funcs"
    )


def test_output_that_is_no_func() -> None:
    assert refusal(lambda: build_algorithm([X]), LanguageError) == (  # type: ignore[list-item]
        "Input('x', (8, 8), float32) is not a Func.\n  asked       HERE\n  rule        outputs are Funcs"
    )


def test_two_inputs_of_one_name_in_different_funcs() -> None:
    f, g = defined(), tl.Func("g")
    other = tl.Input("x", (8, 8), tl.float32)
    g[i, j] = other[i, j]
    assert refusal(lambda: build_algorithm([f, g]), LanguageError) == (
        "two different Funcs or Inputs of the algorithm are called x.\n"
        "  asked       HERE\n"
        "  rule        Funcs and Inputs of one algorithm have names of their own\n"
        "  hint        inline reductions take name="
    )


def test_inputs_that_are_not_read() -> None:
    f, y = defined(), tl.Input("y", (8,), tl.float32)
    assert refusal(lambda: build_algorithm(f, [X, y]), LanguageError) == (
        "inputs=[x, y] are not the Inputs of the algorithm.\n"
        "  asked       HERE\n"
        "  rule        inputs lists each Input that the algorithm reads once, and no other\n"
        "  legal here  inputs=[x], in any order"
    )


def test_refused_increment_leaves_the_func_undefined() -> None:
    f, k = tl.Func("f"), tl.RDom("k", 8)
    assert refusal(lambda: f.__setitem__(i, f[i].__iadd__(X[j, k])), LanguageError) == (
        "Var j is free in a definition of f.\n"
        "  asked       f[i] = f[i] + x[j, k]    HERE\n"
        "  rule        each Var of an update stands on its left, in the place it has in f[i]\n"
        "  hint        to run over a range, use a tl.RDom"
    )
    assert not f.is_defined
    f[i, j] += X[i, j]
    assert f.vars == ("i", "j")


def test_func_and_input_of_one_name() -> None:
    f, other = defined(), tl.Input("f", (8,), tl.int32)
    assert refusal(lambda: f[other[i], j] + 1, LanguageError) == (
        "f names two different things in one expression.\n"
        "  asked       HERE\n"
        "  rule        Funcs and Inputs of one algorithm have names of their own"
    )


def test_directive_given_to_a_func() -> None:
    f = defined()
    assert refusal(lambda: f.compute_root(), NoSuchMethodError) == (  # type: ignore[attr-defined]
        "f has no method compute_root: a Func says what is computed, and a schedule says how.\n"
        "  asked       f.compute_root    HERE\n"
        "  rule        directives are given to a stage of a Schedule\n"
        "  hint        s = tl.Schedule(output), then s[f].compute_root(...)"
    )


def test_directive_given_to_an_update() -> None:
    f = defined()
    f[i, j] += 1.0
    f[i, j] += 2.0
    text = (
        "{0} has no method vectorize: a Func says what is computed, and a schedule says how.\n"
        "  asked       {0}.vectorize    HERE\n"
        "  rule        directives are given to a stage of a Schedule\n"
        "  hint        s = tl.Schedule(output), then s[{0}].vectorize(...)"
    )
    for update, written in ((0, "f.update()"), (1, "f.update(1)")):
        stage = f.update(update)
        refused = refusal(lambda stage=stage: stage.vectorize(j, 8), NoSuchMethodError)  # type: ignore[misc]
        assert refused == text.format(written)


def test_copy_asked_of_a_func() -> None:
    f = defined()
    assert refusal(lambda: f.in_(f), NoSuchMethodError) == (  # type: ignore[attr-defined]
        "f has no method in_: a Func says what is computed, and a schedule says how.\n"
        "  asked       f.in_    HERE\n"
        "  rule        directives are given to a stage of a Schedule\n"
        '  hint        s = tl.Schedule(output), then s.in_(f, consumer, "f_copy")'
    )


def test_a_func_lacks_all_directives_and_other_names_as_objects_do() -> None:
    f = defined()
    assert DIRECTIVE_NAMES == set(DIRECTIVES)
    assert not any(hasattr(f, name) for name in DIRECTIVES)
    with pytest.raises(AttributeError, match="^'Func' object has no attribute 'nothing'$"):
        _ = f.nothing  # type: ignore[attr-defined]
