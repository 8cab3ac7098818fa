"""The command as a user runs it: exit codes, what goes to stdout and what to stderr, no traceback ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from autotune.cli import root
from autotune.networks import find_network

MAIN = "from autotune.cli import main; main()"
LAYERS = " | ".join(layer.name for layer in find_network("resnet50").layers)


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "TENSORLANG_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MAIN, *arguments]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tune", "resnet51"), "Error: There is no network 'resnet51'.\n  legal here  resnet50\n"),
        (("run", "resnet51"), "Error: There is no network 'resnet51'.\n  legal here  resnet50\n"),
        (("run", "resnet50", "--layer", "x"), f"Error: resnet50 has no layer 'x'.\n  legal here  {LAYERS}\n"),
        (
            ("run", "resnet50", "--threads", "4096"),
            f"Error: This machine cannot run 4096 threads at once.\n"
            f"  legal here  1 to {len(os.sched_getaffinity(0))} threads\n",
        ),
        (
            ("db", "lookup", "conv1"),
            "Error: 'conv1' names no workload.\n"
            "  legal here  NETWORK:LAYER | JSON\n"
            "  hint        for example resnet50:conv1\n",
        ),
        (
            ("db", "lookup", '{"op": "fft"}'),
            "Error: there is no workload 'fft'.\n  legal here  gemm | conv2d | depthwise_conv2d\n",
        ),
    ],
)
def test_mistake_is_one_message_and_exit_code_1(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


@pytest.mark.parametrize("arguments", [("tune",), ("tune", "resnet50", "--budget", "soon"), ("frobnicate",)])
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert run(tmp_path, *arguments).returncode == 2


def test_unwritable_database_is_said_before_tuning_starts(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("in the way")
    done = run(home, "tune", "resnet50", "--budget", "100h")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "  hint        set TENSORLANG_HOME to a directory that you can write to"


def test_corrupt_database_is_named_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "records" / "somebody-else.jsonl"
    file.parent.mkdir()
    file.write_text("__import__('os').system('touch owned')\n")
    done = run(tmp_path, "db", "list", "--json")
    data = json.loads(done.stdout)
    assert data["records"] == [record for record in data["records"] if record["database"] == "published"]
    assert len(data["problems"]) == 1 and str(file) in data["problems"][0]
    assert f"warning: {file}:1: " in done.stderr.replace("\n", "")
    assert file.read_text() == "__import__('os').system('touch owned')\n"


def test_lookup_prints_a_schedule_and_says_where_it_came_from(tmp_path: Path) -> None:
    done = run(tmp_path, "db", "lookup", '{"op": "gemm", "m": 48, "n": 32, "k": 16}', "--threads", "1", "--json")
    data = json.loads(done.stdout)
    assert data["workload"]["m"] == 48
    assert data["explanation"] in done.stderr.replace("\n", " ")
    assert json.loads(data["schedule"])["directives"]


def test_help_and_lookup_do_not_load_the_tuner() -> None:
    code = "import sys, autotune.cli.root, autotune.cli.db; print('optuna' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(Path()), capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_import_of_the_package_is_light() -> None:
    code = "import sys, autotune; print(sorted({'numpy', 'numba', 'optuna', 'click', 'rich'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(Path()), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_tuning_then_running_a_layer(tmp_path: Path) -> None:
    options = ("--layer", "fc", "--threads", "1", "--json")
    tuned = run(tmp_path, "tune", "resnet50", "--budget", "8s", *options)
    assert tuned.returncode == 0, tuned.stderr
    data = json.loads(tuned.stdout)
    (layer,) = data["layers"]
    assert (layer["layer"], layer["count"], layer["problem"]) == ("fc", 1, "")
    assert layer["trials"] >= 1 and layer["tuned_ms"] <= layer["default_ms"]
    assert data["resume"] == "autotune tune resnet50 --budget 8s --threads 1 --layer fc"
    assert data["resume"] in tuned.stderr
    ran = run(tmp_path, "run", "resnet50", *options)
    assert ran.returncode == 0, ran.stderr
    (layer,) = json.loads(ran.stdout)["layers"]
    assert layer["source"] in ("heuristic", "exact machine")


def interrupt(home: Path, times: int) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a tuning run that gets so many Ctrl-C's in its midst."""
    arguments = ("tune", "resnet50", "--budget", "1h", "--layer", "fc", "--threads", "1", "--json")
    command = [sys.executable, "-c", MAIN, *arguments]
    with subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while "tuning" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(6)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout, stderr


RESUME = "to go on: autotune tune resnet50 --budget 1h --threads 1 --layer fc\n"


def test_ctrl_c_keeps_the_best_and_prints_how_to_go_on(tmp_path: Path) -> None:
    code, stdout, stderr = interrupt(tmp_path, times=1)
    assert code == 130
    data = json.loads(stdout)
    assert data["interrupted"] is True
    assert data["layers"][0]["tuned_ms"] > 0
    assert stderr.endswith(RESUME)
    assert "Traceback" not in stderr


def test_second_ctrl_c_leaves_at_once_and_still_says_how_to_go_on(tmp_path: Path) -> None:
    code, stdout, stderr = interrupt(tmp_path, times=2)
    assert (code, stdout) == (130, "")
    assert stderr.endswith(RESUME)
    assert "Traceback" not in stderr


def test_defect_of_ours_is_one_message_and_a_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def boom() -> None:
        raise KeyError("lost")

    monkeypatch.setitem(sys.modules, "defective", types.SimpleNamespace(boom=boom))
    monkeypatch.setitem(root._COMMANDS, "boom", ("defective:boom", ""))
    shown = CliRunner().invoke(root._autotune, ["boom"])
    assert (shown.exit_code, shown.output) == (
        1,
        "Error: internal error, KeyError: 'lost'\n"
        "  hint        this is a defect of tensorlang; TENSORLANG_DEBUG=1 shows where\n",
    )
    monkeypatch.setenv("TENSORLANG_DEBUG", "1")
    assert isinstance(CliRunner().invoke(root._autotune, ["boom"]).exception, KeyError)
