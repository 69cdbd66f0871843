import shutil

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.watch.simulate.material import load_material


def test_what_is_read(material):
    assert len(material.prompts) == 40
    assert len(material.dialogues) == 60
    human, assistant = material.dialogues[0][1]
    assert human.startswith("How would")
    assert len(assistant) > len(human)
    assert material.maths[3].startswith("Janet has 3 eggs")
    assert material.conversation[:3] == (1, 2, 3)
    busy = material.clients[0]
    assert busy.rate[:3].tolist() == [0.0, 2.0, 4.0]
    assert busy.cv[1] == 1.5
    assert np.mean(busy.tokens_in == 5.0) == 0.5
    assert set(busy.tokens_out.tolist()) == {7.0}


def test_an_absent_folder_is_told_with_the_way_out(tmp_path):
    with pytest.raises(InputError, match="data are not at") as err:
        load_material(tmp_path / "none")
    assert "[stream]" in str(err.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gsm8k_test.jsonl", None),
        ("gsm8k_test.jsonl", "{"),
        ("alpaca_seed_tasks.jsonl", '{"instruction": "x", "instances": []}\n'),
        ("azure_llm_2023_code.csv", "a,b\n1,2\n"),
        ("hh_rlhf_harmless_test.jsonl.gz", "no gzip"),
    ],
)
def test_a_damaged_folder_raises_only_our_error(folder, tmp_path, name, text):
    at = tmp_path / "d"
    shutil.copytree(folder, at)
    if text is None:
        (at / name).unlink()
    else:
        (at / name).write_text(text)
    with pytest.raises(InputError, match="cannot read the simulator's data"):
        load_material(at)
