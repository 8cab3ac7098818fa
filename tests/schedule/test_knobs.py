"""Knobs: schedules with holes as data, what they are filled with, and what is refused."""

from __future__ import annotations

import doctest
import json
from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.errors import ScheduleError, TensorlangError
from tensorlang.schedule import Schedule
from tensorlang.schedule import knobs as knobs_module
from tensorlang.schedule.knobs import MAX_CHOICES, Knob, knob

from .programs import Blur, blur, gemm, refusal
from .test_json import refusal_of, wrapped
from .test_schedule import rebuilt


def with_all_sorts() -> Schedule:
    """A schedule with a hole of every sort."""
    b = blur()
    s = Schedule(b.f)
    s[b.f].split("i", "io", "ii", knob("ti", [4, 8]), tail=knob("tail", ["guard_with_if", "shift_inwards"]))
    s[b.f].reorder(knob("order", [("io", "ii", "j"), ("io", "j", "ii")])).vectorize("j", knob("lanes", [None, 8]))
    s[b.f].parallel(knob("tasks", ["io", "ii"])).prefetch(b.x, "ii", "io", knob("ahead", [1, 2]))
    s[b.g].compute_at(knob("site", [(b.f, "io"), (b.f, "ii"), "root", "inline"]))
    s[b.g].store_at(knob("kept", [("f", "io"), "root"])).fold_storage("i", 8, knob("forward", [True, False]))
    s[b.g].store_in(knob("memory", ["heap", "stack"])).align_storage("j", knob("ti", [4, 8]))
    s[b.g].hoist_storage(knob("made", [("f", "io"), "root"]))
    return s


def test_holes_are_data_as_all_else() -> None:
    s = with_all_sorts()
    assert s == with_all_sorts() and hash(s) == hash(with_all_sorts())
    assert Schedule.from_json(s.to_json()) == s and Schedule.from_json(s.to_json()).to_json() == s.to_json()
    assert rebuilt(s.source()) == s
    assert s.copy() == s and s.copy().knobs == s.knobs
    assert s != s.fill(ti=4)


def test_form() -> None:
    s = Schedule()
    s["f"].split("i", "io", "ii", knob("ti", [4, 8])).reorder(knob("order", [("ii", "io"), ("io", "ii")]))
    s["g"].compute_at(knob("site", [("f", "io"), "root"]))
    assert json.loads(s.to_json())["directives"] == [
        {
            "directive": "split",
            "stage": "f",
            "old": "i",
            "outer": "io",
            "inner": "ii",
            "factor": {"knob": "ti", "choices": [4, 8]},
        },
        {"directive": "reorder", "stage": "f", "loops": {"knob": "order", "choices": [["ii", "io"], ["io", "ii"]]}},
        {"directive": "compute_at", "stage": "g", "level": {"knob": "site", "choices": [["f", "io"], "root"]}},
    ]
    assert s.source() == (
        "s = tl.Schedule()\n"
        '(\n    s["f"]\n'
        '    .split("i", "io", "ii", tl.knob("ti", [4, 8]))\n'
        '    .reorder(tl.knob("order", [("ii", "io"), ("io", "ii")]))\n)\n'
        's["g"].compute_at(tl.knob("site", [("f", "io"), "root"]))\n'
    )


def test_knobs_in_order_of_first_use_and_each_once() -> None:
    names = ["ti", "tail", "order", "lanes", "tasks", "ahead", "site", "kept", "forward", "memory", "made"]
    assert [found.name for found in with_all_sorts().knobs] == names
    assert Schedule().knobs == ()


def test_users_objects_stand_for_their_names() -> None:
    (i, j), k, f = tl.vars("i j"), tl.RDom("k0 k1", 4, 4), tl.Func("f")
    k0, k1 = k
    f[i, j] += k0 + k1 + i + j
    assert knob("a", [i, f, f.update()]).choices == ("i", "f", "f.update(0)")
    assert knob("a", [(i, k, j), [j, i]]).choices == (("i", "k0", "k1", "j"), ("j", "i"))
    assert knob("a", range(3)).choices == (0, 1, 2)
    assert knob("a", [1, True, None]).choices == (1, True, None)


