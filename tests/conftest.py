"""What all tests share: a private home and caches, a fixed Hypothesis profile, golden files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import settings

# Derandomised: a run of the tests gives the same answer on every machine. HYPOTHESIS_PROFILE=open explores.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("open", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

_FOLDER = "TENSORLANG_TEST_FOLDER"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite golden files with what the tests produce now"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Keep the user's kernels and records out of the tests, and the tests out of theirs.

    Workers of pytest-xdist share one kernel cache; records and the measuring lock are each worker's own. Threads of
    kernels sleep while they wait, as the workers have the cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if _FOLDER not in os.environ:
        os.environ[_FOLDER] = folder = mkdtemp(prefix="tensorlang-tests-")
        config.add_cleanup(lambda: rmtree(folder, ignore_errors=True))
    shared = Path(os.environ[_FOLDER])
    os.environ["TENSORLANG_CACHE_DIR"] = str(shared / "cache")
    os.environ["TENSORLANG_HOME"] = str(shared / f"home-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """Compare a text with the golden file of this test: ``golden/<test file>/<test>.txt`` beside the test file."""
    path = request.path.parent / "golden" / request.path.stem / f"{request.node.name}.txt"

    def compare(text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no golden file {path}; write it with --update-golden"
        assert text == path.read_text(encoding="utf-8")

    yield compare
