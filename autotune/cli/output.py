"""Where output goes: results to stdout, everything else to stderr; tables on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_UNLIMITED = 10_000
_NOTHING = "-"


def people_console() -> Console:
    """Console on stderr, for progress and remarks; a line is a line if stderr is no terminal."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else _UNLIMITED)


def result_console(as_json: bool) -> Console:
    """Console for a result as people read it: stdout, but stderr if stdout gets the JSON."""
    if as_json:
        return people_console()
    return Console(width=None if sys.stdout.isatty() else _UNLIMITED)


def print_table(console: Console, table: Table) -> None:
    """Print a table: drawn on a terminal, a plain line per row for files and pipes."""
    if console.is_terminal:
        console.print(table)
        return
    for line in plain_lines(table):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def plain_lines(table: Table) -> Iterator[str]:
    """The table as aligned text without frames: title, headings, a line per row, footer, caption."""
    yield from _plain(table.title).splitlines()
    columns = [list(column.cells) for column in table.columns]
    rows = [[column.header for column in table.columns]] if table.show_header else []
    rows += [list(cells) for cells in zip(*columns, strict=True)]
    if table.show_footer:
        rows.append([column.footer for column in table.columns])
    texts = [[" ".join(_plain(cell).replace("\n/", "/").split()) or _NOTHING for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        aligned = (
            text.rjust(width) if column.justify == "right" else text.ljust(width)
            for text, width, column in zip(row, widths, table.columns, strict=True)
        )
        yield "  ".join(aligned).rstrip()
    yield from _plain(table.caption).splitlines()


def _plain(cell: object) -> str:
    return Text.from_markup(cell).plain if isinstance(cell, str) else str(cell or "")


def print_warnings(people: Console, warnings: Iterable[object]) -> None:
    """Print what the user should know of, a line each."""
    for warning in warnings:
        people.print(f"warning: {warning}", style="yellow", markup=False, highlight=False)


def print_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object to stdout."""
    click.echo(json.dumps(data, indent=1))
