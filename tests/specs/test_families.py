"""The arguments of shipped specs reach the other members of their families, as torchvision has them."""

import pytest
import torch
import torchvision

import blueprint

MEMBERS: list[tuple[str, str, dict[str, object]]] = [
    ("convnext_base", "convnext_tiny", {"dims": [128, 256, 512, 1024], "depths": [3, 3, 27, 3]}),
    ("densenet161", "densenet121", {"growth_rate": 48, "stem_channels": 96, "depths": [6, 12, 36, 24]}),
    ("efficientnet_b4", "efficientnet_b0", {"width": 1.4, "depths": [2, 4, 4, 6, 6, 8, 2]}),
    (
        "efficientnet_v2_m",
        "efficientnet_v2_s",
        {
            "depths": [3, 5, 5, 7, 14, 18, 5],
            "expands": [1, 4, 4, 4, 6, 6, 6],
            "dims": [24, 48, 80, 160, 176, 304, 512],
            "strides": [1, 2, 2, 2, 1, 2, 1],
        },
    ),
    ("mnasnet0_5", "mnasnet1_0", {"width": 0.5}),
    (
        "regnet_x_400mf",
        "regnet_y_400mf",
        {"depths": [1, 2, 7, 12], "dims": [32, 64, 160, 400], "group_width": 16, "se_ratio": 0.0},
    ),
    ("resnext101_32x8d", "resnext50_32x4d", {"depths": [3, 4, 23, 3], "width_per_group": 8}),
    ("shufflenet_v2_x2_0", "shufflenet_v2_x1_0", {"dims": [244, 488, 976], "last_channels": 2048}),
    ("swin_s", "swin_t", {"depths": [2, 2, 18, 2]}),
    ("vgg11", "vgg16", {"depths": [1, 1, 2, 2, 2]}),
    ("vgg19_bn", "vgg16", {"depths": [2, 2, 4, 4, 4], "norm": "batch_norm"}),
    ("vit_b_32", "vit_b_16", {"patch_size": 32}),
]


@pytest.mark.parametrize(("name", "spec", "arguments"), MEMBERS, ids=[name for name, _, _ in MEMBERS])
def test_weights_are_torchvisions_in_number_and_size(name: str, spec: str, arguments: dict[str, object]) -> None:
    with torch.device("cpu" if name.startswith("regnet") else "meta"):  # RegNet's own widths are computed by tensors
        theirs = getattr(torchvision.models, name)()
    ours = blueprint.build(spec, device="meta", **arguments)
    sizes = [sorted(p.numel() for p in network.parameters()) for network in (ours, theirs)]
    assert sizes[0] == sizes[1]
