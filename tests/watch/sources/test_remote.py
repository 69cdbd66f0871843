"""Files behind URLs, through fsspec's own memory file system."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hydrometer.errors import InputError, MissingExtra
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.registry import read_files
from hydrometer.watch.sources.remote import list_remote, open_remote


@pytest.fixture
def memory():
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    files.pipe("/bucket/day=1/a.jsonl", b'{"account": "a", "time": 5}\n')
    files.pipe("/bucket/day=2/b.jsonl", b'{"account": "b", "time": 6}\n')
    yield files
    files.rm("/bucket", recursive=True)


def test_a_pattern(memory):
    found = list_remote("memory://bucket/day=*/*.jsonl")
    assert [f.rpartition("/")[2] for f in found] == ["a.jsonl", "b.jsonl"]
    parts = list(read_files("memory://bucket/day=*/*.jsonl", attribution=Attribution()))
    assert [o.account for p in parts for o in p.observations] == ["a", "b"]


def test_parquet(memory):
    import pyarrow as pa
    import pyarrow.parquet as pq

    with memory.open("/bucket/c.parquet", "wb") as f:
        pq.write_table(pa.table({"account": ["c"], "time": [7]}), f)
    (part,) = read_files("memory://bucket/c.parquet", attribution=Attribution())
    assert part.observations[0].account == "c"


class Ranges(BaseHTTPRequestHandler):
    """A server that gives parts of one file, as object stores do."""

    data = b"".join(b'{"account": "a%d", "time": %d}\n' % (n, n + 5) for n in range(50_000))

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.data)))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def do_GET(self):
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        part = self.data[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(self.data)}")
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *args):
        pass


def test_over_the_network_in_parts():
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    with ThreadingHTTPServer(("127.0.0.1", 0), Ranges) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/log.jsonl"
        parts = list(read_files(url, attribution=Attribution(), batch=20_000))
        server.shutdown()
    assert [len(p.observations) for p in parts] == [20_000, 20_000, 10_000]
    assert parts[-1].observations[-1].account == "a49999"


def test_what_is_not_there(memory):
    with pytest.raises(InputError, match="no file matches"):
        list_remote("memory://bucket/none/*.jsonl")
    with pytest.raises(InputError, match="cannot read"):
        open_remote("memory://bucket/none.jsonl")
    with pytest.raises(InputError, match="cannot read") as told:
        list_remote("nonsense://user:secret@host/x")
    assert "secret" not in str(told.value)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtra, match="s3"):
        list_remote("s3://bucket/x")
