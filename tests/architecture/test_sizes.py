"""The ratchet on sizes: files and functions stay small, and the list of exceptions may only shrink."""

from __future__ import annotations

from statistics import median

from tests.architecture.sources import PACKAGES, Function, functions_of, read_sources

FILE_MEDIAN = 150
FILE_LIMIT = 500
FUNCTION_MEDIAN = 12
FUNCTION_LIMIT = 60

# Path, or path::function -> its size when it was excused. An entry that is no longer needed, or larger than it has to
# be, fails the test.
EXCUSED: dict[str, int] = {}

EVERYWHERE = (*PACKAGES, "tests", "examples")


def _functions() -> list[Function]:
    return [function for source in read_sources(*EVERYWHERE) for function in functions_of(source)]


def _sizes_over_limit() -> dict[str, int]:
    files = {source.path: source.lines for source in read_sources(*EVERYWHERE) if source.lines > FILE_LIMIT}
    return files | {f.name: f.lines for f in _functions() if f.lines > FUNCTION_LIMIT}


def test_no_file_and_no_function_is_too_long() -> None:
    assert _sizes_over_limit() == EXCUSED


def test_the_typical_file_is_short() -> None:
    assert median(source.lines for source in read_sources(*PACKAGES) if source.lines) <= FILE_MEDIAN


def test_the_typical_function_is_short() -> None:
    assert median(function.lines for function in _functions()) <= FUNCTION_MEDIAN


def test_there_is_something_to_measure() -> None:
    assert len(read_sources(*PACKAGES)) > 50
    assert len(_functions()) > 500
