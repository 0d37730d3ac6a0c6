"""Networks of the zoo against torchvision's of the same name, with its weights copied by blueprint.weights.

Nothing is random: dropout and dropped paths are off on both sides. Weights, norms and running statistics hold random
values, since at their first ones much would come out equal that is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

import blueprint
from blueprint.weights import Matching

CLOSE = 1e-5
"""How far apart two tensors may be, as a share of the largest element. Most come out equal bit for bit; attention
is computed by another kernel than torchvision's."""


@dataclass(frozen=True)
class Case:
    """A network at its smallest.

    side: of its input. ours, theirs: arguments of the spec and of torchvision's builder. gain: the variance of a
    weight times what it sums over; at 2 convolutions with relu keep their scale, and attention is too steep.
    dtype: float64 where the roundings of float32 grow beyond `CLOSE` on their way through the network and back.
    """

    name: str
    side: int = 64
    ours: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)
    gain: float = 2.0
    dtype: torch.dtype = torch.float32


CASES = [
    Case("resnet18"),
    Case("resnet34"),
    Case("resnet50"),
    Case("googlenet", 96, {"dropout": 0.0, "dropout_aux": 0.0}, {"init_weights": False}),
    Case("inception_v3", 299, {"dropout": 0.0}, {"init_weights": False}),
    Case("mobilenet_v2", ours={"dropout": 0.0}),
    Case("mobilenet_v3_large", ours={"dropout": 0.0}),
    Case("shufflenet_v2_x1_0"),
    Case("densenet121"),
    Case("efficientnet_v2_s", ours={"dropout": 0.0, "drop_path": 0.0}),
    Case("vgg16", 32, {"dropout": 0.0}, {"init_weights": False}),
    Case("vit_b_16", theirs={"image_size": 64}, gain=1.0),
    Case("convnext_tiny", ours={"drop_path": 0.0}),
    Case("swin_t", 224, {"drop_path": 0.0}, gain=1.0),
    Case("maxvit_t", 224, {"drop_path": 0.0}, gain=1.0, dtype=torch.float64),
]


@dataclass(frozen=True)
class Pair:
    """The two networks with the same weights, how these were matched, and a batch of 2."""

    ours: nn.Module
    theirs: nn.Module
    matching: Matching
    images: Tensor
    labels: Tensor


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def pair(request: pytest.FixtureRequest) -> Pair:
    case: Case = request.param
    torch.manual_seed(0)
    theirs = torchvision.models.get_model(case.name, weights=None, num_classes=10, **case.theirs)
    for module in theirs.modules():
        if isinstance(module, nn.Dropout | torchvision.ops.StochasticDepth):
            module.p = 0.0
    for key, tensor in theirs.state_dict().items():
        if tensor.dim() > 1 and key.endswith("weight"):
            tensor.normal_(0, (case.gain * tensor.shape[0] / tensor.numel()) ** 0.5)
        elif tensor.is_floating_point():
            tensor.uniform_(*((0.5, 1.5) if key.endswith(("weight", "running_var", "scale")) else (-0.1, 0.1)))
    ours = blueprint.build(case.name, input=(3, case.side, case.side), num_classes=10, **case.ours)
    ours, theirs = ours.to(case.dtype), theirs.to(case.dtype)
    matching = blueprint.weights.copy(ours, theirs.state_dict(), strict=True)
    images = torch.randn(2, 3, case.side, case.side, dtype=case.dtype)
    return Pair(ours, theirs, matching, images, torch.tensor([3, 7]))


def outputs(network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """The outputs by our names."""
    found = network(images)
    if isinstance(found, Tensor):
        return {"output": found}
    names = {"logits": "output", "aux_logits": "aux", "aux_logits1": "aux1", "aux_logits2": "aux2"}
    by_name = found if isinstance(found, dict) else found._asdict()
    return {names.get(name, name): value for name, value in by_name.items()}


def apart(ours: Tensor, theirs: Tensor, least: float = 0.0) -> float:
    """The largest difference, over the largest element of theirs, or `least` if that is larger."""
    if torch.equal(ours, theirs):
        return 0.0
    return (ours - theirs).abs().max().item() / max(theirs.abs().max().item(), least)


def test_outputs_in_eval_mode_are_torchvisions(pair: Pair) -> None:
    with torch.no_grad():
        mine, other = (outputs(network.eval(), pair.images) for network in (pair.ours, pair.theirs))
    assert list(mine) == list(other) == ["output"]
    assert apart(other["output"][0], other["output"][1]) > 0.01  # the images tell
    assert apart(mine["output"], other["output"]) < CLOSE


def test_outputs_gradients_and_running_statistics_in_training_are_torchvisions(pair: Pair) -> None:
    mine, other = (outputs(network.train(), pair.images) for network in (pair.ours, pair.theirs))
    assert mine.keys() == other.keys()
    assert max(apart(mine[name], other[name]) for name in other) < CLOSE
    for found in (mine, other):
        losses = [nn.functional.cross_entropy(value, pair.labels) for value in found.values()]
        torch.stack(losses).sum().backward()

    ours, theirs = dict(pair.ours.named_parameters()), dict(pair.theirs.named_parameters())
    matched = {key: its for key, its in pair.matching.pairs if key in ours}
    assert matched.keys() == ours.keys()
    assert set(matched.values()) == theirs.keys()
    least = max(p.grad.abs().max().item() for p in theirs.values()) / 100  # some are zero but for rounding
    gradients = {key: (ours[key].grad, theirs[its].grad.reshape(ours[key].shape)) for key, its in matched.items()}
    assert [key for key, (a, b) in gradients.items() if apart(a, b, least) > CLOSE] == []

    state, its_state = pair.ours.state_dict(), pair.theirs.state_dict()
    buffers = [(key, its) for key, its in pair.matching.pairs if key not in ours]
    assert [key for key, its in buffers if apart(state[key], its_state[its]) > CLOSE] == []
