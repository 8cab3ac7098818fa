"""Facts about the machine, from what the system says or does not say."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from autotune import machine


def test_facts_are_texts_and_what_cannot_be_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast CPU @ 3.00GHz\n", encoding="utf-8")
    for name in ("_GOVERNOR", "_NO_TURBO", "_BOOST"):
        monkeypatch.setattr(machine, name, tmp_path / name)
    monkeypatch.setattr("os.getloadavg", lambda: (0.126, 0.0, 0.0))
    assert machine.describe_machine() == {
        "cpu": "Fast CPU @ 3.00GHz",
        "system": f"{platform.system()} {platform.release()}",
        "load_before": "0.13",
    }
    (tmp_path / "_GOVERNOR").write_text("powersave\n", encoding="ascii")
    (tmp_path / "_NO_TURBO").write_text("1\n", encoding="ascii")
    described = machine.describe_machine()
    assert (described["governor"], described["turbo"]) == ("powersave", "off")


@pytest.mark.parametrize(
    ("no_turbo", "boost", "turbo"), [("0", "", "on"), ("1", "1", "off"), ("", "1", "on"), ("", "0", "off")]
)
def test_turbo_is_read_from_either_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_turbo: str, boost: str, turbo: str
) -> None:
    for name, text in (("_NO_TURBO", no_turbo), ("_BOOST", boost)):
        monkeypatch.setattr(machine, name, tmp_path / name)
        if text:
            (tmp_path / name).write_text(f"{text}\n", encoding="ascii")
    assert machine.turbo() == turbo
