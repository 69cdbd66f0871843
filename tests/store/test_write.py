import pytest

from hydrometer.errors import InputError, SchemaError, StoreError
from hydrometer.exchange import Exchange, Message
from hydrometer.store.readers import read
from hydrometer.store.write import write

FOUND = [
    Exchange(prompt=(Message("user", f"é {i}"),), response="a", model="m", headers={"a": "b"})
    for i in range(20)
]


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_round_trip(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    assert write(iter(FOUND), path) == 20
    again = read(path)
    assert again.format == "exchange"
    assert [e.content for e in again.exchanges] == [e.content for e in FOUND]
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.parquet"
    write(FOUND, path)
    before = path.read_bytes()
    bad = Exchange(prompt=(Message("user", "\ud800"),), response="a", model="m")
    with pytest.raises(SchemaError):
        write([*FOUND, bad], path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["x.parquet"]


def test_where_it_cannot_go(tmp_path):
    with pytest.raises(InputError):
        write(FOUND, tmp_path / "x.txt")
    with pytest.raises(StoreError):
        write(FOUND, tmp_path / "none" / "x.jsonl")
