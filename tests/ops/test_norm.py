from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code, make_module
from tests.ops.faults import fault, said


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


MAP, TOKENS = map_of(6, 4, 5), tokens_of(7, 6)


@pytest.mark.parametrize(
    ("name", "options", "x", "module"),
    [
        ("group_norm", {"num_groups": 3}, MAP, nn.GroupNorm(3, 6)),
        ("group_norm", {"num_groups": 2, "eps": 0.1, "affine": False}, MAP, nn.GroupNorm(2, 6, 0.1, False)),
        ("instance_norm", {}, MAP, nn.InstanceNorm2d(6)),
        ("instance_norm", {"eps": 0.1, "affine": True}, MAP, nn.InstanceNorm2d(6, 0.1, affine=True)),
        (
            "instance_norm",
            {"momentum": 0.3, "track_running_stats": True},
            MAP,
            nn.InstanceNorm2d(6, momentum=0.3, track_running_stats=True),
        ),
        ("local_response_norm", {"size": 3}, MAP, nn.LocalResponseNorm(3)),
        (
            "local_response_norm",
            {"size": 4, "alpha": 0.5, "beta": 0.3, "k": 2.0},
            MAP,
            nn.LocalResponseNorm(4, 0.5, 0.3, 2.0),
        ),
        ("rms_norm", {}, TOKENS, nn.RMSNorm(6)),
        ("rms_norm", {"eps": 0.1, "elementwise_affine": False}, TOKENS, nn.RMSNorm(6, 0.1, False)),
    ],
)
def test_norms_equal_torchs_modules(name, options, x, module):
    op = find(name)(**options)
    own = make_module(op, (x,))
    for training in (True, True, False):
        values = 3 + 2 * torch.randn(2, *x.shape)
        (y,) = call_code(op, (x,), [values], own if own is None else own.train(training))
        assert torch.equal(y, module.train(training)(values))


def test_instance_norm_learns_and_keeps_nothing_unless_told():
    assert dict(make_module(find("instance_norm")(), (MAP,)).state_dict()) == {}
    kept = make_module(find("instance_norm")(affine=True, track_running_stats=True), (TOKENS,)).state_dict()
    assert list(kept) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]


def test_instance_norm_of_one_place_would_leave_nothing():
    misfit = fault("instance_norm", map_of(6, 1, 1))
    assert (misfit.code, str(misfit)) == ("wrong-kind", "`instance_norm` takes a map or tokens of more than one place")
    assert said("instance_norm", vector_of(6)) == ("wrong-kind", "`instance_norm` takes a map or tokens, not a vector")


def test_instance_norm_with_its_momentum_taken_away_leaves_the_statistics_alone():
    op = find("instance_norm")(track_running_stats=True)
    module = make_module(op, (MAP,))
    module.momentum = None
    call_code(op, (MAP,), [torch.randn(2, *MAP.shape)], module)
    assert torch.equal(module.running_mean, torch.zeros(6))


def test_group_norm_of_tokens_normalises_each_group_over_all_tokens():
    x = tokens_of(50, 6)
    op = find("group_norm")(num_groups=2, affine=False)
    (y,) = call_code(op, (x,), [5 + 2 * torch.randn(4, 50, 6)], make_module(op, (x,)))
    groups = y.view(4, 50, 2, 3)
    torch.testing.assert_close(groups.mean((1, 3)), torch.zeros(4, 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(groups.var((1, 3), correction=0), torch.ones(4, 2), atol=1e-4, rtol=0)


def test_num_groups_divides_the_channels():
    misfit = fault("group_norm", MAP, num_groups=4)
    assert (misfit.code, str(misfit)) == ("not-divisible", "the channels (=6) must be divisible by `num_groups` (=4)")
    assert (misfit.field, misfit.label) == ("num_groups", "map(6, 4, 5) enters")


def test_group_norm_of_one_value_per_group_keeps_the_modules_check():
    x = vector_of(6)
    op = find("group_norm")(num_groups=6)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        call_code(op, (x,), [torch.randn(1, 6)], make_module(op, (x,)))
    assert code(find("group_norm")(num_groups=3), x)[0].startswith("torch.group_norm(")


def test_rms_norm_of_a_map_divides_the_channels_of_each_place():
    x = map_of(64, 2, 3)
    op = find("rms_norm")()
    (y,) = call_code(op, (x,), [5 + 2 * torch.randn(4, 64, 2, 3)], make_module(op, (x,)))
    torch.testing.assert_close(y.square().mean(1), torch.ones(4, 2, 3))


def test_local_response_norm_looks_at_the_channels_next_to_each():
    x = map_of(3, 1, 1)
    op = find("local_response_norm")(size=3, alpha=3.0, beta=1.0, k=1.0)
    (y,) = call_code(op, (x,), [torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)])
    torch.testing.assert_close(y.flatten(), torch.tensor([1 / (1 + 1 + 4), 2 / (1 + 1 + 4 + 9), 3 / (1 + 4 + 9)]))
    assert said("local_response_norm", vector_of(3), size=3) == (
        "wrong-kind",
        "`local_response_norm` takes a map or tokens, not a vector",
    )
