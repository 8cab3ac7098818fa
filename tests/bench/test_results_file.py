"""The results file: sections are replaced one by one, others stay, and no other file is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from autotune.bench.results_file import read_sections, update_results
from tensorlang.errors import TuningError


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    update_results(path, {"conv": "old\n\n### conv, threads: 1\n\n| a |", "vgg16": "v"})
    kept = path.read_text()
    update_results(path, {"gemm": "g\n", "conv": "new"})
    assert read_sections(path) == {"gemm": "g", "conv": "new", "vgg16": "v"}
    assert "### conv, threads: 1\n\n| a |\n" in kept


def test_sections_are_in_the_order_of_the_known_sets_then_of_their_names(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    update_results(path, {name: name for name in ("vgg16", "conv", "alexnet", "gemm")})
    assert list(read_sections(path)) == ["gemm", "conv", "alexnet", "vgg16"]
    lines = path.read_text().splitlines()
    assert lines[0] == "# Results of `autotune bench`"
    assert [line for line in lines if line.startswith("## ")] == ["## gemm", "## conv", "## alexnet", "## vgg16"]


def test_writing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    update_results(path, {"conv": "text\n\n* more", "gemm": "g"})
    before = path.read_bytes()
    update_results(path, read_sections(path))
    assert path.read_bytes() == before


def test_a_file_of_something_else_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# Mine\n")
    with pytest.raises(TuningError) as caught:
        update_results(path, {"conv": "text"})
    assert str(caught.value) == (
        f"{path} is not a file of results, and would be overwritten.\n"
        "  rule        a file of results begins with '# Results of `autotune bench`'\n"
        "  hint        give another path as --results"
    )
    assert path.read_text() == "# Mine\n"


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "none" / "RESULTS.md"
    with pytest.raises(TuningError) as caught:
        update_results(path, {"conv": "text"})
    assert str(caught.value) == f"{path}: No such file or directory."
