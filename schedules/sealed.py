"""Files of records that prove themselves whole: a header with counts and a hash over all that follows."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schedules.records import SCHEMA, Record, check_schema
from tensorlang.errors import DatabaseError
from tensorlang.nn.codec import decode, encode, parse_json

FORMAT = "tensorlang-records"
_START = b'{"format": "tensorlang-records"'
_MOST_HEADER_BYTES = 100_000


@dataclass(frozen=True)
class Seal:
    """The header of a sealed file.

    Attributes
    ----------
    format : str
        ``"tensorlang-records"``.
    schema : int
        Of the records.
    records, workloads : int
        How many records follow, and of how many workloads.
    machines : mapping of str to int
        Number of records by hardware class.
    sha256 : str
        Hash over all bytes after the header's line.
    """

    format: str
    schema: int
    records: int
    workloads: int
    machines: Mapping[str, int]
    sha256: str


def seal(records: Sequence[Record]) -> bytes:
    """The content of a sealed file that holds `records`."""
    body = to_lines(records)
    header = Seal(
        format=FORMAT,
        schema=SCHEMA,
        records=len(records),
        workloads=len({record.workload for record in records}),
        machines=dict(Counter(record.hardware.class_name for record in records)),
        sha256=hashlib.sha256(body).hexdigest(),
    )
    return json.dumps(encode(header)).encode() + b"\n" + body


def to_lines(records: Sequence[Record]) -> bytes:
    """The records, one on each line."""
    return b"".join(record.to_json().encode() + b"\n" for record in records)


def is_sealed(content: bytes) -> bool:
    """True if the content of a file begins as a sealed one does."""
    return content.startswith(_START)


def check_seal(content: bytes) -> Seal:
    """Return the header of a sealed file.

    Raises
    ------
    DatabaseError
        If the header is malformed, or what follows is not what it was written for.
    """
    header, _, body = content.partition(b"\n")
    if len(header) > _MOST_HEADER_BYTES:
        raise DatabaseError(f"the header of a sealed file has at most {_MOST_HEADER_BYTES} B.")
    try:
        found = decode(Seal, parse_json(header.decode(), error=DatabaseError), error=DatabaseError, path="header")
    except (UnicodeDecodeError, RecursionError):
        raise DatabaseError("the header of a sealed file is not well-formed JSON.") from None
    if found.format != FORMAT:
        raise DatabaseError(f"header.format must be {FORMAT!r}.")
    check_schema(found.schema)
    if hashlib.sha256(body).hexdigest() != found.sha256:
        raise DatabaseError(
            "the content is not what the header's hash was made of: the file was changed or cut after it was written.",
            hint="ask for it again, or make it anew with `autotune db submit`",
        )
    return found


def check_counts(found: Seal, records: Sequence[Record]) -> None:
    """Raise DatabaseError unless the header counts the records as they are."""
    counts = (found.records, found.workloads, dict(found.machines))
    actual = Counter(record.hardware.class_name for record in records)
    if counts != (len(records), len({record.workload for record in records}), dict(actual)):
        raise DatabaseError(f"the header counts {found.records} records otherwise than they are, {len(records)}.")
