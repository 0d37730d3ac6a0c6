"""Training: it learns, repeats exactly, stops cleanly, and keeps whole files whatever happens."""

import json
import math

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from blueprint.data.progress import Silent
from blueprint.diagnostics import SpecError
from blueprint.train.finished import measure_again, reopen
from blueprint.train.job import train
from blueprint.train.metrics import Scores, evaluate
from blueprint.train.recipe_document import load_recipe
from tests.train.fakes import FakeModel

CPU = torch.device("cpu")


class Heard(Silent):
    """A progress that remembers its lines."""

    def __init__(self):
        self.lines, self.steps = [], 0

    def advance(self, steps=1, note=""):
        self.steps += steps

    def line(self, text):
        self.lines.append(text)


def recipe(**changed):
    document = {
        "blueprint": 1,
        "kind": "recipe",
        "name": "quick",
        "data": "digits",
        "augment": [{"random_crop": 1}, {"random_erasing": 0.3}],
        "optimiser": {"sgd": {"lr": 0.2, "momentum": 0.9}},
        "schedule": {"cosine": {"warmup_epochs": 0.5}},
        "epochs": 2,
        "batch_size": 64,
    }
    return load_recipe(document | changed)


def run(tmp_path, stop=lambda: False, model=None, chosen=(), progress=None, weights=None, **changed):
    model = model or FakeModel()
    return train(model.load, chosen, recipe(**changed), tmp_path / "run", CPU, progress or Silent(), stop, weights)


def test_it_learns_and_its_files_agree(tmp_path):
    made, summary = run(tmp_path, epochs=6)
    assert summary.top1 > 0.8
    assert {p.name for p in made.path.iterdir()} == {
        "spec.yaml",
        "recipe.json",
        "data.json",
        "metrics.jsonl",
        "model.safetensors",
        "summary.json",
    }
    metrics = made.metrics
    assert [m.epoch for m in metrics] == [1, 2, 3, 4, 5, 6]
    assert metrics[-1].train_loss < metrics[0].train_loss
    assert (metrics[-1].top1, metrics[-1].top5, metrics[-1].loss) == (summary.top1, summary.top5, summary.loss)
    assert made.summary == summary
    assert summary.parameters == sum(p.numel() for p in FakeModel().build().parameters())
    assert (summary.epochs, summary.steps, summary.split, summary.interrupted) == (6, 6 * 23, "test", False)
    assert 0 < summary.top1 <= summary.top5 <= 1
    assert json.loads((made.path / "summary.json").read_text())["top1"] == summary.top1


def test_measuring_the_run_again_gives_its_figures(tmp_path):
    made, summary = run(tmp_path)
    scores, split = measure_again(reopen(made.path, FakeModel().load, CPU), Silent())
    assert (scores.top1, scores.top5, scores.loss, split) == (summary.top1, summary.top5, summary.loss, "test")


def test_a_run_repeats_exactly_with_its_seed_and_only_then(tmp_path):
    def weights(name, seed):
        made, _ = train(FakeModel().load, (), recipe(seed=seed), tmp_path / name, CPU, Silent())
        return (made.path / "model.safetensors").read_bytes()

    first = weights("a", 1)
    torch.rand(7)  # the state that the caller's generator is left in counts for nothing
    assert weights("b", 1) == first
    assert weights("c", 2) != first


def test_the_rate_follows_the_schedule_at_every_step(tmp_path, monkeypatch):
    seen = []
    step = torch.optim.SGD.step

    def noting(self, *arguments, **keywords):
        seen.append(self.param_groups[0]["lr"])
        return step(self, *arguments, **keywords)

    monkeypatch.setattr(torch.optim.SGD, "step", noting)
    run(tmp_path)
    schedule = recipe().schedule
    assert seen == [schedule.rate(t, 46, 23, 0.2) for t in range(46)]


