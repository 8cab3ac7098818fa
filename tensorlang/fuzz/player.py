"""Plays cases: Hypothesis turns a case's random bytes into choices."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tensorlang.fuzz.case import Case
from tensorlang.fuzz.chance import Chance
from tensorlang.fuzz.pair import Attempt, Kind, Outcome, play


def play_case(case: Case) -> tuple[Attempt, Outcome]:
    """Draw and run the pair that a case names."""
    played: list[tuple[Attempt, Outcome]] = []

    @settings(database=None)
    @given(st.data())
    def run(data: Any) -> None:
        played.append(play(Chance(data.draw), case.goals))

    run.hypothesis.fuzz_one_input(case.entropy())  # type: ignore[attr-defined]
    if not played:
        return Attempt(), Outcome(Kind.REFUSED, "the case takes more choices than there are bytes")
    return played[0]
