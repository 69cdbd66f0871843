"""The group of commands of `watch`."""

from click.testing import CliRunner

from hydrometer.cli.main import SAYS, cli
from hydrometer.cli.watch import watch


def test_every_command_is_there_and_says_what_it_does():
    assert list(watch.commands) == [
        *("key", "scan", "serve", "policy", "actions", "reverse", "export", "account"),
        *("sample", "simulate"),
    ]
    page = CliRunner().invoke(watch, ["--help"]).output
    assert all(name in page for name in watch.commands)
    assert watch.help == SAYS["watch"]


def test_options_have_their_variables():
    group = cli.get_command(None, "watch")
    names = {o.opts[0]: o.envvar for o in group.commands["scan"].params}
    assert names["--false-alarms"] == "HYDROMETER_WATCH_SCAN_FALSE_ALARMS"
    assert names["--text"] == "HYDROMETER_WATCH_SCAN_TEXT"
