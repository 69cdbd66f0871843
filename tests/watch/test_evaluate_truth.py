"""Truth from CSV: what is read and what is refused."""

import numpy as np
import pytest
from tests.watch.toy import KEY

from hydrometer.errors import InputError
from hydrometer.watch.evaluate_truth import (
    BENIGN,
    UNLABELLED,
    Label,
    label_accounts,
    read_truth,
)


def test_labels(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text(
        '\ufeffaccount,campaign,kind,note\na,,chat,x\n"b, c",k,naive,\nd,,,\n', "utf-8"
    )
    assert read_truth(path) == {
        "a": Label("", "chat"),
        "b, c": Label("k", "naive"),
        "d": Label("", "unnamed"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("account,kind\na,b\n", "is no truth"),
        ("", "is no truth"),
        ("account,campaign,kind\n", "labels no account"),
        ("account,campaign,kind\na,,x\na,,y\n", "line 3: an account stands twice"),
        ("account,campaign,kind\n,,x\n", "line 2: a row is not whole"),
        ("account,campaign,kind\na\n", "line 2: a row is not whole"),
        ('account,campaign,kind\n"a,,x\n', "cannot read the truth"),
    ],
)
def test_what_is_refused(tmp_path, text, said):
    path = tmp_path / "truth.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=said):
        read_truth(path)


def test_no_file_and_no_text(tmp_path):
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00account")
    for name in ("x", "y"):
        with pytest.raises(InputError, match="cannot read the truth"):
            read_truth(tmp_path / name)


def test_accounts_are_found_by_pseudonym():
    found = label_accounts({"a": Label("", "chat"), "b": Label("x", "naive")}, ["c", "a"], KEY)
    assert np.all(np.diff(found.pseudonym.astype(object)) > 0)
    wanted = np.array([KEY.account(n) for n in ("a", "b", "c", "d")], np.uint64)
    rows = found.find(wanted)
    assert found.campaign[rows[:3]].tolist() == [BENIGN, 0, UNLABELLED]
    assert rows[3] == -1
    assert found.campaigns == ("x",)
