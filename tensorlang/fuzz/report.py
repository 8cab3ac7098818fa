"""What a run found, as text."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.fuzz.session import Failure, Report

_MOST_RULES = 20


def progress_line(report: Report) -> str:
    """One line while it runs."""
    coverage = report.coverage
    rarest = min([*coverage.directive_counts.items(), *coverage.tail_counts.items()], key=lambda pair: pair[1])
    return (
        f"{report.elapsed_s:6.0f} s  {coverage.agreed} pairs agree, {len(report.failures)} fail, "
        f"{report.cases / max(report.elapsed_s, 1e-9):.1f} cases/s, fewest: {rarest[0]} {rarest[1]}"
    )


def summary_lines(report: Report) -> Iterator[str]:
    """All counts."""
    coverage = report.coverage
    agreed = max(coverage.agreed, 1)
    yield f"{report.cases} cases in {report.elapsed_s:.0f} s, seed {report.seed}"
    yield "  " + ", ".join(f"{kind} {count}" for kind, count in coverage.kinds.most_common())
    yield f"  of the pairs that agree, {coverage.multi_stage / agreed:.0%} have several Funcs with loops of their own,"
    yield f"  {coverage.undivided / agreed:.0%} a split that does not divide its extent; among these:"
    yield "  directives  " + _counts(coverage.directive_counts)
    yield "  tails       " + _counts(coverage.tail_counts)
    yield "  programs    " + _counts(dict(coverage.features))
    refusals, drawn = sum(coverage.refused.values()), max(sum(coverage.drawn.values()), 1)
    yield f"{refusals} refusals for {drawn} directives drawn ({refusals / drawn:.1%}), by rule:"
    for rule, count in coverage.refused.most_common(_MOST_RULES):
        yield f"  {count:6}  {rule}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1]))


def failure_lines(failure: Failure) -> Iterator[str]:
    """What failed, before it is made small."""
    yield ""
    yield f"{failure.kind}: case {failure.case}"
    yield from (f"  {line}" for line in failure.reason.splitlines())