def filled(**choices: str | int | tuple[object, str]) -> Schedule:
    b = blur()
    s = Schedule(b.f)
    s[b.f].split("i", "io", "ii", knob("ti", [4, 8])).unroll("ii", knob("u", [2, 4]))
    s[b.g].compute_at(knob("site", [(b.f, "io"), "root", "inline"]))
    return s.fill(choices)  # type: ignore[arg-type]


def by_hand(place: Callable[[Schedule, Blur], object]) -> Schedule:
    b = blur()
    s = Schedule(b.f)
    s[b.f].split("i", "io", "ii", 8).unroll("ii", 4)
    place(s, b)
    return s


def test_filled_is_what_is_written_by_hand() -> None:
    assert filled(ti=8, u=4, site=("f", "io")) == by_hand(lambda s, b: s[b.g].compute_at(b.f, "io"))
    assert filled(ti=8, u=4, site="root") == by_hand(lambda s, b: s[b.g].compute_root())
    assert filled(ti=8, u=4, site="inline") == by_hand(lambda s, b: s[b.g].compute_inline())


def test_levels_of_storage() -> None:
    def stored(**choices: str | tuple[str, str]) -> Schedule:
        s = Schedule()
        s["g"].store_at(knob("kept", [("f", "io"), "root"])).hoist_storage(knob("made", [("f", "io"), "root"]))
        return s.fill(choices)

    s, t = Schedule(), Schedule()
    s["g"].store_root().hoist_storage("f", "io")
    t["g"].store_at("f", "io").hoist_storage_root()
    assert stored(kept="root", made=("f", "io")) == s
    assert stored(kept=("f", "io"), made="root") == t


def test_fill_leaves_the_schedule_and_the_other_knobs() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.f].split("i", "io", "ii", knob("ti", [4, 8])).unroll("ii", knob("u", [2, 4]))
    half = s.fill(ti=8)
    assert [found.name for found in half.knobs] == ["u"] and len(s.knobs) == 2
    assert half.fill({"u": 2}) == s.fill(ti=8, u=2) and s.fill(ti=8, u=2).knobs == ()


def test_one_knob_in_several_places() -> None:
    s = Schedule()
    s["f"].unroll("i", knob("n", [2, 4]))
    s["g"].unroll("i", knob("n", [2, 4]))
    assert s.fill(n=4).source() == 's = tl.Schedule()\ns["f"].unroll("i", 4)\ns["g"].unroll("i", 4)\n'


def test_a_filled_schedule_compiles_and_keeps_where_it_was_written() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.f].vectorize("j", knob("lanes", [4, 8]))
    done = s.fill(lanes=8)
    assert "vectorized j.lane in 0..8" in tl.loop_nest(b.f, done, shape=(16, 16))
    assert done.directives[0].where == s.directives[0].where != ""


def test_names_are_checked_when_it_is_filled() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.f].split("i", "io", "ii", knob("ti", [4, 8])).unroll("iii")
    assert refusal(lambda: s.fill(ti=4)) == (
        's[f].unroll("iii"): f has no loop iii.\n'
        '  asked       s[f].unroll("iii")    HERE\n'
        "  rule        a directive names loops that exist when it is given\n"
        "  legal here  loops of f, outermost first: io, ii, j"
    )


def test_what_comes_before_the_first_hole_is_checked_at_once() -> None:
    s = Schedule()
    s["f"].unroll("x").vectorize("j", knob("lanes", [4, 8]))
    with pytest.raises(ScheduleError, match="no loop x"):
        s.bind(blur().f)
    t = Schedule()
    t["f"].unroll("i").vectorize("x", knob("lanes", [4, 8]))
    with pytest.raises(ScheduleError, match="no loop x"):
        t.bind(blur().f).fill(lanes=4)


def text_of(error: TensorlangError) -> str:
    assert "test_knobs.py:" in error.where
    return str(error).replace(error.where, "HERE")


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises(ScheduleError) as caught:
        call()
    return text_of(caught.value)


