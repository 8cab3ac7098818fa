"""Interleaving: one at a time, rested before each turn, in an order that rotates."""

from __future__ import annotations

from dataclasses import dataclass

from autotune.bench.rounds import SETTLE_S, run_rounds


@dataclass
class _Recorder:
    """Takes turns of growing length and writes its name into the log."""

    name: str
    log: list[object]
    turns: int = 0

    def turn(self) -> float:
        self.turns += 1
        self.log.append(self.name)
        return float(self.turns)


def test_rounds_rotate_and_rest_before_each_turn() -> None:
    log: list[object] = []
    samples = run_rounds([_Recorder(name, log) for name in "abc"], rounds=2, rest=log.append)
    rests = [SETTLE_S] * 6
    assert log == [item for pair in zip(rests, "abcbca", strict=True) for item in pair]
    assert samples == [(1.0, 2.0)] * 3


def test_idle_threads_of_the_peer_are_asleep_by_then() -> None:
    assert SETTLE_S >= 0.05
