import pytest

from hydrometer.errors import InputError

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
]

LOSSES = ["forward-kl", "reverse-kl", "jsd"]


def column(trained, name):
    return [r[name] for r in trained.curve]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_cache_of_the_whole_vocabulary_trains_as_the_teacher_itself_does(teach, teacher, loss):
    common = {"method": "logit", "loss": loss, "teacher": teacher, "alpha": 0.3}
    online = teach("online", **common)
    cached = teach("cached", top_k=320, **common)
    for name in ("loss", "cross_entropy", "distillation"):
        # the cache keeps half precision
        assert column(cached, name) == pytest.approx(column(online, name), rel=3e-3, abs=3e-4)


def test_both_terms_are_in_the_curve_and_weigh_as_asked(teach, teacher):
    got = teach(method="logit", teacher=teacher, top_k=8, alpha=0.25)
    for row in got.curve:
        want = 0.25 * row["cross_entropy"] + 0.75 * row["distillation"]
        assert row["loss"] == pytest.approx(want, abs=1e-5)
        assert row["cross_entropy"] != pytest.approx(row["distillation"], rel=0.01)


def test_a_bucket_is_a_lower_bound_here_too(teach, teacher):
    few, more, all_ = (
        teach(str(k), method="logit", teacher=teacher, top_k=k, steps=1) for k in (2, 20, 320)
    )
    first = [column(t, "distillation")[0] for t in (few, more, all_)]
    assert first[0] < first[1] < first[2]


def test_the_student_moves_to_the_teacher(teach, teacher):
    got = teach(method="logit", teacher=teacher, top_k=20, alpha=0.0, steps=40, learning_rate=5e-3)
    apart = column(got, "distillation")
    assert apart[-1] < 0.7 * apart[0]


def test_one_cache_serves_several_students_and_settings(
    teach, teacher, examples, permit, tmp_path
):
    from datetime import date

    from hydrometer.distill.train.capture import capture

    capture(examples, permit=permit, at=date(2026, 11, 1), teacher=teacher, k=320,
            folder=tmp_path / "logits", max_length=64)  # fmt: skip
    common = {"method": "logit", "top_k": 320}
    made = teach("made", teacher=teacher, **common)
    given = teach("given", teacher=tmp_path / "logits", **common)
    assert column(given, "loss") == column(made, "loss")
    teach("lora", teacher=tmp_path / "logits", lora=2, **common)
    with pytest.raises(InputError, match="another temperature"):
        teach("warm", teacher=tmp_path / "logits", temperature=2.0, **common)
    with pytest.raises(InputError, match="cannot judge what the student will answer"):
        teach("policy", teacher=tmp_path / "logits", method="on-policy")


def test_accumulated_batches_are_one_large_batch(teach, teacher):
    common = {"method": "logit", "teacher": teacher, "top_k": 8, "steps": 3}
    large = teach("large", batch_size=8, **common)
    small = teach("small", batch_size=2, accumulate=4, **common)
    for name in ("loss", "cross_entropy", "distillation"):
        assert column(small, name) == pytest.approx(column(large, name), abs=1e-5)


def test_another_vocabulary_is_refused_with_the_way_out(teach, teacher, other_tokenizer):
    from hydrometer.distill.train.config import parse_base

    base = parse_base(f"new:{other_tokenizer}@layers=1,width=64,heads=2")
    for more in ({}, {"top_k": 8}):
        with pytest.raises(InputError, match="do not share a vocabulary") as caught:
            teach(f"out{len(more)}", method="logit", teacher=teacher, base=base, **more)
        assert "method sequence" in caught.value.next_step
    assert teach("words", base=base, steps=2).steps == 2


def test_a_method_that_needs_a_teacher_says_so(teach):
    for method in ("logit", "on-policy"):
        with pytest.raises(InputError, match="needs a teacher"):
            teach(method=method)
