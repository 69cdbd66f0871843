import pytest

from hydrometer.errors import ModelError

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = pytest.mark.torch


class Accelerator:
    is_main_process = True
    device = torch.device("cpu")

    def reduce(self, value, reduction):
        assert reduction in ("mean", "sum")
        return value

    def wait_for_everyone(self):
        pass


class Inner:
    """What stands below: a trainer that keeps what it was told."""

    def __init__(self, folder):
        from types import SimpleNamespace

        self.accelerator, self.logged = Accelerator(), []
        self.state = SimpleNamespace(global_step=0)
        self.args = SimpleNamespace(output_dir=str(folder), learning_rate=0.1)
        self.model = torch.nn.Linear(2, 2)

    def log(self, logs, start_time=None):
        self.logged.append(logs)

    def _save_checkpoint(self, model, trial):
        from pathlib import Path

        path = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
        path.mkdir(parents=True)
        (path / "weights").write_text("x")


@pytest.fixture
def house(tmp_path):
    from hydrometer.distill.train.trainer import House

    return type("Trainer", (House, Inner), {})(tmp_path)


def test_terms_are_summed_over_batches_and_averaged_over_steps(house):
    for step, parts in enumerate([(1.0, 2.0), (3.0, 4.0)]):
        house.state.global_step = step
        for value in parts:  # two batches to one update
            house.note(distillation=torch.tensor(value))
    house.note(cross_entropy=torch.tensor(9.0))  # in one of the two updates alone
    house.state.global_step = 2
    house.log({"loss": 5.0})
    assert house.logged == [{"loss": 5.0, "distillation": 5.0, "cross_entropy": 9.0}]
    house.log({"loss": 1.0})
    assert house.logged[1] == {"loss": 1.0}, "nothing is told twice"


@pytest.mark.parametrize(
    "logs",
    [{"loss": float("nan")}, {"loss": float("inf")}, {"loss": 1.0, "grad_norm": float("nan")}],
)
def test_no_number_stops_and_names_the_last_checkpoint(house, logs):
    house.state.global_step = 3
    house._save_checkpoint(house.model, None)
    house.state.global_step = 4
    with pytest.raises(ModelError, match="stopped at step 4") as caught:
        house.log(logs)
    assert "the last good checkpoint is checkpoint-3" in caught.value.next_step
    assert house.logged == []


def test_weights_that_are_no_numbers_are_not_saved(house, tmp_path):
    with torch.no_grad():
        house.model.weight[0, 0] = float("inf")
    with pytest.raises(ModelError, match="a weight is no finite number"):
        house._save_checkpoint(house.model, None)
    assert list(tmp_path.iterdir()) == []
    house.model.weight.requires_grad_(False)  # frozen weights are the base's own
    house._save_checkpoint(house.model, None)
    assert (tmp_path / "checkpoint-0" / "complete.json").exists()


def test_only_so_many_checkpoints_are_kept(house, tmp_path):
    for step in range(5):
        house.state.global_step = step
        house._save_checkpoint(house.model, None)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-3", "checkpoint-4"]


def test_nothing_is_sent_and_no_card_is_written(house, tmp_path):
    assert house._send_telemetry() is None
    assert house.create_model_card(model_name="x") is None
    assert list(tmp_path.iterdir()) == []


def test_the_curve_is_written_on_the_main_process_alone(tmp_path):
    from types import SimpleNamespace

    from hydrometer.distill.train.record import Curve, read_curve
    from hydrometer.distill.train.trainer import CurveWriter

    now = iter([10.0, 12.5, 13.0])
    seen = []
    writer = CurveWriter(Curve(tmp_path), 4.0, lambda: next(now), lambda *a: seen.append(a))
    state = SimpleNamespace(is_world_process_zero=True, global_step=7, max_steps=9,
                            num_input_tokens_seen=50)  # fmt: skip
    writer.on_log(None, state, None, logs={"loss": 2.0, "learning_rate": 0.1})
    writer.on_log(None, state, None, logs={"train_runtime": 1.0})
    state.is_world_process_zero = False
    writer.on_log(None, state, None, logs={"loss": 2.0})
    (row,) = read_curve(tmp_path)
    assert row["seconds"] == 6.5
    assert (row["cross_entropy"], row["distillation"], row["tokens"]) == (2.0, None, 50)
    assert [(a, b) for a, b, _ in seen] == [(7, 9)]
    state.is_world_process_zero = True
    writer.on_log(None, state, None, logs={"loss": 2.0, "distillation": 3.0})
    assert read_curve(tmp_path)[1]["cross_entropy"] is None


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
def test_the_loss_on_a_processor_is_that_of_trl(examples, teacher, tmp_path):
    from types import SimpleNamespace

    from hydrometer.distill.train.assemble import assemble
    from hydrometer.distill.train.base import open_base
    from hydrometer.distill.train.config import TrainConfig, parse_base
    from hydrometer.distill.train.tokens import encode

    student, tokenizer = open_base(parse_base(f"hf:{teacher}"), max_length=64, seed=0)
    encoded = encode(examples, tokenizer, max_length=64)
    alone = SimpleNamespace(num_processes=1)
    config = TrainConfig(steps=1, max_length=64)
    made = assemble(student, tokenizer, encoded, config, tmp_path, 0, None, alone)
    batch = next(iter(made.get_train_dataloader()))
    found = []
    for items in (None, torch.tensor(500)):
        for kind in (type(made), type(made).__mro__[2]):
            made.model.zero_grad()
            loss = kind.compute_loss(made, made.model, dict(batch), num_items_in_batch=items)
            loss.backward()
            found.append((loss.item(), made.model.model.layers[0].mlp.up_proj.weight.grad.clone()))
    assert type(made).__mro__[2].__name__ == "SFTTrainer"
    for ours, theirs in (found[:2], found[2:]):
        assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
        assert torch.allclose(ours[1], theirs[1], atol=1e-6)
    assert found[0][0] != pytest.approx(found[2][0], rel=0.1)
