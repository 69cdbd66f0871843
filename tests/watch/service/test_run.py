import pytest

from hydrometer.errors import InputError
from hydrometer.watch.service.run import serve as run
from hydrometer.watch.service.setup import Setup
from hydrometer.watch.service.tokens import Tokens


def start(tmp_path, *, host="127.0.0.1", tokens=None, key="ab" * 32, **more):
    run(
        Setup(state=str(tmp_path / "state"), **more),
        tokens or Tokens(),
        host=host,
        port=0,
        clock=lambda: 0,
        environment={"HYDROMETER_WATCH_KEY": key},
        say=lambda line: None,
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"host": "0.0.0.0"}, "can be reached by others"),
        ({"key": ""}, "no key"),
        ({"mapping": "absent.toml"}, "cannot read the mapping"),
        ({"detectors": "absent.toml"}, "cannot read the settings"),
        ({"false_alarms": "often"}, "not a rate"),
        ({"policy": "absent.toml"}, "absent.toml"),
        ({"sample_key": "absent"}, "not a public key"),
        ({"sample_key": "ab" * 32, "text": False}, "left unread"),
    ],
)
def test_a_mistake_is_told_before_anything_starts(tmp_path, more, said):
    with pytest.raises(InputError, match=said):
        start(tmp_path, **more)
    assert not (tmp_path / "state").exists()


def test_it_ends_in_order(serve):
    service = serve()
    assert service.stop() == 0
    assert "listening on" in service.log.read_text()
