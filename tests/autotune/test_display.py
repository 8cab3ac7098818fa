"""What users see while a run goes on: few plain lines where there is no terminal, a bar where there is one."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from autotune.budget import Budget
from autotune.cli.progress import ProgressDisplay
from autotune.cli.steps import Steps
from autotune.contest import Contender, Contest
from autotune.measure.measurer import Peaks

from .fakes import DEFAULT, make_layer, make_network

LAYER = make_layer("a", 100)
HELD = Contender("default", DEFAULT, "default", None)
PEAKS = Peaks(100.0, 9.0)
TRIAL = Contender("trial 1", DEFAULT, "other", None)


def console(is_terminal: bool = False) -> Console:
    return Console(file=StringIO(), width=200, force_terminal=is_terminal)


def text_of(where: Console) -> str:
    assert isinstance(where.file, StringIO)
    return where.file.getvalue()


@pytest.mark.parametrize(("total", "lines"), [(1, 1), (3, 3), (10, 10), (46, 10), (100, 10)])
def test_steps_are_few_lines_in_a_file(total: int, lines: int) -> None:
    where = console()
    with Steps(where, total) as steps:
        for number in range(total):
            steps.begin(f"case {number}")
    shown = text_of(where).splitlines()
    assert len(shown) == lines
    assert shown[0] == f"1/{total} case 0"


def test_steps_are_a_bar_on_a_terminal() -> None:
    where = console(is_terminal=True)
    with Steps(where, 2) as steps:
        steps.begin("case 0")
    assert "0/2" in text_of(where) and "━" in text_of(where)


def shown(*contests: Contest | None, peaks: Peaks | None = PEAKS) -> list[str]:
    where = console()
    with ProgressDisplay(where) as display:
        display.on_peaks(peaks)
        display.on_start(make_network(LAYER), Budget(60))
        for contest in contests:
            display.on_contest(LAYER, contest)
    return text_of(where).splitlines()[1:]


def samples(default_s: float, trial_s: float) -> dict[str, tuple[float, ...]]:
    return {"default": (default_s,) * 3, "trial 1": (trial_s,) * 3}


def test_default_that_stays_says_how_near_the_peak_it_is() -> None:
    stays = Contest(HELD, samples(2e-5 / 0.97, 3e-5), {})
    assert shown(stays) == ["a: default kept: 0.021 ms, at 97 % of measured peak"]
    assert shown(stays, peaks=None) == ["a: default kept: 0.021 ms"]
    assert shown(stays, peaks=Peaks(50.0, 9.0)) == ["a: default kept: 0.021 ms"]  # a peak that was disturbed


def test_contest_that_brings_nothing_new_is_not_shown_again() -> None:
    won = Contest(TRIAL, samples(4e-5, 2.5e-5), {})
    assert shown(won, won, None, None) == [
        "a: tuned: 1.60x, default 0.040 ms, now 0.025 ms, at 80 % of measured peak",
        "a: the default could not be timed again",
    ]


def test_doubt_is_shown_in_place_of_a_gain() -> None:
    assert shown(Contest(TRIAL, samples(1e-3, 1e-4), {}, "spread 45 %")) == ["a: not confirmed: spread 45 %"]


def test_start_says_what_is_counted() -> None:
    where = console()
    ProgressDisplay(where).on_start(make_network(make_layer("a", count=3), make_layer("b", 8)), Budget(60))
    assert text_of(where) == "tuning testnet for 1m: 2 distinct layers, 4 in all\n"
