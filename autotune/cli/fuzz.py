"""What the `autotune fuzz` command does."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autotune.cli.output import people_console, print_json, print_table, result_console
from tensorlang.fuzz.case import parse_case
from tensorlang.fuzz.command import replay, run, seed_or_time, show_failures, with_tests
from tensorlang.fuzz.session import Report


def fuzz(
    minutes: float,
    seed: int | None,
    pairs: int | None,
    jobs: int,
    report_path: Path | None,
    case: str | None,
    as_json: bool,
) -> None:
    """Run the fuzzer and print what it exercised and found; exits with 1 if it found a defect."""
    people = people_console()

    def say(text: str) -> None:
        people.print(text, markup=False, highlight=False, soft_wrap=True)

    if case is not None:
        sys.exit(replay(parse_case(case), say))
    chosen = seed_or_time(seed)
    say(f"seed {chosen}")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=people, transient=True) as bar:
        task = bar.add_task("", total=60 * minutes)

        def show(report: Report) -> None:
            text = f"{report.coverage.agreed} pairs agree, {len(report.failures)} fail"
            bar.update(task, completed=report.elapsed_s, description=text)

        report = run(report_path, chosen, 60 * minutes, jobs, pairs, show)
    console = result_console(as_json)
    for table in (_coverage_table(report), _refusal_table(report)):
        print_table(console, table)
    tests = show_failures(report, say)
    if as_json:
        print_json(with_tests(report, tests))
    if report.failures:
        sys.exit(1)


def _coverage_table(report: Report) -> Table:
    coverage = report.coverage
    table = Table("what", "pairs", title=f"{coverage.agreed} pairs that agree, {len(report.failures)} that do not")
    table.columns[1].justify = "right"
    table.add_row("several Funcs with loops of their own", str(coverage.multi_stage))
    table.add_row("a split that does not divide its extent; of these:", str(coverage.undivided))
    for counts in (coverage.directive_counts, coverage.tail_counts):
        for name, count in sorted(counts.items(), key=lambda pair: -pair[1]):
            table.add_row(f"  {name}", str(count))
    return table


def _refusal_table(report: Report) -> Table:
    refused, drawn = report.coverage.refused, sum(report.coverage.drawn.values())
    table = Table("refused by", "times", title=f"{sum(refused.values())} refusals for {drawn} directives drawn")
    table.columns[1].justify = "right"
    for rule, count in refused.most_common():
        table.add_row(rule, str(count))
    return table