def test_the_classes_and_input_of_the_spec_follow_the_data_and_the_recipe(tmp_path):
    model, heard = FakeModel(num_classes=3, input=(3, 16, 16)), Heard()
    made, _ = run(tmp_path, model=model, progress=heard, image_size=12)
    assert model.made[1] == {"num_classes": 10, "input": (3, 12, 12)}
    assert "num_classes: 10, as digits has" in heard.lines
    assert "input: [3, 12, 12], as the recipe's `image_size` says" in heard.lines
    assert made.data.input == [3, 12, 12]


def test_without_an_image_size_images_take_the_specs_size(tmp_path):
    made, _ = run(tmp_path, model=FakeModel(input=(3, 10, 14)), epochs=1)
    assert made.data.input == [3, 10, 14]


def test_classes_set_by_the_user_stay_and_must_fit(tmp_path):
    with pytest.raises(SpecError) as caught:
        run(tmp_path, model=FakeModel(num_classes=3), chosen=("num_classes",))
    (fault,) = caught.value.diagnostics
    assert fault.code == "shape-mismatch"
    assert fault.message == "`tiny` gives vector(3), but digits has 10 classes"
    assert not (tmp_path / "run").exists()


def test_held_out_images_are_measured_and_the_test_part_is_left_for_later(tmp_path):
    made, summary = run(tmp_path, held_out=0.2)
    assert summary.split == "validation"
    assert (made.data.train, made.data.validation, made.data.test) == (1154, 288, 355)
    finished = reopen(made.path, FakeModel().load, CPU)
    again, split = measure_again(finished, Silent())
    assert (again.top1, again.count, split) == (summary.top1, 288, "validation")
    test, split = measure_again(finished, Silent(), split="test")
    assert (test.count, split) == (355, "test")


def test_a_stopped_run_keeps_valid_files_and_says_how_far_it_came(tmp_path):
    heard = Heard()
    made, summary = run(tmp_path, stop=lambda: heard.steps >= 31, progress=heard)
    assert summary.interrupted
    assert summary.steps == 31
    assert summary.epochs == pytest.approx(31 / 23)
    assert summary.top1 is None
    assert [m.epoch for m in made.metrics] == [1]
    scores, _ = measure_again(reopen(made.path, FakeModel().load, CPU), Silent())
    assert 0 < scores.top1 <= 1


def test_a_run_stopped_between_epochs_keeps_the_figures_of_its_weights(tmp_path):
    heard = Heard()
    made, summary = run(tmp_path, stop=lambda: len([x for x in heard.lines if "epoch" in x]) == 1, progress=heard)
    assert (summary.interrupted, summary.epochs, summary.steps) == (True, 1.0, 23)
    assert summary.top1 == made.metrics[-1].top1


def test_a_run_stopped_before_its_first_step_is_a_run_all_the_same(tmp_path):
    made, summary = run(tmp_path, stop=lambda: True)
    assert (summary.interrupted, summary.steps, summary.top1) == (True, 0, None)
    scores, _ = measure_again(reopen(made.path, FakeModel().load, CPU), Silent())
    assert scores.count == 355


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_whole_epoch(tmp_path):
    class Breaking(nn.Module):
        """Turns to NaN from its 30th training step on."""

        def __init__(self):
            super().__init__()
            self.inner, self.calls = nn.Linear(64, 10), 0

        def forward(self, x):
            self.calls += self.training
            return self.inner(x.flatten(1)) * (math.nan if self.calls > 30 else 1.0)

    class Model(FakeModel):
        def build(self, device=None):
            return Breaking()

        def load(self, spec=None, **given):
            return self

    with pytest.raises(SpecError) as caught:
        run(tmp_path, model=Model(), augment=[])
    (fault,) = caught.value.diagnostics
    assert fault.code == "not-finite"
    assert fault.message.startswith("the loss is nan in epoch 2")
    assert fault.help.startswith("the weights after epoch 1 are kept")
    state = load_file(tmp_path / "run" / "model.safetensors")
    assert all(value.isfinite().all() for value in state.values())


