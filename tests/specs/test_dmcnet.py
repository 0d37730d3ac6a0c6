"""DMCNet and its blocks: the paper's counts, its formulas, and the masks."""

from itertools import combinations, product

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import blueprint
from blueprint.compiler.graph import Graph

NARROW = {"dims": [12, 16, 20, 24], "depths": [1, 1, 1, 1], "num_classes": 5}
LARGE = {"stem": "large", "input": (3, 224, 224)}
MASKS = ("weight_mask", "channel_mask", "condition_mask")
DIMS = [64, 128, 256, 512]


def graph_of(name: str = "dmcnet", **arguments: object) -> Graph:
    return blueprint.load(name, **arguments).graph


def build(*nodes: object, channels: int = 12, seed: int = 0) -> nn.Module:
    """A network of nodes that may call the blocks, its weights drawn from a seed."""
    torch.manual_seed(seed)
    blocks = ["dynamic_mask_conv", "global_weighting", "mask_conv_fusion", "adaptive_enhancement"]
    document = {"blueprint": 1, "kind": "model", "name": "small", "input": [channels, 9, 9], "body": list(nodes)}
    return blueprint.build({**document, "use": {"blocks/dynamic_mask.yaml": blocks}})


def narrow(seed: int = 0, **arguments: object) -> nn.Module:
    torch.manual_seed(seed)
    return blueprint.build("dmcnet", **{**NARROW, **arguments})


def images(count: int = 4) -> Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(7))


def run(network: nn.Module, x: Tensor, seed: int) -> Tensor:
    torch.manual_seed(seed)
    output: Tensor = network(x)
    return output


# counts


@pytest.mark.parametrize(
    ("name", "arguments", "exact", "paper"),
    [
        ("dmcnet", LARGE, 20_594_449, 20.59),
        ("dmcnet34", {}, 20_586_769, 20.59),
        ("dmcnet34", {"num_classes": 10}, 20_540_599, None),
        ("dmcnet18", {}, 11_583_169, None),
        ("dmcnet_net1", LARGE, 18_864_258, 18.86),
        ("dmcnet_net1", {}, 18_856_578, 18.86),
        ("dmcnet_net2", LARGE, 23_066_163, 23.07),
        ("dmcnet_net3", {}, 21_328_292, 21.33),
        ("dmcnet_net4", {}, 21_335_972, 21.34),
    ],
)
def test_parameters_are_those_of_the_paper(
    name: str, arguments: dict[str, object], exact: int, paper: float | None
) -> None:
    parameters = graph_of(name, **arguments).parameters
    assert parameters == exact
    assert paper is None or round(parameters / 1e6, 2) == paper


@pytest.mark.parametrize(
    ("name", "thop", "paper"),
    [
        ("dmcnet", 3.3290, 3.33),
        ("dmcnet_net1", 3.1729, 3.17),
        ("dmcnet_net2", 3.8344, 3.83),
        ("dmcnet_net4", 3.6783, 3.68),
    ],
)
def test_operations_by_the_rule_of_thop_are_those_of_the_paper(name: str, thop: float, paper: float) -> None:
    graph = graph_of(name, **LARGE)
    each = {"batch_norm": 4, "avg_pool": 1}
    operations = sum(
        node.op.macs(*graph.inputs_of(node)) + each.get(node.op.name, 0) * graph.outputs_of(node)[0].elements
        for node in graph.nodes
    )
    assert round(operations / 1e9, 4) == thop
    assert round(operations / 1e9, 2) == paper


