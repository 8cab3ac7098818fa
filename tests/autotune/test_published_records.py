"""The published records: new ones, and a tenth of the others each day, agree with the oracle on this CPU."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from autotune.filling.tasks import CANDIDATES
from autotune.measure.local import LocalMeasurer
from autotune.verification import due, read_verified, verify
from schedules import Database, Record

SHARES = 4  # for as many worker processes
MOST_NEW = 60
"""More than so many new records are for a command, not for the tests."""


@cache
def published() -> tuple[Record, ...]:
    return Database.shipped().load().records


def test_new_records_are_few_enough_for_the_tests() -> None:
    new = {r.digest for r in published()} - read_verified(Database.shipped().directory)
    assert len(new) <= MOST_NEW, "run `autotune db verify schedules/records --all --remember`, and commit verified.txt"


@pytest.mark.parametrize("share", range(SHARES))
def test_records_that_are_due_are_right(share: int) -> None:
    chosen = due(published(), read_verified(Database.shipped().directory), date.today())[share::SHARES]
    with LocalMeasurer() as measurer:
        found = [verify(record, measurer) for record in chosen]
    assert [(str(v.record.workload), v.verdict, v.detail) for v in found if not v.verdict.passes] == []


def test_each_record_has_its_candidates_behind_it() -> None:
    assert [str(r.workload) for r in published() if not (r.search and r.search.has_at_least(CANDIDATES))] == []
