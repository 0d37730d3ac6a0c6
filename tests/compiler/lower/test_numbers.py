"""A lowered network gives, bit for bit, what the nested modules give that a person would write."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.compiler.lower.comparing import assert_same, images, is_flat
from tests.compiler.lower.nets import pair


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_outputs_gradients_buffers_and_random_state_are_equal(training, batch):
    lowered, nested = pair()
    lowered.train(training), nested.train(training)
    for _ in range(2):
        assert_same(lowered, nested, images(batch))
    assert is_flat(lowered)


@pytest.mark.parametrize("size", [9, 16, 24])
def test_other_input_sizes_than_the_specs_fit(size):
    lowered, nested = pair()
    assert_same(lowered, nested, images(1, size))


def test_state_dict_has_the_nested_keys_in_the_same_order():
    lowered, nested = pair()
    assert list(lowered.state_dict()) == list(nested.state_dict())


def test_batches_are_counted_once_a_forward_and_only_in_training():
    lowered, nested = pair()
    for model in (lowered, nested):
        model(images()), model.eval()(images()), model.train()(images())
    assert [int(b) for n, b in lowered.named_buffers() if "batches" in n] == [2] * 10
    assert_same(lowered, nested)


def test_an_unbatched_image_is_treated_as_torch_does():
    lowered, nested = (model.eval() for model in pair())
    for model in (lowered, nested):
        with pytest.raises(ValueError, match="expected 4D input"):
            model(images()[0])


def test_channels_last_stays_channels_last():
    lowered, nested = (model.to(memory_format=torch.channels_last) for model in pair())
    assert_same(lowered, nested, images().to(memory_format=torch.channels_last))
    features = []
    for model in (lowered, nested):
        model.blocks[3].register_forward_hook(lambda module, args, output: features.append(output))
        model(images().to(memory_format=torch.channels_last))
    assert features[0].is_contiguous(memory_format=torch.channels_last)
    assert features[0].stride() == features[1].stride()


def test_converted_to_bfloat16_or_float64():
    for dtype in (torch.bfloat16, torch.float64):
        lowered, nested = (model.to(dtype) for model in pair())
        assert assert_same(lowered, nested, images().to(dtype)).dtype == dtype
        assert is_flat(lowered)


def test_autocast_casts_as_it_does_for_nested_modules():
    lowered, nested = pair()
    with torch.autocast("cpu", torch.bfloat16):
        assert assert_same(lowered, nested).dtype == torch.bfloat16


def test_frozen_parameters_get_no_gradient():
    lowered, nested = pair()
    for model in (lowered, nested):
        model.blocks.requires_grad_(False)
    assert_same(lowered, nested)
    assert lowered.blocks[0].conv1.weight.grad is None
    assert lowered.stem.conv.weight.grad is not None


def test_some_batch_norms_frozen_in_training():
    lowered, nested = pair()
    for model in (lowered, nested):
        model.blocks[1].eval()
        model.blocks[2].bn1.eval()
    assert_same(lowered, nested)
    assert int(lowered.blocks[1].bn1.num_batches_tracked) == 0
    assert int(lowered.blocks[2].bn2.num_batches_tracked) == 1
    assert is_flat(lowered)


def test_only_the_dropout_in_training_mode():
    lowered, nested = (model.eval() for model in pair())
    for model in (lowered, nested):
        model.dropout.train()
    output = assert_same(lowered, nested)
    assert not torch.equal(output, lowered.eval()(images()))


def test_momentum_eps_and_p_are_read_live():
    lowered, nested = pair()
    assert_same(lowered, nested)
    for model in (lowered, nested):
        model.stem.batch_norm.momentum, model.stem.batch_norm.eps, model.dropout.p = 0.5, 1e-2, 0.9
    assert_same(lowered, nested)
    assert is_flat(lowered)


def test_second_derivatives_agree():
    results = []
    for model in pair():
        model.eval()
        x = images().requires_grad_()
        (grad,) = torch.autograd.grad(model(x).square().sum(), x, create_graph=True)
        results.append(torch.autograd.grad(grad.square().sum(), list(model.parameters()), allow_unused=True))
    for ours, theirs in zip(*results, strict=True):
        assert (ours is None and theirs is None) or torch.equal(ours, theirs)


def test_inner_containers_can_be_called_alone():
    lowered, nested = pair()
    x = torch.randn(2, 8, 16, 16)
    assert_same(lowered.blocks[2], nested.blocks[2], x)
    assert is_flat(lowered.blocks[2])


def test_the_input_is_never_overwritten():
    lowered, _ = pair()
    x = images()
    before = x.clone()
    lowered(x)
    hidden = torch.randn(2, 8, 16, 16)
    kept = hidden.clone()
    lowered.blocks[0](hidden)
    assert torch.equal(x, before)
    assert torch.equal(hidden, kept)


def test_weights_are_drawn_as_torch_draws_them():
    torch.manual_seed(0)
    expected = nn.Conv2d(3, 8, 3, padding=1, bias=False).weight
    lowered, _ = pair()
    assert torch.equal(lowered.stem.conv.weight, expected)
