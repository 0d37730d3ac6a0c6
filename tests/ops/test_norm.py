from __future__ import annotations

import pytest
import torch

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code, make_module
from tests.ops.faults import said


def code(op, x):
    call = StubCall((x,), (x,), op.layout(x))
    return op.code(call), call.counted


def test_batch_norm_reads_its_training_flag_momentum_and_eps_live():
    text, counted = code(find("batch_norm")(), map_of(3, 4, 4))
    assert text == (
        "torch.batch_norm(x0, m.weight, m.bias, m.running_mean, m.running_var, m.training, m.momentum, m.eps, cudnn)"
    )
    assert counted == ["num_batches_tracked"]


def test_batch_norm_without_running_statistics_always_uses_the_batchs():
    text, counted = code(find("batch_norm")(track_running_stats=False, affine=False), map_of(3, 4, 4))
    assert text == "torch.batch_norm(x0, m.weight, m.bias, None, None, True, m.momentum, m.eps, cudnn)"
    assert counted == []


@pytest.mark.parametrize("x", [vector_of(3), map_of(3, 1, 1), tokens_of(1, 3)])
def test_batch_norm_of_one_value_per_channel_keeps_the_modules_check(x):
    op = find("batch_norm")()
    assert code(op, x) == ("m(x0)", [])
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        call_code(op, (x,), [torch.randn(1, *x.shape)], make_module(op, (x,)))


def test_batch_norm_takes_maps_tokens_and_vectors_alone():
    assert said("batch_norm", ValueType((("channels", 3), ("left", 2)))) == (
        "wrong-kind",
        "`batch_norm` takes a map or tokens or a vector, not named axes",
    )


def test_batch_norm_of_tokens_normalises_each_channel_over_batch_and_tokens():
    x = tokens_of(50, 3)
    op = find("batch_norm")(affine=False)
    (y,) = call_code(op, (x,), [5 + 2 * torch.randn(4, 50, 3)], make_module(op, (x,)))
    torch.testing.assert_close(y.mean((0, 1)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var((0, 1), correction=0), torch.ones(3), atol=1e-4, rtol=0)


def test_layer_norm_of_a_map_normalises_the_channels_of_each_place():
    x = map_of(64, 2, 3)
    op = find("layer_norm")()
    (y,) = call_code(op, (x,), [5 + 2 * torch.randn(4, 64, 2, 3)], make_module(op, (x,)))
    torch.testing.assert_close(y.mean(1), torch.zeros(4, 2, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var(1, correction=0), torch.ones(4, 2, 3), atol=1e-4, rtol=0)


def test_momentum_none_keeps_the_plain_mean_of_all_batches():
    x = map_of(1, 1, 2)
    module = make_module(find("batch_norm")(momentum="none"), (x,))
    assert module.momentum is None
