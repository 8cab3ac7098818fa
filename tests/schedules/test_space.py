"""Knobs and spaces: membership is by value and type, and the nearest point is in the space."""

from __future__ import annotations

import pytest

from schedules import Knob, Space
from tensorlang.errors import TuningError

SPACE = Space((Knob("tile", (1, 2, 4)), Knob("order", ("rows", "panels")), Knob("unroll", (True, False))))


def test_size_and_points() -> None:
    points = list(SPACE.points())
    assert len(points) == SPACE.size == 12
    assert points[0] == {"tile": 1, "order": "rows", "unroll": True}
    assert points[1] == {"tile": 1, "order": "rows", "unroll": False}


def test_membership_is_exact() -> None:
    assert all(SPACE.contains(point) for point in SPACE.points())
    assert not SPACE.contains({"tile": True, "order": "rows", "unroll": True})
    assert not SPACE.contains({"tile": 3, "order": "rows", "unroll": True})
    assert not SPACE.contains({"tile": 1, "order": "rows"})
    assert not SPACE.contains({"tile": 1, "order": "rows", "unroll": True, "more": 1})


def test_nearest_point() -> None:
    assert SPACE.nearest({"tile": 100, "order": "panels"}) == {"tile": 4, "order": "panels", "unroll": True}
    assert SPACE.nearest({"tile": "no", "order": "other", "unroll": False}) == {
        "tile": 1,
        "order": "rows",
        "unroll": False,
    }


def test_choices_must_be_distinct() -> None:
    with pytest.raises(TuningError) as caught:
        Knob("tile", (1, 1))
    assert str(caught.value) == "knob 'tile' must have distinct choices, but got (1, 1)."
