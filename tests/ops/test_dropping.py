from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import call_code, make_module
from tests.ops.cases import any_kind
from tests.ops.faults import said


@settings(max_examples=30, deadline=None, derandomize=True)
@given(x=any_kind, p=st.sampled_from([0.1, 0.5, 0.9, 1.0]), training=st.booleans(), seed=st.integers(0, 99))
def test_drop_path_draws_as_torchvisions_stochastic_depth(x, p, training, seed):
    from torchvision.ops import StochasticDepth

    op = find("drop_path")(p=p)
    module = make_module(op, (x,)).train(training)
    reference = StochasticDepth(p, "row").train(training)
    values = torch.randn(8, *x.shape)
    torch.manual_seed(seed)
    (y,) = call_code(op, (x,), [values], module)
    after = torch.rand(1)
    torch.manual_seed(seed)
    expected = reference(values)
    assert torch.equal(y, expected)
    assert torch.equal(after, torch.rand(1))


def test_dropout_draws_as_torchs():
    x = map_of(4, 8, 8)
    op = find("dropout")(p=0.3)
    values = torch.randn(2, *x.shape)
    torch.manual_seed(3)
    (y,) = call_code(op, (x,), [values], make_module(op, (x,)), "first")
    torch.manual_seed(3)
    assert torch.equal(y, torch.nn.Dropout(0.3)(values))


@pytest.mark.parametrize(("name", "options"), [("dropout", {"p": 0.0}), ("drop_path", {"p": 0.0})])
def test_a_probability_of_0_leaves_nothing_to_do(name, options):
    x = vector_of(3)
    op = find(name)(**options)
    values = torch.randn(2, 3)
    assert op.module(x) is None
    assert torch.equal(call_code(op, (x,), [values])[0], values)


@pytest.mark.parametrize("over", ["channels", "elements", "pixels", "samples"])
@pytest.mark.parametrize("x", [map_of(16, 12, 10), tokens_of(120, 16)], ids=str)
class TestMask:
    def masked(self, over, x, keep=0.7, training=True):
        torch.manual_seed(0)
        op = find("mask")(over=over, keep=keep)
        module = make_module(op, (x,)).train(training)
        return call_code(op, (x,), [torch.ones(64, *x.shape)], module)[0]

    def test_as_many_are_kept_as_the_keep_rate_says_and_are_divided_by_it(self, over, x):
        y = self.masked(over, x)
        assert y.unique().tolist() == pytest.approx([0, 1 / 0.7])
        draws = {"channels": 64 * 16, "elements": y.numel(), "pixels": 64 * 120, "samples": 64}[over]
        deviation = (0.7 * 0.3 / draws) ** 0.5
        assert (y > 0).float().mean().item() == pytest.approx(0.7, abs=4 * deviation)

    def test_what_is_dropped_is_dropped_as_one(self, over, x):
        y = self.masked(over, x)
        channels = x.names.index("channels") + 1
        if over == "samples":
            assert all(len(sample.unique()) == 1 for sample in y)
        if over == "channels":
            assert all(len(part.unique()) == 1 for sample in y[:4] for part in sample.unbind(channels - 1))
        if over == "pixels":
            assert torch.equal(y.amax(channels), y.amin(channels))
        if over != "samples":
            assert all(len(sample.unique()) == 2 for sample in y)

    def test_samples_draw_for_themselves(self, over, x):
        assert len({tuple(sample.flatten().tolist()) for sample in self.masked(over, x)}) > 1

    def test_eval_mode_and_keep_1_change_nothing(self, over, x):
        assert torch.equal(self.masked(over, x, training=False), torch.ones(64, *x.shape))
        assert torch.equal(self.masked(over, x, keep=1.0), torch.ones(64, *x.shape))

    def test_keep_0_drops_all(self, over, x):
        assert torch.equal(self.masked(over, x, keep=0.0), torch.zeros(64, *x.shape))


def test_the_keep_rate_is_read_live():
    x = map_of(4, 2, 2)
    op = find("mask")(over="elements")
    module = make_module(op, (x,))
    module.keep = 0.0
    assert torch.equal(call_code(op, (x,), [torch.ones(1, 4, 2, 2)], module)[0], torch.zeros(1, 4, 2, 2))


def test_a_vector_has_no_pixels_to_mask():
    assert said("mask", vector_of(3), over="pixels") == (
        "wrong-kind",
        "`mask` over pixels takes a map or tokens, not vector(3)",
    )
    assert said("mask", ValueType((("height", 3), ("width", 2))), over="channels")[0] == "wrong-kind"
