"""A comparison as rows of text, one per case: what the tables for people and those of the results file are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from autotune.bench.case import Case
from autotune.bench.figures import share_of_fma_peak, share_of_read_bandwidth
from autotune.bench.implementations import AGAIN, DEFAULT, OURS, TUNED
from autotune.bench.result import Comparison, Ratio, Timed, compare_all, compare_schedules, keep_least

NOTHING = "-"
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Row:
    """One case with one number of threads.

    Attributes
    ----------
    case : Case
    timed : dict of str to Timed
        By label of the implementation.
    ratios : dict of str to dict of str to Ratio
        By schedule, then by peer.
    noise : Ratio or None
        Of the default to itself.
    comparison : Comparison
    """

    case: Case
    timed: dict[str, Timed]
    ratios: dict[str, dict[str, Ratio]]
    noise: Ratio | None
    comparison: Comparison

    @property
    def best(self) -> Timed | None:
        """Ours with the best known schedule."""
        return self.timed.get(TUNED.label) or self.timed.get(DEFAULT.label)

    def least(self, schedule: str) -> Ratio | None:
        """The ratio to the fastest peer."""
        return next(iter(keep_least(self.ratios.get(schedule, {}).values())), None)

    def ms(self, label: str) -> str:
        """Time of an implementation [ms]."""
        return _text(self.timed.get(label), lambda timed: f"{1e3 * timed.time_s:.3f}")

    def gflops(self) -> str:
        """Our speed [GFLOP/s]."""
        return _text(self.best, lambda timed: f"{timed.gflops:.0f}")

    def peak_percent(self) -> str:
        """Our share of the FMA peak [%]."""
        return _percent(share_of_fma_peak(self.best, self.comparison.facts) if self.best else None)

    def bandwidth_percent(self) -> str:
        """Our share of the read bandwidth [%], of products with a vector."""
        return _percent(share_of_read_bandwidth(self.best, self.comparison.facts) if self.best else None)

    def ratio(self, schedule: str, peer: str) -> str:
        """Our ratio to one peer."""
        return _text(self.ratios.get(schedule, {}).get(peer), lambda ratio: f"{ratio.value:.2f}")

    def least_ratio(self, schedule: str) -> str:
        """Our ratio to the fastest peer."""
        return _text(self.least(schedule), lambda ratio: f"{ratio.value:.2f}")

    def spread_percent(self) -> str:
        """Distance of the quartiles of that ratio over the rounds [%]."""
        return _text(self.least("tuned") or self.least("default"), lambda ratio: f"{100 * ratio.spread:.0f}")

    def noise_ratio(self) -> str:
        """The ratio of the default to itself."""
        return _text(self.noise, lambda ratio: f"{ratio.value:.2f}")


def make_rows(comparison: Comparison, case_set: str, threads: int) -> list[Row]:
    """Return a row for each case of a set that anything was timed on."""
    timed = [t for t in comparison.timed if (t.case.case_set, t.threads) == (case_set, threads)]
    rows = []
    for case in dict.fromkeys(t.case for t in timed):
        of_case = [t for t in timed if t.case == case]
        ratios = {
            kind: {r.peer.implementation.name: r for r in compare_all(of_case, kind)} for kind in ("default", "tuned")
        }
        noise = compare_schedules(of_case, str(DEFAULT.schedule), str(AGAIN.schedule))
        by_label = {t.implementation.label: t for t in of_case}
        rows.append(Row(case, by_label, ratios, noise[0] if noise else None, comparison))
    return rows


def peers_of(rows: Sequence[Row]) -> list[str]:
    """Names of the peers that computed any of the cases."""
    return sorted({t.implementation.name for row in rows for t in row.timed.values()} - {OURS})


def case_sets_of(comparison: Comparison) -> list[str]:
    """Names of the sets that anything was timed of, in the order of the run."""
    return list(dict.fromkeys(t.case.case_set for t in comparison.timed))


def command_of_one(rows: Sequence[Row], threads: int) -> str:
    """The command that measures one of the cases alone, CASE standing for its name."""
    case = rows[0].case
    return f"{case.reproduce.removesuffix(case.name)}CASE --threads {threads} --json"


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.0f}"


def _text(value: _Value | None, show: Callable[[_Value], str]) -> str:
    return NOTHING if value is None else show(value)