@pytest.mark.parametrize(
    "changed",
    [
        {"precision": "bfloat16"},
        {"channels_last": True},
        {"clip_norm": 0.5, "label_smoothing": 0.1},
        {"optimiser": {"adamw": {"lr": 0.01, "decay": "weights"}}},
        {"normalize": "none"},
        {"normalize": {"given": {"mean": [0.3], "std": [0.4]}}},
        {"augment": ["random_resized_crop", "trivial_augment"]},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_each_setting_of_a_recipe_trains(tmp_path, changed):
    _, summary = run(tmp_path, epochs=1, **changed)
    assert math.isfinite(summary.loss)


def test_clipping_bounds_the_gradient(tmp_path, monkeypatch):
    norms = []
    step = torch.optim.SGD.step

    def noting(self, *arguments, **keywords):
        gradients = [p.grad.norm() for g in self.param_groups for p in g["params"]]
        norms.append(torch.stack(gradients).norm().item())
        return step(self, *arguments, **keywords)

    monkeypatch.setattr(torch.optim.SGD, "step", noting)
    run(tmp_path, epochs=1, clip_norm=0.05)
    assert max(norms) <= 0.0501


def test_label_smoothing_is_in_the_training_loss_alone(tmp_path):
    made, _ = run(tmp_path, epochs=1, label_smoothing=0.9, augment=[], optimiser={"sgd": {"lr": 1e-9}})
    plain, _ = train(
        FakeModel().load,
        (),
        recipe(epochs=1, augment=[], optimiser={"sgd": {"lr": 1e-9}}),
        tmp_path / "plain",
        CPU,
        Silent(),
    )
    assert made.metrics[0].train_loss != plain.metrics[0].train_loss
    assert made.metrics[0].loss == pytest.approx(plain.metrics[0].loss, rel=1e-4)


def test_scores_count_first_and_among_five():
    scores = torch.tensor([[9.0, 8, 7, 6, 5, 4], [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]])
    labels = torch.tensor([0, 1, 5])
    module = nn.Identity().train()
    got = evaluate(module, [(scores[:2], labels[:2]), (scores[2:], labels[2:])])
    want = nn.functional.cross_entropy(scores, labels).item()
    assert got == Scores(pytest.approx(want), pytest.approx(1 / 3), pytest.approx(2 / 3), 3)
    assert module.training


def test_few_classes_are_all_among_five():
    got = evaluate(nn.Identity(), [(torch.tensor([[1.0, 2.0]]), torch.tensor([0]))])
    assert (got.top1, got.top5) == (0.0, 1.0)


@pytest.mark.gpu
def test_it_learns_on_the_gpu(tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    device = torch.device("cuda")
    _, summary = train(FakeModel().load, (), recipe(epochs=6), tmp_path / "run", device, Silent())
    assert summary.top1 > 0.8


def test_it_starts_from_weights_of_a_run_and_records_them(tmp_path):
    heard = Heard()
    first, _ = run(tmp_path / "first", augment=[])
    second, summary = run(tmp_path / "second", progress=heard, weights=str(first.path), augment=[])
    source = str(first.path / "model.safetensors")
    assert summary.weights == second.summary.weights == source
    assert json.loads((second.path / "weights.json").read_text()) == {
        "source": source,
        "copied": 8,
        "tensors": 8,
        "difference": None,
        "not_filled": [],
        "not_used": [],
    }
    assert f"weights: 8 of 8 tensors from {source}; paired by their keys" in heard.lines
    assert second.metrics[0].train_loss < first.metrics[-1].train_loss
    assert first.summary.weights is None


def test_weights_that_do_not_fit_leave_no_run_behind(tmp_path):
    torch.save(nn.Linear(3, 3).state_dict(), tmp_path / "theirs.pth")
    with pytest.raises(SpecError) as caught:
        run(tmp_path, weights=str(tmp_path / "theirs.pth"))
    assert caught.value.diagnostics[0].code == "weights-misfit"
    assert not (tmp_path / "run").exists()
