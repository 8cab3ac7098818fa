"""Conditions of tails become predicates of the accesses that they are about, and of no other."""

from __future__ import annotations

import pytest

from tensorlang.errors import InternalError
from tensorlang.ir.verify import verify_stmt
from tensorlang.lowering.predicate_accesses import predicate_accesses
from tests.ir.parse import assert_printed, parse_stmt


def test_loads_and_stores_are_predicated_apart() -> None:
    stmt = parse_stmt(
        """
        for i in serial(8):
            with store(i < 5):
                with load(i < 6):
                    out[i] = x[i] + y[i, i < 4]
            out[i] = x[i]
        """
    )
    assert_printed(
        predicate_accesses(stmt),
        """
        for i in 0..8:
          out{i if i < 5} = x{i if i < 6} + y{i if i < 4 and i < 6}
          out{i} = x{i}
        """,
    )


def test_a_load_in_an_index_is_predicated_too() -> None:
    stmt = parse_stmt("with load(i < 6): out[i] = x[y[i]]")
    assert_printed(predicate_accesses(stmt), "out{i} = x{y{i if i < 6} if i < 6}")


def test_none_may_be_left() -> None:
    with pytest.raises(InternalError, match="a Predicated is left"):
        verify_stmt(parse_stmt("for i in serial(8):\n  with load(i < 6): out[i] = x[i]"), after="test")


def test_what_is_accumulated_is_stored() -> None:
    assert_printed(
        predicate_accesses(parse_stmt("with store(i < 3):\n atomic(out)[i] += x[i]")),
        "atomic out{i if i < 3} += x{i}",
    )
