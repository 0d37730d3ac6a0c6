"""The structure `attention` with windows, a grid and biases, against torchvision's and computation by hand."""

import pytest
import torch
from torchvision.models.maxvit import PartitionAttentionLayer
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2

from tests.compiler.specs import fault, graph, loaded, paths


def theirs(kind: type, window: tuple[int, int], shift: tuple[int, int]) -> torch.nn.Module:
    torch.manual_seed(0)
    module = kind(12, list(window), list(shift), 3).eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return module


def output(network: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What a network over maps gives for values whose channels lie last."""
    with torch.no_grad():
        return network.eval()(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


@pytest.mark.parametrize("size", [(14, 21), (7, 14), (5, 16), (9, 4)])
def test_shifted_windows_equal_torchvisions_where_they_divide_the_map_and_where_not(size: tuple[int, int]) -> None:
    swin = theirs(ShiftedWindowAttention, (7, 7), (3, 3))
    spec = loaded("body: [attention: {num_heads: 3, window: 7, shift: 3, position_bias: relative}]", (12, *size))
    network = spec.build()
    network.load_state_dict(
        {
            "attention.position_bias": swin.relative_position_bias_table,
            "attention.qkv.weight": swin.qkv.weight,
            "attention.qkv.bias": swin.qkv.bias,
            "attention.out.weight": swin.proj.weight,
            "attention.out.bias": swin.proj.bias,
        }
    )
    x = torch.randn(2, *size, 12)
    torch.testing.assert_close(output(network, x), swin(x), rtol=0, atol=1e-6)


def test_a_network_with_padded_windows_takes_maps_of_other_sizes() -> None:
    network = loaded("body: [attention: {num_heads: 1, window: 4, shift: 2}]", (4, 9, 9)).build().eval()
    assert network(torch.randn(1, 4, 5, 14)).shape == (1, 4, 5, 14)


COSINE = """
blocks:
  turned:
    args: {bias: bool}
    body:
      - linear: {out_features: x.channels, bias}
      - rearrange: {pattern: (head d) h w -> head d h w, head: 3, body: [normalize: {axis: d}]}
  sharpened:
    body:
      - rearrange:
          pattern: (head d) h w -> head d h w
          head: 3
          body:
            - parameter: {shape: {head: 3}, init: {constant: 2.3}}
              as: logit_scale
            - clamp: {max: 4.605170185988092}
            - exp:
              as: factor
            - multiply: [x, factor]
body:
  - attention:
      num_heads: 3
      window: 4
      shift: [2, 1]
      scale: 1.0
      query: [turned: true, sharpened]
      key: {turned: false}
      position_bias:
        - scale: 8.0
        - branches:
            merge: multiply
            paths: {sign: [sign], size: [abs, log1p, scale: 0.4808983469629878]}
        - linear: 512
        - relu
        - linear: {out_features: 3, bias: false}
        - sigmoid
        - scale: 16.0
"""


def test_a_bias_from_the_offsets_and_cosines_for_scores_equal_swin_v2s() -> None:
    swin = theirs(ShiftedWindowAttentionV2, (4, 4), (2, 1))
    network = loaded(COSINE, (12, 8, 12)).build()
    query, key, value = swin.qkv.weight.chunk(3)
    query_bias, _, value_bias = swin.qkv.bias.chunk(3)
    network.load_state_dict(
        {
            "attention.query.turned.linear.weight": query,
            "attention.query.turned.linear.bias": query_bias,
            "attention.query.sharpened.logit_scale": swin.logit_scale.flatten(),
            "attention.key.linear.weight": key,
            "attention.value.weight": value,
            "attention.value.bias": value_bias,
            "attention.position_bias.linear.weight": swin.cpb_mlp[0].weight,
            "attention.position_bias.linear.bias": swin.cpb_mlp[0].bias,
            "attention.position_bias.linear_2.weight": swin.cpb_mlp[2].weight,
            "attention.out.weight": swin.proj.weight,
            "attention.out.bias": swin.proj.bias,
        }
    )
    x = torch.randn(2, 8, 12, 12)
    torch.testing.assert_close(output(network, x), swin(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("cut", ["window", "grid"])
def test_windows_and_grids_equal_maxvits(cut: str) -> None:
    torch.manual_seed(0)
    layer = PartitionAttentionLayer(12, 4, 3, cut, (9, 9), 2, torch.nn.GELU, torch.nn.LayerNorm, 0.0, 0.0, 0.0)
    _, relative, _ = layer.attn_layer
    layer.attn_layer[0] = torch.nn.Identity()
    torch.nn.init.zeros_(layer.mlp_layer[3].weight)
    torch.nn.init.zeros_(layer.mlp_layer[3].bias)
    text = f"body: [residual: [attention: {{num_heads: 3, {cut}: 3, scale: 12 ** -0.5, position_bias: relative}}]]"
    network = loaded(text, (12, 9, 9)).build()
    network.load_state_dict(
        {
            "attention.position_bias": relative.relative_position_bias_table,
            "attention.qkv.weight": relative.to_qkv.weight,
            "attention.qkv.bias": relative.to_qkv.bias,
            "attention.out.weight": relative.merge.weight,
            "attention.out.bias": relative.merge.bias,
        }
    )
    x = torch.randn(2, 12, 9, 9)
    with torch.no_grad():
        torch.testing.assert_close(network.eval()(x), layer.eval()(x), rtol=0, atol=1e-5)


def test_a_bias_without_windows_reaches_over_the_whole_map_or_all_tokens() -> None:
    whole = graph("body: [attention: {num_heads: 1, position_bias: relative}]", (4, 3, 5))
    assert whole.parameters_of(next(n for n in whole.nodes if n.label == "position_bias")) == 5 * 9
    assert whole.fixed_size
    tokens = graph("body: [to_tokens, attention: {num_heads: 2, position_bias: relative}]", (4, 3, 5))
    assert tokens.parameters_of(next(n for n in tokens.nodes if n.label == "position_bias")) == 29 * 2


def test_switching_the_bias_and_the_windows_on_renames_no_weight() -> None:
    plain = paths(graph("body: [attention: {num_heads: 1}]", (4, 8, 8)))
    full = "body: [attention: {num_heads: 1, window: 3, shift: 1, position_bias: relative}]"
    assert set(paths(graph(full, (4, 8, 8)))) == {*plain, "attention.position_bias"}


@pytest.mark.parametrize(
    ("fields", "code", "place"),
    [
        ("window: 4, grid: 4", "out-of-range", "grid"),
        ("shift: 2", "missing-key", "shift"),
        ("window: 4, shift: 4", "out-of-range", "shift"),
        ("window: [4, 0]", "out-of-range", "window"),
        ("window: 4, position_bias: absolute", "unknown-name", "absolute"),
        ("window: 4, position_bias: [linear: 3]", "shape-mismatch", "attention"),
        ("window: 4, query: {conv: {kernel_size: 3, stride: 2}}", "shape-mismatch", "attention"),
    ],
)
def test_faults_of_windows_point_at_their_field(fields: str, code: str, place: str) -> None:
    assert fault(f"body: [conv: {{out_channels: 8, kernel_size: 1}}, attention: {{num_heads: 2, {fields}}}]") == (
        code,
        place,
    )


def test_windows_of_tokens_are_told_to_make_a_map() -> None:
    assert fault("body: [to_tokens, attention: {num_heads: 1, window: 4}]")[0] == "wrong-kind"


def test_attention_without_fields_takes_those_of_the_files_defaults() -> None:
    text = "defaults: {attention: {num_heads: 2}}\nbody: [attention]"
    assert paths(graph(text, (4, 8, 8))) == paths(graph("body: [attention: 2]", (4, 8, 8)))
    assert fault("body: [attention]") == ("missing-key", "attention")
