import msgspec
import pytest

from hydrometer.errors import InputError
from hydrometer.watch.service.setup import Setup, make_state


def test_the_record_goes_over_the_wire_and_names_the_files(tmp_path):
    setup = Setup(state=str(tmp_path / "a" / "state"), window=7.0)
    assert msgspec.json.decode(msgspec.json.encode(setup), type=Setup) == setup
    make_state(setup)
    make_state(setup)
    assert setup.findings.is_dir()
    assert setup.folder.stat().st_mode & 0o077 == 0
    files = {setup.log, setup.quarantine, setup.decisions, setup.clusters, setup.ledger}
    files |= {setup.sample, setup.register}
    assert len(files) == 7
    assert all(f.parent == setup.folder for f in files)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make the state folder"):
        make_state(Setup(state=str(tmp_path / "file" / "state")))
