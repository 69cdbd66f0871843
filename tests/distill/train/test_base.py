import numpy as np
import pytest

from hydrometer.distill.train.config import parse_base
from hydrometer.errors import InputError

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def gguf_file(teacher, tmp_path_factory):
    """A model of the Llama kind with random weights, half of them quantised."""
    gguf = pytest.importorskip("gguf")
    import json

    raw = json.loads((teacher / "tokenizer.json").read_text())["model"]
    tokens = sorted(raw["vocab"], key=raw["vocab"].get)
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_context_length(128)
    out.add_embedding_length(64)
    out.add_block_count(2)
    out.add_feed_forward_length(128)
    out.add_head_count(2)
    out.add_head_count_kv(2)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_rope_freq_base(10000.0)
    out.add_vocab_size(len(tokens))
    out.add_tokenizer_model("gpt2")
    out.add_token_list(tokens)
    out.add_token_types([3 if t.startswith("<") and t.endswith(">") else 1 for t in tokens])
    out.add_token_merges([" ".join(m) if isinstance(m, list) else m for m in raw["merges"]])
    out.add_eos_token_id(1)
    out.add_bos_token_id(1)
    out.add_pad_token_id(0)
    rng = np.random.default_rng(0)

    def add(name, *shape, quantised=False):
        values = rng.normal(0, 0.1, shape).astype(np.float32)
        if quantised:
            kind = gguf.GGMLQuantizationType.Q8_0
            out.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            out.add_tensor(name, values)

    add("token_embd.weight", len(tokens), 64, quantised=True)
    add("output_norm.weight", 64)
    for i in range(2):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{i}.{name}.weight", 64, 64, quantised=True)
        add(f"blk.{i}.ffn_gate.weight", 128, 64)
        add(f"blk.{i}.ffn_up.weight", 128, 64)
        add(f"blk.{i}.ffn_down.weight", 64, 128)
        add(f"blk.{i}.attn_norm.weight", 64)
        add(f"blk.{i}.ffn_norm.weight", 64)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path


def test_a_gguf_file_becomes_a_student_that_can_be_saved(gguf_file, teach, tmp_path):
    from transformers import AutoModelForCausalLM

    from hydrometer.distill.train.base import open_weights

    direct = AutoModelForCausalLM.from_pretrained(gguf_file.parent, gguf_file=gguf_file.name)
    with pytest.raises(ValueError, match="not serializable"):
        direct.save_pretrained(tmp_path / "no")
    copied = open_weights(gguf_file)
    copied.save_pretrained(tmp_path / "yes")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "yes")
    ids = torch.arange(20)[None] + 30
    with torch.inference_mode():
        want = direct(ids).logits
        assert torch.equal(copied(ids).logits, want)
        assert torch.equal(again(ids).logits, want)
    got = teach(base=parse_base(f"gguf:{gguf_file}"), steps=2)
    assert AutoModelForCausalLM.from_pretrained(got.folder).num_parameters() == got.parameters


def test_a_new_student_is_drawn_by_its_seed(teacher):
    from hydrometer.distill.train.base import open_base

    base = parse_base(f"new:{teacher}@layers=1,width=32,heads=2,context=99")
    (a, tokenizer), (b, _), (c, _) = (open_base(base, max_length=64, seed=s) for s in (0, 0, 1))
    first = [next(m.parameters()) for m in (a, b, c)]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])
    assert a.config.max_position_embeddings == 99
    assert a.config.vocab_size == len(tokenizer)
    assert a.config.eos_token_id == tokenizer.eos_token_id


def test_a_context_that_is_too_short_is_told(teacher):
    from hydrometer.distill.train.base import open_base

    with pytest.raises(InputError, match="context is too short") as caught:
        open_base(parse_base(f"hf:{teacher}"), max_length=129, seed=0)
    assert caught.value.got == "128 tokens"


def test_what_cannot_be_loaded(tmp_path, teacher):
    import json
    import shutil

    from hydrometer.distill.train.base import open_base, open_tokenizer

    for text in (f"hf:{tmp_path / 'none'}", f"hf:{tmp_path}", f"new:{tmp_path}"):
        with pytest.raises(InputError):
            open_base(parse_base(text), max_length=64, seed=0)
    broken = tmp_path / "broken"
    shutil.copytree(teacher, broken)
    (broken / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(InputError, match="cannot load"):
        open_base(parse_base(f"hf:{broken}"), max_length=64, seed=0)
    config = json.loads((broken / "tokenizer_config.json").read_text())
    config.pop("eos_token")
    (broken / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="has no end token"):
        open_tokenizer(broken)
