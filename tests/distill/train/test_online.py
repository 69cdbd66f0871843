import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
]


def column(trained, name):
    return [r[name] for r in trained.curve]


def test_the_first_point_is_the_divergence_computed_by_hand(teach, teacher, examples):
    from hydrometer.distill.train.base import open_base, open_weights
    from hydrometer.distill.train.capture import answer_logits
    from hydrometer.distill.train.config import parse_base
    from hydrometer.distill.train.tokens import encode

    base = parse_base(f"new:{teacher}@layers=2,width=64,heads=2")
    student, tokenizer = open_base(base, max_length=64, seed=0)
    rows = encode(examples, tokenizer, max_length=64).rows
    got = teach(method="logit", teacher=teacher, batch_size=20, steps=1, base=base)
    own, other = (
        torch.cat(answer_logits(m, rows, "cpu")) for m in (student, open_weights(teacher))
    )
    p, q = torch.log_softmax(other, -1), torch.log_softmax(own, -1)
    targets = torch.cat([torch.tensor(r.ids[r.start :]) for r in rows])
    (row,) = got.curve
    assert row["distillation"] == pytest.approx(
        ((p.exp() * (p - q)).sum(-1)).mean().item(), rel=1e-4
    )
    cross = -q.gather(-1, targets[:, None]).mean().item()
    assert row["cross_entropy"] == pytest.approx(cross, rel=1e-4)
    assert row["loss"] == pytest.approx((row["distillation"] + cross) / 2, rel=1e-4)


def test_on_policy_the_student_draws_the_answers(teach, teacher):
    got = teach(method="on-policy", loss="reverse-kl", teacher=teacher, max_new_tokens=6,
                steps=25, learning_rate=5e-3)  # fmt: skip
    assert all(r["cross_entropy"] is None for r in got.curve)
    assert column(got, "loss") == column(got, "distillation")
    apart = column(got, "distillation")
    assert sum(apart[-5:]) < 0.9 * sum(apart[:5])
    again = teach("again", method="on-policy", loss="reverse-kl", teacher=teacher,
                  max_new_tokens=6, steps=25, learning_rate=5e-3)  # fmt: skip
    assert column(again, "loss") == column(got, "loss")


def test_a_share_of_the_updates_is_on_policy(teach, teacher):
    got = teach(method="on-policy", teacher=teacher, max_new_tokens=4, steps=16, batch_size=2,
                on_policy_share=0.5)  # fmt: skip
    own = sum(r["cross_entropy"] is None for r in got.curve)
    assert 3 <= own <= 13
    none = teach("none", method="on-policy", teacher=teacher, on_policy_share=0.0)
    logit = teach("logit", method="logit", teacher=teacher)
    assert column(none, "loss") == column(logit, "loss")


def test_accumulated_batches_are_one_large_batch(teach, teacher):
    common = {"method": "logit", "teacher": teacher, "steps": 3}
    large = teach("large", batch_size=8, **common)
    small = teach("small", batch_size=2, accumulate=4, **common)
    for name in ("loss", "cross_entropy", "distillation"):
        assert column(small, name) == pytest.approx(column(large, name), abs=1e-5)


def test_adapters_learn_from_logits(teach, teacher, tmp_path):
    from hydrometer.distill.train.config import parse_base

    start = teach("start", steps=2)  # a student of the teacher's vocabulary, with weights
    got = teach(method="logit", teacher=teacher, lora=4, steps=10, learning_rate=1e-2,
                base=parse_base(f"hf:{start.folder}"))  # fmt: skip
    apart = column(got, "distillation")
    assert apart[-1] < apart[0]
    assert got.trained_parameters < 0.2 * got.parameters


def test_another_version_of_trl_is_refused(teach, teacher, monkeypatch):
    from hydrometer.distill.train import trl116
    from hydrometer.errors import InputError

    monkeypatch.setattr(trl116, "version", lambda name: "1.17.0")
    with pytest.raises(InputError, match="reach inside TRL"):
        teach(method="logit", teacher=teacher)
    assert teach("text", steps=1).steps == 1
