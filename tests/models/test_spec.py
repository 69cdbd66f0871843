import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import InputError, MissingExtra
from hydrometer.exchange import Exchange, Message
from hydrometer.models.completions import CompletionsModel
from hydrometer.models.openai import OpenAIModel
from hydrometer.models.recorded import RecordedModel
from hydrometer.models.spec import Spec, open_model, parse_spec
from hydrometer.models.wire import Dialect


@pytest.mark.parametrize(
    ("text", "base", "want"),
    [
        ("openai:a/b@http://h/v1", None, Spec("openai", "http://h/v1", "a/b")),
        ("openai:a@b@https://h", None, Spec("openai", "https://h", "a@b")),
        ("m", "http://h/v1", Spec("openai", "http://h/v1", "m")),
        ("openai:m", "http://h/v1", Spec("openai", "http://h/v1", "m")),
        ("llama3:8b", "http://h/v1", Spec("openai", "http://h/v1", "llama3:8b")),
        ("hf:some/folder", None, Spec("hf", "some/folder")),
        ("gguf:m.gguf", None, Spec("gguf", "m.gguf")),
        ("recorded:f.jsonl", None, Spec("recorded", "f.jsonl")),
        ("recorded:m@f.jsonl", None, Spec("recorded", "f.jsonl", "m")),
    ],
)
def test_what_a_text_means(text, base, want):
    assert parse_spec(text, base) == want


@pytest.mark.parametrize("text", ["", "m", "hf:", "openai:m", "openai:@http://h", "ftp:x"])
def test_what_means_nothing_says_what_would(text):
    with pytest.raises(InputError, match="wanted: openai:NAME@"):
        parse_spec(text)


@given(st.text(max_size=40), st.none() | st.just("http://h/v1"))
def test_any_text_is_a_spec_or_our_error(text, base):
    try:
        got = parse_spec(text, base)
    except InputError:
        return
    assert got.kind in ("openai", "hf", "gguf", "recorded")
    assert got.where


def opened(spec, **more):
    return open_model(spec, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), seed=0, **more)


def test_each_kind_is_opened():
    there = Spec("openai", "http://h/v1", "m")
    assert type(opened(there)) is OpenAIModel
    assert type(opened(there, dialect=Dialect("completions"))) is CompletionsModel
    said = [Exchange((Message("user", "q"),), "a", "m")]
    assert isinstance(opened(Spec("recorded", "f"), exchanges=said), RecordedModel)


@pytest.mark.parametrize(
    ("kind", "library", "extra"),
    [("hf", "torch", "models"), ("hf", "transformers", "models"), ("gguf", "llama_cpp", "gguf")],
)
def test_a_missing_library_gives_the_line_to_type(monkeypatch, kind, library, extra):
    for name in list(sys.modules):
        if name.startswith("hydrometer.models.transformers") or name.endswith("models.llama_cpp"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra) as caught:
        opened(Spec(kind, "nowhere"))
    assert f"pip install 'hydrometer[{extra}]'" in str(caught.value)
