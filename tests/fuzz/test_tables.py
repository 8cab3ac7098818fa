"""Nothing that can be scheduled is left out of the fuzzer."""

from __future__ import annotations

from tensorlang.fuzz.directives.table import DRAWERS
from tensorlang.fuzz.directives.tails import TAILS
from tensorlang.fuzz.programs.table import FEATURES
from tensorlang.schedule.table import DIRECTIVES
from tensorlang.schedule.tails import TailStrategy


def test_every_directive_has_a_drawer() -> None:
    assert set(DRAWERS) == set(DIRECTIVES)


def test_every_tail_is_drawn() -> None:
    assert set(TAILS) == set(TailStrategy)


def test_features_serve_directives_and_tails() -> None:
    served = {name for feature in FEATURES.values() for name in feature.serves}
    assert served <= set(DRAWERS) | {str(tail) for tail in TAILS}
