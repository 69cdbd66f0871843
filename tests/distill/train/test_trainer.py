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
