"""The attentions of the block libraries once more, as their papers' formulas read, on weights by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Weights = Mapping[str, Tensor]
Attention = Callable[[Tensor, Weights], Tensor]


def scattered(network: nn.Module) -> nn.Module:
    """The network with weights and statistics that leave no factor at its start."""
    torch.manual_seed(0)
    for key, value in network.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif value.is_floating_point():
            value.normal_(0, 0.3)
    return network


def normed(x: Tensor, w: Weights, at: str) -> Tensor:
    """A batch norm in evaluation."""
    statistics = (w[f"{at}.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, *statistics)


def z_gate(x: Tensor, w: Weights, at: str = "") -> Tensor:
    """x (N, A, B, C) weighted at each of its B x C places by what it holds there along A."""
    seen = torch.stack((x.amax(1), x.mean(1)), 1)
    kernel = w[f"{at}conv.weight"]
    return x * normed(F.conv2d(seen, kernel, padding=kernel.shape[-1] // 2), w, f"{at}batch_norm").sigmoid()


def sca(x: Tensor, w: Weights) -> Tensor:
    rows = z_gate(x.permute(0, 3, 1, 2), w, "rows.z_gate.").permute(0, 2, 3, 1)
    columns = z_gate(x.permute(0, 2, 1, 3), w, "columns.z_gate.").permute(0, 2, 1, 3)
    return (rows + columns) / 2


def triplet(x: Tensor, w: Weights) -> Tensor:
    height = z_gate(x.transpose(1, 2), w, "height.z_gate.").transpose(1, 2)
    width = z_gate(x.transpose(1, 3), w, "width.z_gate.").transpose(1, 3)
    return (height + width + z_gate(x, w, "space.z_gate.")) / 3


def cbam(x: Tensor, w: Weights) -> Tensor:
    def mlp(values: Tensor) -> Tensor:
        hidden = (values @ w["mlp.linear.weight"].T + w["mlp.linear.bias"]).relu()
        return hidden @ w["mlp.linear_2.weight"].T + w["mlp.linear_2.bias"]

    channels = mlp(x.mean((2, 3))) + mlp(x.amax((2, 3)))
    return z_gate(x * channels.sigmoid()[:, :, None, None], w)


def squeeze_excite(x: Tensor, w: Weights) -> Tensor:
    hidden = F.conv2d(x.mean((2, 3), keepdim=True), w["conv.weight"], w["conv.bias"]).relu()
    return x * F.conv2d(hidden, w["conv_2.weight"], w["conv_2.bias"]).sigmoid()


def eca(x: Tensor, w: Weights) -> Tensor:
    kernel = w["conv1d.weight"]
    means = x.mean((2, 3)).unsqueeze(1)
    return x * F.conv1d(means, kernel, padding=kernel.shape[-1] // 2).sigmoid().squeeze(1)[:, :, None, None]


def coordinate_attention(x: Tensor, w: Weights) -> Tensor:
    height = x.shape[2]
    both = torch.cat((x.mean(3), x.mean(2)), 2).unsqueeze(3)
    both = F.hardswish(normed(F.conv2d(both, w["conv.weight"], w["conv.bias"]), w, "batch_norm"))
    rows = F.conv2d(both[:, :, :height], w["weight.height.conv.weight"], w["weight.height.conv.bias"])
    columns = F.conv2d(both[:, :, height:], w["weight.width.conv.weight"], w["weight.width.conv.bias"])
    return x * rows.sigmoid() * columns.sigmoid().transpose(2, 3)


def global_context(x: Tensor, w: Weights) -> Tensor:
    places = x.flatten(2)
    scores = w["sequence_pool.linear.weight"] @ places + w["sequence_pool.linear.bias"]
    context = (places * scores.softmax(2)).sum(2)
    hidden = F.linear(context, w["linear.weight"], w["linear.bias"])
    hidden = F.layer_norm(hidden, hidden.shape[1:], w["layer_norm.weight"], w["layer_norm.bias"]).relu()
    return x + F.linear(hidden, w["context.weight"], w["context.bias"])[:, :, None, None]


def pixel_attention(x: Tensor, w: Weights) -> Tensor:
    scores = torch.einsum("nchw,oc->nohw", x, w["conv.weight"][..., 0, 0]) + w["conv.bias"][:, None, None]
    return x * scores.sigmoid()
