"""The file of results: a Markdown section for each case set, each replaced alone when its set is measured again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autotune.names import CASE_SETS
from tensorlang.errors import TuningError

_MARK = "## "
_HEADER = """\
# Results of `autotune bench`

Written by `autotune bench ... --results FILE`, never by hand: a run replaces the sections of the case sets that it
measured. Each section says by which command, when, on which machine and with what it was made. How a comparison is
made is in the docstring of `autotune.bench`.
"""


def update_results(path: Path, sections: Mapping[str, str]) -> None:
    """Write the sections into the file at `path`; it keeps those of other names.

    Sections are in the order of the known case sets, and after them in that of their names.

    Raises
    ------
    TuningError
        If the file cannot be read or written, or is none that this function wrote.
    """
    all_sections = {**read_sections(path), **{name: text.strip() for name, text in sections.items()}}
    order = list(CASE_SETS)
    names = sorted(all_sections, key=lambda name: (order.index(name) if name in order else len(order), name))
    text = "\n".join([_HEADER, *(f"{_MARK}{name}\n\n{all_sections[name]}\n" for name in names)])
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as reason:
        raise TuningError(f"{path}: {reason.strerror}.") from reason


def read_sections(path: Path) -> dict[str, str]:
    """Return the sections of the file at `path` by name; none if there is no file.

    Raises
    ------
    TuningError
        If it cannot be read, or is no file of results.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as reason:
        raise TuningError(f"{path} cannot be read: {reason}.") from reason
    title = _HEADER.splitlines()[0]
    if text and not text.startswith(title):
        raise TuningError(
            f"{path} is not a file of results, and would be overwritten.",
            rule=f"a file of results begins with {title!r}",
            hint="give another path as --results",
        )
    sections: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith(_MARK):
            sections[line.removeprefix(_MARK).strip()] = []
        elif sections:
            sections[next(reversed(sections))].append(line)
    return {name: "\n".join(lines).strip() for name, lines in sections.items()}