@pytest.mark.parametrize("masks", list(product([False, True], repeat=3)))
def test_of_the_masks_of_table_2_the_condition_alone_has_weights(masks: tuple[bool, ...]) -> None:
    arguments = dict(zip(MASKS, masks, strict=True))
    without = 0
    if not arguments["condition_mask"]:
        for count, dim in zip([2, 2, 2, 2], DIMS, strict=True):
            group = dim // 3
            without += count * sum(10 * (2 * width // 3) ** 2 for width in (group, dim - 2 * group))
    assert graph_of(depth=18, **arguments).parameters == 11_583_169 - without


@pytest.mark.parametrize("stages", [list(s) for n in range(4) for s in combinations([2, 3, 4], n)])
def test_enhancement_stands_once_in_each_stage_of_table_4(stages: list[int]) -> None:
    graph = graph_of(depth=18, ae_stages=stages)
    enhanced = sum(5 * c**2 + 11 * c + 5 for c in (DIMS[stage - 1] for stage in stages))
    every = sum(5 * c**2 + 11 * c + 5 for c in DIMS[1:])
    assert graph.parameters == 11_583_169 - every + enhanced


@pytest.mark.parametrize(("depth", "other"), [(18, "resnet18"), (34, "resnet34"), (50, "resnet50")])
def test_without_its_modules_it_is_resnet_node_by_node(depth: int, other: str) -> None:
    left = graph_of("dmcnet_net4", depth=depth, num_classes=1000)
    right = graph_of(other)
    ours, theirs = (
        [(node.op, graph.outputs_of(node)) for node in graph.nodes if node.op.name != "identity"]
        for graph in (left, right)
    )
    assert ours == theirs
    assert left.parameters == right.parameters
    assert left.macs == right.macs


@pytest.mark.parametrize("depth", [18, 34, 50, 101])
def test_as_many_layers_as_the_depth_says_lie_on_the_way_through_resnets_blocks(depth: int) -> None:
    graph = graph_of(depth=depth, mmcf=False, ae_stages=[])
    layers = [node for node in graph.nodes if node.op.name in ("conv", "linear") and "shortcut" not in node.path]
    assert len(layers) == depth


def test_a_depth_that_the_paper_does_not_have_is_a_fault() -> None:
    with pytest.raises(blueprint.SpecError, match="not the int 20"):
        blueprint.load("dmcnet", depth=20)


# formulas, in torch's own words, with the blocks' weights


def weights(network: nn.Module, block: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{block}."): value for key, value in network.state_dict().items()}


def dynamic_mask_conv(x: Tensor, w: dict[str, Tensor], at: str, dilation: int) -> Tensor:
    kernel = F.conv2d(x, w[f"{at}kernel.conv.weight"], padding=dilation, dilation=dilation)
    context = F.conv2d(x, w[f"{at}condition.conv.weight"], padding=1)
    return kernel + x * torch.sigmoid(F.conv2d(context, w[f"{at}condition.conv_2.weight"]))


def normed(x: Tensor, w: dict[str, Tensor], at: str) -> Tensor:
    names = ("running_mean", "running_var", "weight", "bias")
    mean, variance, weight, bias = (w[f"{at}.{name}"][:, None, None] for name in names)
    return (x - mean) / torch.sqrt(variance + 1e-5) * weight + bias


def unusual_statistics(network: nn.Module) -> None:
    for name, buffer in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            nn.init.uniform_(buffer, 0.5, 1.5)


def test_dynamic_mask_convolution_follows_its_equations() -> None:
    network = build({"dynamic_mask_conv": {"dilation": 2}}).eval()
    x = torch.randn(2, 12, 9, 9)
    torch.testing.assert_close(network(x), dynamic_mask_conv(x, weights(network, "dynamic_mask_conv"), "", 2))


def test_fusion_follows_its_equations() -> None:
    network = build({"mask_conv_fusion": {"out_channels": 16, "stride": 2}}).eval()
    unusual_statistics(network)
    w = weights(network, "mask_conv_fusion")
    x = torch.randn(2, 12, 9, 9)
    f0 = torch.relu(normed(F.conv2d(x, w["conv.weight"], stride=2, padding=1), w, "batch_norm"))
    first, second, third = f0.split([5, 5, 6], 1)
    ways = [normed(F.conv2d(first, w["low.conv.weight"], padding=1), w, "low.batch_norm")]
    for way, part, dilation, kernel in (("middle", second, 2, 3), ("far", third, 3, 5)):
        less = F.conv2d(part, w[f"{way}.conv.weight"])
        masked = dynamic_mask_conv(less, w, f"{way}.dynamic_mask_conv.", dilation)
        ways.append(F.conv2d(masked, w[f"{way}.conv_2.weight"], padding=kernel // 2))
    joined = normed(F.conv2d(torch.cat(ways, 1), w["conv_2.weight"]), w, "batch_norm_2")
    hidden = torch.relu(F.conv2d(joined.mean((2, 3), keepdim=True), w["global_weighting.squeeze_excite.conv.weight"]))
    weighted = joined * torch.sigmoid(F.conv2d(hidden, w["global_weighting.squeeze_excite.conv_2.weight"]))
    torch.testing.assert_close(network(x), weighted)


def test_enhancement_follows_its_equations() -> None:
    network = build("adaptive_enhancement").eval()
    w = weights(network, "adaptive_enhancement")
    s = torch.randn(2, 12, 9, 9)
    mean = s.mean((2, 3), keepdim=True)
    mixed = F.conv2d(s, w["pixel.features.conv.weight"])
    features = F.conv2d(mixed, w["pixel.features.conv_2.weight"], padding=1, groups=12)
    pixel = features * torch.sigmoid(F.conv2d(mean, w["pixel.weight.conv.weight"]))
    along = F.conv1d(mean.flatten(1).unsqueeze(1), w["channel.conv1d.weight"], padding=2)
    channel = s * torch.sigmoid(along).squeeze(1)[:, :, None, None]
    hidden = F.gelu(F.conv2d(torch.cat([pixel, channel], 1), w["conv.weight"], w["conv.bias"]))
    torch.testing.assert_close(network(s), s + F.conv2d(hidden, w["conv_2.weight"], w["conv_2.bias"]))


# masks


def test_channels_are_dropped_whole_by_sample_at_the_keep_rate() -> None:
    network = build({"dynamic_mask_conv": {"keep": 0.8, "weight_mask": False, "condition_mask": False}}).train()
    conv = network.get_submodule("dynamic_mask_conv.kernel.conv")
    with torch.no_grad():
        nn.init.dirac_(conv.weight)
        x = torch.rand(2000, 12, 3, 3) + 1
        ratio = run(network, x, 0) / x
    kept = ratio.amax((2, 3))
    torch.testing.assert_close(ratio, kept[:, :, None, None].expand_as(ratio))
    assert sorted({round(v, 4) for v in kept.flatten().tolist()}) == [0.0, 1.25]
    by_channel = (kept > 0).float().mean(0)
    assert by_channel.mean().item() == pytest.approx(0.8, abs=0.01)
    assert by_channel.min() > 0.75
    assert by_channel.max() < 0.85
    assert len({tuple(row) for row in kept.tolist()}) > 100


def test_weights_are_dropped_one_by_one_anew_at_each_forward_for_the_whole_batch() -> None:
    network = build({"dynamic_mask_conv": {"keep": 0.7, "channel_mask": False, "condition_mask": False}}).train()
    weight = network.get_submodule("dynamic_mask_conv.kernel.conv").weight.detach()
    impulses = torch.zeros(24, 12, 9, 9)
    for sample in range(24):
        impulses[sample, sample % 12, 4, 4] = 1
    torch.manual_seed(0)
    with torch.no_grad():
        shares = []
        for _ in range(30):
            # the impulse in channel c shows weight[:, c], turned around
            given = network(impulses)[:, :, 3:6, 3:6].flip(2, 3)
            torch.testing.assert_close(given[:12], given[12:])
            shares.append(given[:12].transpose(0, 1) / weight)
    kept = torch.stack(shares)
    torch.testing.assert_close(kept[kept != 0], torch.full_like(kept[kept != 0], 1 / 0.7), rtol=1e-4, atol=0)
    assert (kept != 0).float().mean().item() == pytest.approx(0.7, abs=0.01)
    assert (kept != 0).float().mean(0).std().item() == pytest.approx((0.7 * 0.3 / 30) ** 0.5, rel=0.1)


@pytest.mark.parametrize("depth", [18, 50])
def test_in_eval_mode_nothing_is_drawn_and_outputs_repeat(depth: int) -> None:
    network = narrow(depth=depth, keep=0.5).eval()
    x = images()
    state = torch.get_rng_state()
    first = network(x)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(network(x), first)


def test_a_seed_reproduces_the_masks() -> None:
    network, x = narrow(keep=0.5).train(), images()
    first = run(network, x, 1)
    assert torch.equal(run(network, x, 1), first)
    assert not torch.equal(run(network, x, 2), first)


@pytest.mark.parametrize("mask", ["weight_mask", "channel_mask"])
def test_each_random_mask_alone_is_random(mask: str) -> None:
    off = {name: name == mask for name in ("weight_mask", "channel_mask")}
    network, x = narrow(keep=0.5, **off).train(), images()
    assert not torch.equal(run(network, x, 1), run(network, x, 2))


def test_a_keep_rate_of_one_is_no_mask_to_the_last_bit() -> None:
    kept, none = narrow(keep=1.0).train(), narrow(weight_mask=False, channel_mask=False).train()
    x = images()
    torch.manual_seed(3)
    state = torch.get_rng_state()
    outputs = [network(x) for network in (kept, none)]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(*outputs)
    for output in outputs:
        output.square().sum().backward()
    theirs = dict(none.named_parameters())
    assert set(theirs) == {name for name, _ in kept.named_parameters()}
    for name, parameter in kept.named_parameters():
        assert torch.equal(parameter.grad, theirs[name].grad), name


@pytest.mark.parametrize("depth", [18, 50])
def test_with_all_masks_on_every_parameter_learns(depth: int) -> None:
    network = narrow(depth=depth).train()
    F.cross_entropy(run(network, images(8), 0), torch.arange(8) % 5).backward()
    still = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


# what torch does with it


@pytest.mark.parametrize("training", [False, True])
def test_inputs_in_channels_last_give_the_same(training: bool) -> None:
    network, x = narrow().train(training), images()
    expected = run(network, x, 0)
    turned = run(network, x.contiguous(memory_format=torch.channels_last), 0)
    torch.testing.assert_close(turned, expected, rtol=1e-4, atol=1e-5)
    if training:
        return
    network.to(memory_format=torch.channels_last)
    turned = run(network, x.contiguous(memory_format=torch.channels_last), 0)
    torch.testing.assert_close(turned, expected, rtol=1e-4, atol=1e-5)


def test_compiled_in_one_graph_the_masks_are_those_of_the_same_seed() -> None:
    network = build({"mask_conv_fusion": {"out_channels": 12, "keep": 0.5}}, "adaptive_enhancement").train()
    x = torch.randn(2, 12, 9, 9)
    torch._dynamo.reset()
    compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
    with torch.no_grad():
        first = run(compiled, x, 0)
        torch.testing.assert_close(first, run(network, x, 0), rtol=1e-4, atol=1e-5)
        assert not torch.equal(run(compiled, x, 1), first)


def test_compiled_in_one_graph_in_eval_mode_it_gives_the_same() -> None:
    network, x = narrow().eval(), images()
    torch._dynamo.reset()
    compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), network(x), rtol=1e-4, atol=1e-5)


def test_exported_in_eval_mode_it_takes_any_batch() -> None:
    network = narrow().eval()
    batch = torch.export.Dim("batch", min=2, max=16)
    program = torch.export.export(network, (images(),), dynamic_shapes=({0: batch},))
    torch.testing.assert_close(program.module()(images(7)), network(images(7)), rtol=1e-4, atol=1e-5)
