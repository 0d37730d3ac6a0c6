"""Whatever is done to a module of a lowered network has the effect that it has on nested modules.

Each change is made after a first forward, when the flat code has bound the modules, and undone where it can be.
"""

from __future__ import annotations

import copy
from collections import OrderedDict

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from tests.compiler.lower.comparing import assert_same, images, is_flat
from tests.compiler.lower.nets import Residual, pair, residual_graph


@pytest.fixture
def nets():
    """A lowered and a nested network that have both run."""
    lowered, nested = pair()
    assert_same(lowered, nested)
    assert is_flat(lowered)
    return lowered, nested


def both(nets, change):
    """The results of `change` on each network, which must then agree."""
    results = [change(model) for model in nets]
    assert_same(*nets)
    return results


class Lora(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.conv = conv
        self.down = nn.Conv2d(conv.in_channels, 2, 1, bias=False)
        self.up = nn.Conv2d(2, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, bias=False)
        nn.init.constant_(self.down.weight, 0.1), nn.init.constant_(self.up.weight, 0.1)

    def forward(self, x):
        return self.conv(x) + self.up(self.down(x))


@pytest.mark.parametrize("path", ["stem.conv", "stem", "blocks.1", "blocks.2.shortcut.conv", "dropout", "head"])
def test_a_forward_hook_sees_and_changes_the_output_until_it_is_removed(nets, path):
    lowered, _ = nets
    plain = lowered.eval()(images())
    lowered.train()
    seen = []

    def hook(module, args, output):
        seen.append(output.detach().clone())
        return output * 2

    handles = both(nets, lambda model: model.get_submodule(path).register_forward_hook(hook))
    assert len(seen) == 2
    assert torch.equal(*seen)
    assert not is_flat(lowered)
    for handle in handles:
        handle.remove()
    assert_same(*nets)
    assert len(seen) == 2
    assert is_flat(lowered)
    assert lowered.eval()(images()).shape == plain.shape


def test_a_hook_on_a_leaf_leaves_other_blocks_flat(nets):
    lowered, _ = nets
    lowered.blocks[0].conv1.register_forward_hook(lambda *args: None)
    assert not is_flat(lowered)
    assert not is_flat(lowered.blocks[0])
    assert is_flat(lowered.blocks[1])
    assert_same(*nets)


def test_pre_hooks_and_backward_hooks(nets):
    seen = []
    both(nets, lambda m: m.blocks[1].register_forward_pre_hook(lambda module, args: (args[0] + 1,)))
    both(nets, lambda m: m.blocks[1].conv1.register_full_backward_hook(lambda module, a, b: seen.append(b[0].clone())))
    both(nets, lambda m: m.head.register_full_backward_pre_hook(lambda module, grad: (grad[0] * 2,)))
    assert torch.equal(seen[-2], seen[-1])


def test_a_hook_on_the_network_itself_keeps_it_flat(nets):
    both(nets, lambda model: model.register_forward_hook(lambda module, args, output: output * 3))
    assert is_flat(nets[0])


@pytest.mark.parametrize(
    ("hooks", "register", "hook"),
    [
        ("_forward_hooks", "register_forward_hook", lambda module, args, output: output + 1),
        ("_forward_pre_hooks", "register_forward_pre_hook", lambda module, args: (args[0] + 1,)),
        ("_backward_hooks", "register_full_backward_hook", lambda module, grads, _: (grads[0] * 2,)),
        ("_backward_pre_hooks", "register_full_backward_pre_hook", lambda module, grads: (grads[0] * 2,)),
    ],
)
def test_a_hook_after_the_hook_dict_was_replaced(nets, hooks, register, hook):
    def clear(model):
        for module in model.modules():
            setattr(module, hooks, OrderedDict())

    both(nets, clear)
    both(nets, lambda model: getattr(model.blocks[0].conv1, register)(hook))
    assert not is_flat(nets[0])


def test_global_hooks_see_every_module(nets):
    counts = []
    for model in nets:
        seen = []
        handle = nn.modules.module.register_module_forward_hook(lambda m, a, o, seen=seen: seen.append(type(m)))
        model(images())
        handle.remove()
        counts.append(seen.count(nn.Conv2d))
    assert counts == [10, 10]
    assert is_flat(nets[0])


def test_features_can_be_taken_from_every_block(nets):
    taken = []
    for model in nets:
        features = {}
        for name, block in model.blocks.named_children():
            block.register_forward_hook(lambda m, a, o, n=name, f=features: f.update({n: o}))
        model.eval()(images())
        taken.append(features)
    assert list(taken[0]) == ["0", "1", "2", "3"]
    assert all(torch.equal(taken[0][n], taken[1][n]) for n in taken[0])


def test_a_new_head_is_used_and_stays_flat(nets):
    torch.manual_seed(5)
    head = nn.Linear(16, 3)
    both(nets, lambda model: setattr(model, "head", copy.deepcopy(head)))
    assert nets[0](images()).shape == (2, 3)
    assert is_flat(nets[0])


def test_a_head_without_bias_and_one_turned_into_an_identity(nets):
    torch.manual_seed(5)
    head = nn.Linear(16, 3, bias=False)
    both(nets, lambda model: setattr(model, "head", copy.deepcopy(head)))
    both(nets, lambda model: setattr(model, "head", nn.Identity()))
    assert nets[0](images()).shape == (2, 16)
    assert not is_flat(nets[0])


@pytest.mark.parametrize("when", ["before the first call", "before a copy", "after the first call"])
def test_a_conv_replaced_by_one_with_other_settings(when):
    nets = pair()
    if when == "after the first call":
        assert_same(*nets)
    torch.manual_seed(5)
    conv = nn.Conv2d(8, 8, 3, padding=2, dilation=2)
    for model in nets:
        model.blocks[0].conv2 = copy.deepcopy(conv)
    if when == "before a copy":
        nets = tuple(copy.deepcopy(model) for model in nets)
    assert_same(*nets)
    assert not is_flat(nets[0])
    assert is_flat(nets[0].blocks[1])


def test_settings_changed_on_a_bound_conv(nets):
    def dilate(model):
        model.blocks[3].conv2.dilation = model.blocks[3].conv2.padding = (2, 2)

    both(nets, dilate)
    assert not is_flat(nets[0])

    def back(model):
        model.blocks[3].conv2.dilation = model.blocks[3].conv2.padding = (1, 1)

    both(nets, back)
    assert is_flat(nets[0])


def test_a_bias_added_to_a_bound_conv(nets):
    both(nets, lambda model: setattr(model.stem.conv, "bias", nn.Parameter(torch.ones(8))))
    assert nets[0].stem.conv.bias.grad is not None


def test_a_batch_norm_folded_into_its_conv(nets):
    def fold(model):
        model.eval()
        stem = model.stem
        stem.conv = nn.utils.fusion.fuse_conv_bn_eval(stem.conv, stem.batch_norm)
        stem.batch_norm = nn.Identity()

    both(nets, fold)


def test_a_conv_wrapped_by_an_adapter(nets):
    both(nets, lambda model: setattr(model.blocks[0], "conv1", Lora(model.blocks[0].conv1)))
    assert not is_flat(nets[0].blocks[0])
    assert is_flat(nets[0].blocks[1])


def test_blocks_replaced_in_their_list(nets):
    both(nets, lambda model: model.blocks.__setitem__(0, nn.Identity()))
    assert not is_flat(nets[0])


def test_a_class_changed_in_place(nets):
    class Loud(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) * 2

    both(nets, lambda model: setattr(model.stem.conv, "__class__", Loud))


def test_an_own_forward_of_a_leaf_or_container(nets):
    def patch(module):
        forward = module.forward
        module.forward = lambda x: forward(x) + 1

    both(nets, lambda model: patch(model.stem.conv))
    both(nets, lambda model: patch(model.blocks[1]))
    assert not is_flat(nets[0])
    for model in nets:
        del model.stem.conv.forward, model.blocks[1].forward
    assert_same(*nets)
    assert is_flat(nets[0])


def test_a_block_compiled_in_place_runs_compiled(nets):
    calls = []

    def backend(graph, inputs):
        calls.append(graph)
        return graph

    nets[0].eval()
    with torch.no_grad():
        expected = nets[0](images())
        nets[0].blocks[0].compile(backend=backend)
        assert torch.equal(nets[0](images()), expected)
    assert len(calls) == 1


def test_weight_norm_spectral_norm_and_a_parametrisation_of_ones_own(nets):
    class Double(nn.Module):
        def forward(self, weight):
            return weight * 2

    both(nets, lambda model: parametrizations.weight_norm(model.stem.conv) and None)
    assert_same(*nets)
    both(nets, lambda model: parametrize.register_parametrization(model.head, "bias", Double()) and None)
    for model in nets:
        parametrize.remove_parametrizations(model.stem.conv, "weight")
        parametrize.remove_parametrizations(model.head, "bias")
    assert_same(*nets)
    assert is_flat(nets[0])


def test_pruned_weights(nets):
    both(nets, lambda model: prune.l1_unstructured(model.blocks[0].conv1, "weight", 0.5) and None)
    both(nets, lambda model: prune.remove(model.blocks[0].conv1, "weight") and None)
    assert int((nets[0].blocks[0].conv1.weight == 0).sum()) == 288


def test_tied_weights_stay_tied(nets):
    both(nets, lambda model: setattr(model.blocks[1].conv1, "weight", model.blocks[0].conv1.weight))
    assert len(list(nets[0].parameters())) == len(list(nets[1].parameters()))


def test_momentum_none_gives_the_plain_mean(nets):
    def reset(model):
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None

    for _ in range(3):
        both(nets, reset)


def test_update_bn_of_an_average(nets):
    loader = [images(4), images(3)]
    averages = []
    for model in nets:
        average = torch.optim.swa_utils.AveragedModel(model)
        average.update_parameters(model)
        torch.optim.swa_utils.update_bn(loader, average)
        averages.append(average.module)
    assert_same(*averages)


def test_sync_batch_norm_takes_the_place_of_batch_norm(nets):
    lowered, nested = (nn.SyncBatchNorm.convert_sync_batchnorm(model).eval() for model in nets)
    assert_same(lowered, nested)
    assert not is_flat(lowered)


def test_a_batch_of_one_value_a_channel_is_refused_as_torch_refuses_it():
    lowered, nested = pair()
    for model in (lowered, nested):
        with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
            model(images(1, 2))
    assert_same(lowered.eval(), nested.eval(), images(1, 2))


def test_assigned_and_moved_weights_are_used(nets):
    lowered, nested = nets
    torch.manual_seed(9)
    fresh = Residual().state_dict()
    for model in nets:
        model.load_state_dict({k: v.clone() for k, v in fresh.items()}, assign=True)
    assert_same(lowered, nested)
    assert is_flat(lowered)


def test_replaced_parameter_dicts_are_read(nets):
    def swap(model):
        model.head._parameters = {k: nn.Parameter(v.detach() + 1) for k, v in model.head._parameters.items()}

    both(nets, swap)


def test_extra_modules_and_removed_ones(nets):
    both(nets, lambda model: model.add_module("extra", nn.Linear(1, 1)))
    assert is_flat(nets[0])
    both(nets, lambda model: delattr(model, "extra"))
    for model in nets:
        del model.blocks[0].conv1
        with pytest.raises(AttributeError, match="conv1"):
            model(images())


def test_a_subclass_may_extend_forward():
    from blueprint.compiler.lower import lower

    lowered = lower(residual_graph()).eval()

    class Twice(type(lowered)):
        def forward(self, input):
            return super().forward(input) * 2

    expected = lowered(images()) * 2
    lowered.__class__ = Twice
    assert torch.equal(lowered(images()), expected)
