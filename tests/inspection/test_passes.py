"""The code after each pass: those that changed it in full, the others by name."""

from __future__ import annotations

import re

import tensorlang as tl
from tests.lowering import programs

_HEADING = re.compile(r"^(\w+) \((main|prepare), (\d+\.\d) ms\):( unchanged)?$", re.MULTILINE)


def headings(text: str) -> list[tuple[str, str, bool]]:
    """Name and function of each pass, and whether it changed the code."""
    return [(m[1], m[2], m[4] is None) for m in _HEADING.finditer(text)]


def test_every_pass_is_named_in_order() -> None:
    text = tl.lowered_passes(*programs.guarded_sum())
    assert headings(text) == [
        ("predicate_accesses", "main", True),
        ("simplify", "main", False),
        ("trim_loops", "main", False),
        ("partition_loops", "main", True),
        ("trim_remainders", "main", False),
        ("vectorize_loops", "main", False),
        ("unroll_loops", "main", True),
        ("simplify_tiles", "main", True),
        ("unmask_registers", "main", False),
        ("promote_reductions", "main", False),
        ("lower_accumulates", "main", False),
        ("promote_accumulators", "main", True),
        *[(name, "prepare", name == "predicate_accesses") for name, _, _ in headings(text)[:12]],
    ]


def test_the_code_follows_the_name_of_the_pass_that_made_it() -> None:
    sections = re.split(_HEADING, tl.lowered_passes(*programs.guarded_sum()))[1:]
    code = {name: body.splitlines()[1:] for name, body in zip(sections[::5], sections[4::5], strict=True)}
    sections_of_main = dict(zip(sections[:60:5], sections[4:60:5], strict=True))
    assert code.keys() == sections_of_main.keys()
    assert "unrolled f.1.ki in 0..4" in sections_of_main["partition_loops"]
    assert "unrolled" not in sections_of_main["unroll_loops"]
    assert "f.held0" in sections_of_main["promote_accumulators"]


def test_initialisation_is_shown_too() -> None:
    found = headings(tl.lowered_passes(*programs.packed_weights()))
    assert {function for _, function, _ in found} == {"main", "prepare"}
    assert [name for name, function, _ in found if function == "main"] == [
        name for name, function, _ in found if function == "prepare"
    ]
