"""Vectorized loops become ramps, broadcasts and masks; what does not vary stays scalar."""

from __future__ import annotations

import pytest

from tensorlang.errors import InternalError, ScheduleError
from tensorlang.lowering.vectorize_loops import vectorize_loops
from tests.ir.parse import assert_printed, parse_stmt


def assert_vectorized(body: str, after: str) -> None:
    """Compare ``for i in serial(4): for j in vectorized(8): body``, vectorized, with the same loop around `after`."""
    text = f"for i in serial(4):\n  for j in vectorized(8):\n    {body}"
    assert_printed(vectorize_loops(parse_stmt(text)), f"for i in 0..4:\n  {after}")


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("out[i * 8 + j] = x[j + 3]", "out{ramp(i * 8, 1, 8)} = x{ramp(3, 1, 8)}"),
        ("out[j * 4 + i] = x[7 - j]", "out{ramp(i, 4, 8)} = x{ramp(7, -1, 8)}"),
        ("out[j] = x[i]", "out{ramp(0, 1, 8)} = x8(x{i})"),
        ("out[j] = x[i] * y[j]", "out{ramp(0, 1, 8)} = x8(x{i}) * y{ramp(0, 1, 8)}"),
        ("out[j] = 1.0", "out{ramp(0, 1, 8)} = 1.0"),
        ("out[i] = x[i]", "out{i} = x{i}"),
        ("out[j // 2] = x[j % 4]", "out{ramp(0, 1, 8) // 2} = x{ramp(0, 1, 8) % 4}"),
        ("out[min(i * 8, 20) + j] = 1.0", "out{ramp(min(i * 8, 20), 1, 8)} = 1.0"),
        ("out[j] = fma(x[i], y[j], z[i])", "out{ramp(0, 1, 8)} = fma(x8(x{i}), y{ramp(0, 1, 8)}, x8(z{i}))"),
        (
            "out[j] = select(i < 3, x[j], 0.0)",
            "out{ramp(0, 1, 8)} = select(x8(i < 3), x{ramp(0, 1, 8)}, 0.0)",
        ),
        ("out[j] = select(j < 3, x[j], 0.0)", "out{ramp(0, 1, 8)} = select(ramp(0, 1, 8) < 3, x{ramp(0, 1, 8)}, 0.0)"),
        # A guard that varies masks loads and stores, one that does not stays a branch.
        (
            "if i * 8 + j < 30: out[j] = x[j] + y[i]",
            "out{ramp(0, 1, 8) if ramp(i * 8, 1, 8) < 30} = x{ramp(0, 1, 8) if ramp(i * 8, 1, 8) < 30} + x8(y{i})",
        ),
        # Where only the predicate varies, it is loaded if the first lane wants it and so decides, else lane by lane.
        ("out[j] = x[i, i * 8 + j < 30]", "out{ramp(0, 1, 8)} = x8(x{i if i * 8 + 0 < 30})"),
        (
            "out[j] = x[i, i * 8 - j < 30]",
            "out{ramp(0, 1, 8)} = x{x8(i) if ramp(i * 8, -1, 8) < 30}",
        ),
        ("if i < 3: out[j] = 1.0", "if i < 3:\n    out{ramp(0, 1, 8)} = 1.0"),
    ],
)
def test_widened(body: str, after: str) -> None:
    assert_vectorized(body, after)


def test_nested_guards_are_both_in_the_mask() -> None:
    assert_printed(
        vectorize_loops(
            parse_stmt(
                """
                for j in vectorized(4):
                    if j < 3:
                        if x[j] < 0.5:
                            out[j] = 1.0
                        else:
                            out[j] = 2.0
                """
            )
        ),
        """
        out{ramp(0, 1, 4) if ramp(0, 1, 4) < 3 and x{ramp(0, 1, 4) if ramp(0, 1, 4) < 3} < 0.5} = 1.0
        out{ramp(0, 1, 4) if ramp(0, 1, 4) < 3 and not(x{ramp(0, 1, 4) if ramp(0, 1, 4) < 3} < 0.5)} = 2.0
        """,
    )


