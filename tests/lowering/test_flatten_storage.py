"""Flat indices by the layout of each buffer: row-major, split, reordered and aligned storage."""

from __future__ import annotations

import pytest

from tensorlang.errors import BoundsError
from tensorlang.ir.expr import Variable, index
from tensorlang.ir.printer import format_expr
from tensorlang.ir.stmt import Range
from tensorlang.lowering.flatten_storage import row_major, storage_layout, storage_shape
from tensorlang.schedule.resolved import StorageDim
from tensorlang.symbolic.facts import Facts, Limits
from tests.ir.parse import parse_expr

I, J = Variable("i"), Variable("j")
FACTS = Facts({"i": Limits(0, 6), "j": Limits(0, 49)})
BOX = (Range(index(0), index(7)), Range(index(0), index(50)))
DIM_I, DIM_J = StorageDim("i", "i", 1, None, 1), StorageDim("j", "j", 1, None, 1)
J_OUTER, J_INNER = StorageDim("jo", "j", 16, None, 1), StorageDim("ji", "j", 1, 16, 1)


def test_an_array_of_the_caller_is_c_contiguous() -> None:
    layout = row_major((3, 4, 5))
    assert layout.size == 60
    assert format_expr(layout.index((Variable("a"), I, J), Facts())) == "a * 20 + i * 5 + j"


def test_a_single_value_has_one_element() -> None:
    layout = row_major(())
    assert (layout.size, format_expr(layout.index((), Facts()))) == (1, "0")


@pytest.mark.parametrize(
    ("storage", "shape", "flat"),
    [
        ((DIM_I, DIM_J), (7, 50), "i * 50 + j"),
        ((DIM_J, DIM_I), (50, 7), "j * 7 + i"),
        ((DIM_I, StorageDim("j", "j", 1, None, 16)), (7, 64), "i * 64 + j"),
        ((StorageDim("i", "i", 1, None, 4), DIM_J), (8, 50), "i * 50 + j"),
        ((J_OUTER, DIM_I, J_INNER), (4, 7, 16), "j // 16 * 112 + i * 16 + j % 16"),
        ((DIM_I, J_OUTER, J_INNER), (7, 4, 16), "i * 64 + j"),
    ],
)
def test_own_storage(storage: tuple[StorageDim, ...], shape: tuple[int, ...], flat: str) -> None:
    layout = storage_layout("g", ("i", "j"), storage, BOX, FACTS)
    assert storage_shape("g", ("i", "j"), storage, BOX, FACTS) == shape
    size = 1
    for extent in shape:
        size *= extent
    assert layout.size == size
    assert format_expr(layout.index((I, J), FACTS)) == flat


def test_coordinates_count_from_the_start_of_the_box() -> None:
    box = (Range(parse_expr("i * 2 - 1"), index(3)), Range(index(8), index(8)))
    layout = storage_layout(
        "g", ("p", "q"), (StorageDim("p", "p", 1, None, 1), StorageDim("q", "q", 1, None, 1)), box, FACTS
    )
    assert layout.size == 24
    assert format_expr(layout.index((parse_expr("i * 2 + 1"), parse_expr("j + 8")), FACTS)) == "j + 16"


def test_a_varying_extent_takes_its_largest_value() -> None:
    box = (Range(index(0), parse_expr("min(i * 4 + 4, 26) - i * 4")), Range(index(0), parse_expr("i - 6")))
    assert storage_shape("g", ("i", "j"), (DIM_I, DIM_J), box, FACTS) == (4, 0)


def test_storage_without_a_bound_is_refused() -> None:
    with pytest.raises(BoundsError) as caught:
        storage_layout("g", ("i",), (DIM_I,), (Range(index(0), Variable("n")),), FACTS)
    assert str(caught.value) == (
        "the storage of g has no constant bound in dimension i.\n"
        "  rule        every buffer has a constant size\n"
        '  hint        bound it: s[g].bound("i", min, extent)'
    )
