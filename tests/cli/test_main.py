import json
import os
import signal
import subprocess
import sys
import time

import click
import pytest

from hydrometer import __version__
from hydrometer.cli import main as cli_main
from hydrometer.cli.main import SAYS, VERBS, cli, main
from hydrometer.errors import InputError, MissingExtra, NotPermitted, Refused

COMMAND = [sys.executable, "-c", "from hydrometer.cli.main import main; main()"]


def run(*args):
    with pytest.raises(SystemExit) as caught:
        main(list(args))
    return caught.value.code


@pytest.fixture
def verb(monkeypatch):
    """A verb that does what the test says."""

    def put(act):
        monkeypatch.setitem(VERBS, "probe", "probe_module:probe")
        command = click.Command(
            "probe", callback=act, params=[click.Option(["--count"], type=int)]
        )
        real = cli_main.importlib.import_module

        def find(name):
            return type("M", (), {"probe": command}) if name == "probe_module" else real(name)

        monkeypatch.setattr(cli_main.importlib, "import_module", find)

    return put


def fail(error):
    def act(count):
        raise error

    return act


@pytest.mark.parametrize(
    ("result", "code"), [(None, 0), (0, 0), (3, 3), (1, 1), ("words", 0), (True, 1)]
)
def test_the_code_is_what_the_verb_returns(verb, result, code):
    verb(lambda count: result)
    assert run("probe") == code


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (Refused("too few prompts"), 1, "refused: too few prompts"),
        (NotPermitted("no"), 1, "refused: no"),
        (InputError("bad file", got="0 bytes"), 2, "error: bad file; got: 0 bytes"),
        (MissingExtra("store 'ray'", "ray"), 2, "pip install 'hydrometer[ray]'"),
        (click.UsageError("which one?"), 2, "which one?"),
        (KeyboardInterrupt(), 130, "stopped"),
        (ZeroDivisionError("oh"), 70, "defect of hydrometer"),
    ],
)
def test_errors_have_their_code_and_their_words_on_stderr(verb, capsys, error, code, word):
    verb(fail(error))
    assert run("probe") == code
    said = capsys.readouterr()
    assert word in said.err
    assert said.out == ""


def test_help_and_version(capsys):
    assert run("--help") == 0
    page = capsys.readouterr().out
    assert page.startswith("Usage: hydrometer")
    assert all(name in page for name in VERBS)
    assert set(SAYS) == set(VERBS)
    assert all(line in page for line in SAYS.values())
    assert run("--version") == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    "args", [(), ("nothing",), ("--nothing",), ("probe", "--count", "x"), ("probe", "more")]
)
def test_usage_errors_are_two_and_explained(verb, capsys, args):
    verb(lambda count: 0)
    assert run(*args) == 2
    said = capsys.readouterr()
    assert "Usage: hydrometer" in said.err
    assert said.out == ""


def test_options_come_from_the_environment(verb, monkeypatch):
    verb(lambda count: count)
    monkeypatch.setenv("HYDROMETER_PROBE_COUNT", "3")
    assert run("probe") == 3


def test_every_verb_can_be_imported_and_explains_itself():
    with click.Context(cli) as ctx:
        for name in cli.list_commands(ctx):
            command = cli.get_command(ctx, name)
            assert command is not None
            assert (command.help or "").strip()


def test_a_reader_that_goes_away_is_no_refusal(tmp_path):
    script = tmp_path / "probe_module.py"
    script.write_text(
        "import click\n@click.command()\ndef probe():\n"
        "    for i in range(100000):\n        click.echo('x' * 80)\n"
    )
    code = (
        "from hydrometer.cli.main import VERBS, main; "
        "VERBS['probe'] = 'probe_module:probe'; main(['probe'])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    child.stdout.read(10)
    child.stdout.close()
    said = child.stderr.read()
    child.stderr.close()
    assert child.wait(30) == 141
    assert said == b""


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to a child there")
def test_ctrl_c_is_130(tmp_path):
    (tmp_path / "probe_module.py").write_text(
        "import click, time, sys\n@click.command()\ndef probe():\n"
        "    sys.stderr.write('ready\\n'); sys.stderr.flush(); time.sleep(30)\n"
    )
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # see below
        "from hydrometer.cli.main import VERBS, main; "
        "VERBS['probe'] = 'probe_module:probe'; main(['probe'])"
    )
    # A job that a script puts into the background ignores SIGINT, and so do its children.
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert child.stderr.readline() == b"ready\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    said = child.stderr.read()
    child.stderr.close()
    assert child.wait(30) == 130
    assert b"stopped" in said
    assert b"Traceback" not in said


def test_data_on_stdout_and_words_on_stderr(tmp_path):
    done = subprocess.run(
        [*COMMAND, "ask", "--model", "openai:m@http://127.0.0.1:9/v1", "--out",
         str(tmp_path / "a.jsonl"), "--dry-run", "--json"],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout)["dry_run"] is True
    assert b"would ask" in done.stderr


def test_a_variable_bears_the_name_of_its_option():
    verbs = cli.get_command(None, "trace")
    names = {o.opts[0]: o.envvar for o in verbs.params}
    assert names["--json"] == "HYDROMETER_TRACE_JSON"
    assert names["--suspect-model"] == "HYDROMETER_TRACE_SUSPECT_MODEL"
    inner = {o.opts[0]: o.envvar for o in verbs.commands["served"].params}
    assert inner["--log"] == "HYDROMETER_TRACE_SERVED_LOG"