HOLES = (
    "the schedule has holes: ti, site.\n"
    '  asked       s[f].split("i", "io", "ii", tl.knob("ti", [4, 8]))    HERE\n'
    "  rule        a schedule is compiled once each of its knobs has a value\n"
    '  legal here  tl.knob("ti", [4, 8]) | tl.knob("site", [("f", "io"), "root"])\n'
    '  hint        s.fill(ti=4, site=("f", "io")), or autotune.tune(output, s) to find the fastest'
)


def test_a_schedule_with_holes_is_not_compiled() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.f].split("i", "io", "ii", knob("ti", [4, 8]))
    s[b.g].compute_at(knob("site", [(b.f, "io"), "root"]))
    uses: tuple[Callable[[], object], ...] = (
        lambda: tl.compile(b.f, s, shape=(16, 16)),
        lambda: tl.loop_nest(b.f, s, shape=(16, 16)),
    )
    for use in uses:
        with pytest.raises(ScheduleError) as caught:
            use()
        assert text_of(caught.value) == HOLES
    (problem,) = s.check()
    assert text_of(problem) == HOLES


def test_choices_that_a_directive_does_not_take() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C"].split("i", "io", "ii", knob("ti", [4, 0]))) == (
        's[C].split("i", "io", "ii", tl.knob("ti", [4, 0])): '
        "factor must be an integer >= 1 and < 2**31, but the knob ti has the choice 0.\n"
        '  asked       s[C].split("i", "io", "ii", tl.knob("ti", [4, 0]))    HERE\n'
        "  rule        factor is an integer >= 1 and < 2**31, whichever choice a knob takes"
    )
    assert refusal(lambda: s["C"].split("i", "io", "ii", 4, tail=knob("tail", ["auto", "cut"]))).startswith(
        's[C].split("i", "io", "ii", 4, tail=tl.knob("tail", ["auto", "cut"])): tail must be one of round_up, '
    )
    assert refusal(lambda: s["C"].reorder(knob("order", [("i", "j"), ("i", "i")]))).startswith(
        's[C].reorder(tl.knob("order", [("i", "j"), ("i", "i")])): '
        "loops must be a list of distinct names, but the knob order has the choice ('i', 'i').\n"
    )
    assert s.directives == ()


def test_places_that_take_no_knob() -> None:
    s = Schedule(gemm().c)
    name = knob("name", ["io", "i1"])
    assert refusal(lambda: s["C"].split("i", name, "ii", 4)).startswith(  # type: ignore[arg-type]
        's[C].split("i", tl.knob("name", ["io", "i1"]), "ii", 4): outer must be a name made of letters, digits and _ '
    )
    assert refusal(lambda: s["C"].compute_at("C")).startswith(  # type: ignore[call-overload]
        "s[C].compute_at(C, None): loop must be the name of a loop, but got None.\n"
    )


def test_levels_that_there_are_not() -> None:
    s = Schedule(blur().f)
    level = 'level must be a knob over levels: (consumer, loop) | "root"'
    assert refusal(lambda: s["g"].compute_at(knob("site", [("f", "i"), "init"]))).startswith(
        's[g].compute_at(tl.knob("site", [("f", "i"), "init"])): ' + level + ' | "inline", but got tl.knob('
    )
    assert refusal(lambda: s["g"].store_at(knob("kept", ["inline"]))).startswith(
        's[g].store_at(tl.knob("kept", ["inline"])): ' + level + ", but got tl.knob("
    )


def test_a_knob_among_loops() -> None:
    s = Schedule(gemm().c)
    with pytest.raises(ScheduleError) as caught:
        s["C"].reorder("i", knob("inner", ["j", "k"]))
    assert caught.value.message == "the knob inner stands among other loops."
    assert caught.value.rule == "a knob over orders stands for the whole list of loops"


def test_two_knobs_of_one_name() -> None:
    s = Schedule(gemm().c)
    s["C"].unroll("i", knob("n", [2, 4]))
    assert refusal(lambda: s["C"].unroll("j", knob("n", [4, 2]))) == (
        's[C].unroll("j", tl.knob("n", [4, 2])): the knob n has other choices where it stands first.\n'
        '  asked       s[C].unroll("j", tl.knob("n", [4, 2]))    HERE\n'
        "  rule        knobs of one name are one knob, with the same choices in the same order\n"
        '  legal here  tl.knob("n", [2, 4]) | a knob of another name'
    )
    assert len(s.directives) == 1
    with pytest.raises(ScheduleError, match="other choices"):
        Schedule()["C"].tile("i", "j", "io", "jo", "ii", "ji", knob("t", [2]), knob("t", [4]))


