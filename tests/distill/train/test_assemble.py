from types import SimpleNamespace

import pytest

from hydrometer.distill.train.config import TrainConfig, parse_base
from hydrometer.errors import InputError

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
]

ALONE = SimpleNamespace(num_processes=1, is_main_process=True, process_index=0, device="cpu",
                        wait_for_everyone=lambda: None)  # fmt: skip


@pytest.fixture
def build(examples, teacher, tmp_path):
    from hydrometer.distill.train.assemble import assemble
    from hydrometer.distill.train.base import open_base
    from hydrometer.distill.train.tokens import encode

    def make(given=None, **config):
        settings = TrainConfig(**({"max_length": 64, "batch_size": 4, "steps": 6} | config))
        base = parse_base(f"new:{teacher}@layers=1,width=32,heads=2")
        student, tokenizer = open_base(base, max_length=64, seed=0)
        encoded = encode(examples, tokenizer, max_length=64)
        return assemble(student, tokenizer, encoded, settings, tmp_path, 0, given, ALONE)

    return make


def test_each_method_has_its_trainer(build, teacher):
    import trl

    from hydrometer.distill.train.cached import CachedTrainer
    from hydrometer.distill.train.online import OnlineTrainer
    from hydrometer.distill.train.trainer import SequenceTrainer

    sequence, cached = build(), build(teacher, method="logit", top_k=4)
    online, policy = build(teacher, method="logit"), build(teacher, method="on-policy")
    assert type(sequence) is SequenceTrainer
    assert type(cached) is CachedTrainer
    assert type(online) is type(policy) is OnlineTrainer
    assert isinstance(sequence, trl.SFTTrainer)
    assert isinstance(cached, trl.SFTTrainer)
    assert isinstance(online, trl.DistillationTrainer)
    assert not any(p["own"] for p in online.train_dataset["prompt"])
    assert all(p["own"] for p in policy.train_dataset["prompt"])


def test_all_trainers_see_the_examples_in_one_order(build, teacher):
    wanted = build().train_dataset["row"]
    assert len(wanted) == 24
    assert build(teacher, method="logit", top_k=4).train_dataset["row"] == wanted
    online = build(teacher, method="logit").train_dataset["prompt"]
    assert [p["row"] for p in online] == list(wanted)


def test_the_rows_of_one_update_are_drawn_alike(build, teacher):
    made = build(teacher, method="on-policy", on_policy_share=0.5, accumulate=2, batch_size=2,
                 steps=40)  # fmt: skip
    rows = made.train_dataset["prompt"]
    assert len(rows) == 40 * 4 * 2, "each half of an update is read twice"
    blocks = [rows[i : i + 8] for i in range(0, len(rows), 8)]
    assert all(len({p["own"] for p in b}) == 1 for b in blocks)
    assert all([p["row"] for p in b[:4]] == [p["row"] for p in b[4:]] for b in blocks)
    assert 10 <= sum(b[0]["own"] for b in blocks) <= 30


def test_settings_reach_the_trainer(build):
    args = build(learning_rate=0.5, schedule="cosine", accumulate=3, warmup=0.5, save_steps=5,
                 log_steps=2, weight_decay=0.1, max_grad_norm=2.0).args  # fmt: skip
    assert (args.learning_rate, args.lr_scheduler_type.value) == (0.5, "cosine")
    assert (args.gradient_accumulation_steps, args.warmup_steps) == (3, 3)
    assert (args.save_steps, args.logging_steps) == (6, 2), "a checkpoint falls on a point"
    assert (args.weight_decay, args.max_grad_norm) == (0.1, 2.0)
    assert (args.max_steps, args.bf16, args.report_to) == (6, False, [])


def test_adapters(build):
    made = build(lora=2, lora_targets=("q_proj",))
    own = [n for n, p in made.model.named_parameters() if p.requires_grad]
    assert own
    assert all("q_proj" in n and "lora" in n for n in own)


def test_a_vocabulary_that_is_padded_otherwise_is_told(build, teacher, tmp_path):
    import transformers

    padded = tmp_path / "padded"
    model = transformers.AutoModelForCausalLM.from_pretrained(teacher)
    model.resize_token_embeddings(384, mean_resizing=False)
    model.save_pretrained(padded)
    transformers.AutoTokenizer.from_pretrained(teacher).save_pretrained(padded)
    with pytest.raises(InputError, match="other sizes") as caught:
        build(padded, method="logit")
    assert "set top_k" in caught.value.next_step
    assert build(padded, method="logit", top_k=4) is not None


def test_a_teacher_is_wanted_where_one_is_needed(tmp_path, teacher):
    from hydrometer.distill.train.assemble import require_teacher

    require_teacher(TrainConfig(), None)
    require_teacher(TrainConfig(method="logit"), teacher)
    for method in ("logit", "on-policy"):
        with pytest.raises(InputError, match="needs a teacher"):
            require_teacher(TrainConfig(method=method), None)
    (tmp_path / "header.json").write_text("{}")
    with pytest.raises(InputError, match="a cache cannot judge"):
        require_teacher(TrainConfig(method="on-policy"), tmp_path)
