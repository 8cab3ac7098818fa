"""Turns are taken one after another, or as many at once as there are lanes, in the same order for one lane."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from autotune.lanes import take_turns


def turns(*do: Callable[[], None]) -> Callable[[], Callable[[], None] | None]:
    left = iter(do)
    return lambda: next(left, None)


@pytest.mark.parametrize("lanes", [None, lambda: 0, lambda: 1], ids=["none", "no machine", "one"])
def test_one_lane_takes_turns_in_order(lanes: Callable[[], int] | None) -> None:
    taken: list[int] = []
    take_turns(turns(*(lambda i=i: taken.append(i) for i in range(5))), lanes)
    assert taken == list(range(5))


def test_lanes_take_turns_at_once() -> None:
    meeting = threading.Barrier(3, timeout=30)
    take_turns(turns(*[lambda: (meeting.wait(), None)[1]] * 6), lambda: 3)


def test_lane_that_comes_later_gets_something_to_do() -> None:
    meeting = threading.Barrier(2, timeout=30)
    asked: list[None] = []

    def lanes() -> int:
        asked.append(None)
        return 1 if len(asked) < 3 else 2

    take_turns(turns(*[lambda: (meeting.wait(), None)[1]] * 2), lanes)


def test_turn_that_raises_ends_the_run_after_those_in_hand() -> None:
    taken: list[str] = []
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise ValueError("told to")

    def last() -> None:
        assert failed.wait(30)
        taken.append("in hand")

    with pytest.raises(ValueError, match="told to"):
        take_turns(turns(fail, last, lambda: taken.append("too late")), lambda: 2)
    assert taken == ["in hand"]