def test_masked_lanes_may_store_to_one_element() -> None:
    assert_printed(
        vectorize_loops(parse_stmt("for j in vectorized(4):\n if j < 1:\n  out[n] = x[j]")),
        """
        out{x4(n) if ramp(0, 1, 4) < 1} = x{ramp(0, 1, 4) if ramp(0, 1, 4) < 1}
        """,
    )


def test_a_loop_inside_is_kept_around_the_vector() -> None:
    assert_printed(
        vectorize_loops(parse_stmt("for j in vectorized(4):\n for k in serial(3):\n  out[j] = out[j] + x[k * 4 + j]")),
        """
        for k in 0..3:
          out{ramp(0, 1, 4)} = out{ramp(0, 1, 4)} + x{ramp(k * 4, 1, 4)}
        """,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "for i in serial(4):\n for j in vectorized(i + 1):\n  out[j] = 1.0",
            "loop j cannot be vectorized: its extent is not constant.",
        ),
        (
            "for i in vectorized(4):\n for j in vectorized(8):\n  out[i * 8 + j] = 1.0",
            "loop j is vectorized inside loop i, which is vectorized too.",
        ),
        (
            "for i in vectorized(4):\n for j in serial(i + 1):\n  out[i * 8 + j] = 1.0",
            "loop i cannot be vectorized: the extent of j inside it depends on it.",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        vectorize_loops(parse_stmt(text))
    assert caught.value.message == message


def test_storage_inside_a_vectorized_loop_is_an_internal_error() -> None:
    with pytest.raises(InternalError) as caught:
        vectorize_loops(parse_stmt("for j in vectorized(4):\n with heap('t', 4):\n  t[j] = 1.0"))
    assert caught.value.message == "vectorize_loops: storage of t inside vectorized loop j."


def test_lanes_that_store_to_one_element_all_do() -> None:
    """The schedule allowed it; the last one stays."""
    assert_printed(
        vectorize_loops(parse_stmt("for j in vectorized(4):\n out[i] = x[j]")),
        "out{x4(i)} = x{ramp(0, 1, 4)}",
    )


def test_lanes_that_accumulate_in_one_element_are_reduced() -> None:
    assert_printed(
        vectorize_loops(parse_stmt("for j in vectorized(4):\n out[i] += x[i * 4 + j]\n out[i] += 2.0")),
        """
        out{i} += reduce(+, x{ramp(i * 4, 1, 4)})
        out{i} += reduce(+, 2.0)
        """,
    )


def test_lanes_that_are_off_add_the_identity_and_if_all_are_nothing_is_touched() -> None:
    assert_printed(
        vectorize_loops(parse_stmt("for j in vectorized(4):\n if i * 4 + j < 30:\n  out[i] *= x[j]")),
        """
        out{i if reduce(or, ramp(i * 4, 1, 4) < 30)} *= \
reduce(*, select(ramp(i * 4, 1, 4) < 30, x{ramp(0, 1, 4) if ramp(i * 4, 1, 4) < 30}, 1.0))
        """.replace("\\\n", ""),
    )


def test_lanes_that_accumulate_in_elements_of_their_own_or_any_stay_lanes() -> None:
    assert_printed(
        vectorize_loops(parse_stmt("for j in vectorized(4):\n atomic(out)[j * 2] += x[j]\n out[n[j], j < i] += 1.0")),
        """
        atomic out{ramp(0, 2, 4)} += x{ramp(0, 1, 4)}
        out{n{ramp(0, 1, 4)} if ramp(0, 1, 4) < x4(i)} += 1.0
        """,
    )


def test_predicates_of_what_lanes_accumulate_in_one_element() -> None:
    assert_printed(
        vectorize_loops(parse_stmt("for j in vectorized(4):\n out[i, i < 3] += x[j]\n out[i, j < n] += 2.0")),
        """
        out{i if i < 3} += reduce(+, x{ramp(0, 1, 4)})
        out{i if reduce(or, ramp(0, 1, 4) < x4(n))} += reduce(+, select(ramp(0, 1, 4) < x4(n), 2.0, -0.0))
        """,
    )