def test_fill_with_what_there_is_not() -> None:
    s = Schedule()
    s["C"].unroll("i", knob("ti", [2, 4]))
    assert error_of(lambda: s.fill(t=2)) == (
        "the schedule has no knob t.\n"
        "  asked       HERE\n"
        "  rule        what is filled are the knobs of the schedule\n"
        "  legal here  knobs: ti\n"
        "  hint        did you mean ti?"
    )
    assert error_of(lambda: s.fill(ti=3)) == (
        "3 is no choice of the knob ti.\n"
        "  asked       HERE\n"
        "  rule        a knob is filled with one of its choices\n"
        "  legal here  2 | 4"
    )
    with pytest.raises(ScheduleError, match="True is no choice"):
        s.fill(ti=True)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: knob("ti", []), 'tl.knob("ti", []): 0 choices are given.'),
        (lambda: knob("ti", [4, 8, 4]), 'tl.knob("ti", [4, 8, 4]): the choice 4 is given twice.'),
        (lambda: knob("t i", [4]), "tl.knob(\"t i\", [4]): 't i' is no name of a knob."),
        (lambda: knob(4, [4]), "tl.knob(4, [4]): 4 is no name of a knob."),  # type: ignore[arg-type]
        (lambda: knob("ti", [0.5]), 'tl.knob("ti", [0.5]): 0.5 is no choice of a knob.'),  # type: ignore[list-item]
        (lambda: knob("ti", "abc"), "tl.knob(\"ti\", 'abc'): 'abc' is no list of choices."),
        (lambda: knob("ti", 4), 'tl.knob("ti", 4): 4 is no list of choices.'),  # type: ignore[arg-type]
        (lambda: knob("ti", [()]), 'tl.knob("ti", [()]): () is no choice of a knob.'),
        (
            lambda: knob("ti", range(MAX_CHOICES + 1)),
            f'tl.knob("ti", [...]): {MAX_CHOICES + 1} choices are given.',
        ),
    ],
)
def test_knobs_that_cannot_be(make: Callable[[], Knob], sentence: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        make()
    assert caught.value.message == sentence
    assert "test_knobs.py:" in caught.value.where
    assert caught.value.rule == (
        f"a knob has a name and 1 to {MAX_CHOICES} distinct choices: integers, names, or tuples of names"
    )


@pytest.mark.parametrize(
    ("n", "sentence"),
    [
        ({"knob": "n"}, "{'knob': 'n'} is not a knob."),
        ({"knob": "n", "choices": 4}, "{'knob': 'n', 'choices': 4} is not a knob."),
        ({"knob": "n", "choices": [4], "x": 1}, "{'knob': 'n', 'choices': [4], 'x': 1} is not a knob."),
        ({"knob": "n", "choices": []}, "0 choices are given."),
        ({"knob": "n", "choices": [[["a"]]]}, "(['a'],) is no choice of a knob."),
        ({"knob": "n", "choices": [{}]}, "{} is no choice of a knob."),
    ],
)
def test_json_that_is_no_knob(n: object, sentence: str) -> None:
    text = refusal_of(wrapped({"directive": "unroll", "stage": "C", "v": "i", "n": n}))
    assert text.startswith(f"Schedule.from_json: {sentence}\n")


def test_json_of_a_level_that_is_no_hole() -> None:
    text = refusal_of(wrapped({"directive": "compute_at", "stage": "g", "level": ["f", "i"]}))
    assert text.startswith("Schedule.from_json: compute_at has no field 'level'.\n")
    text = refusal_of(wrapped({"directive": "split", "stage": "g", "level": {"knob": "n", "choices": [1]}}))
    assert "there is no directive 'split'" in text


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(knobs_module).failed == 0
