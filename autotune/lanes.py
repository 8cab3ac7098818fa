"""Takes turns one after another, or several at once: as many as there are machines to measure on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeAlias

Turn: TypeAlias = Callable[[], None]

_POLL_S = 1.0  # how soon a machine that joins gets something to do
_MOST_LANES = 256


def take_turns(next_turn: Callable[[], Turn | None], lanes: Callable[[], int] | None) -> None:
    """Take turns until none is left.

    Parameters
    ----------
    next_turn : callable
        Returns what to do next, or None if there is nothing to do as long as no turn in hand ends. It is called in this
        thread only, when a turn ended or another lane is free.
    lanes : callable or None
        Says how many turns may be taken at once now; one is at any time. Without it turns are taken in this thread.

    Notes
    -----
    With a single lane turns are taken in the same order as without lanes. A turn that raises ends the run: those in
    hand are finished, then its exception is raised here.
    """
    if lanes is None:
        while (turn := next_turn()) is not None:
            turn()
        return
    in_hand: set[Future[None]] = set()
    with ThreadPoolExecutor(_MOST_LANES, thread_name_prefix="lane") as pool:
        while True:
            while len(in_hand) < min(max(1, lanes()), _MOST_LANES) and (turn := next_turn()) is not None:
                in_hand.add(pool.submit(turn))
            if not in_hand:
                return
            done, in_hand = wait(in_hand, _POLL_S, FIRST_COMPLETED)
            for future in done:
                future.result()
