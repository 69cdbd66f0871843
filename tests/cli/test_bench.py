"""The benchmarks as verbs of one command; what each measures has its own test."""

import pytest

from hydrometer.cli.main import main


@pytest.mark.parametrize("verb", ["trace", "served"])
def test_each_benchmark_has_help(capsys, verb):
    with pytest.raises(SystemExit) as caught:
        main(["bench", verb, "--help"])
    assert caught.value.code == 0
    assert "--out" in capsys.readouterr().out


def test_an_unknown_benchmark_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["bench", "nothing"])
    assert caught.value.code == 2
    assert "nothing" in capsys.readouterr().err
