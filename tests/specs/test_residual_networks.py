"""The residual networks of the zoo: their first weights, and their stem for small images."""

import pytest
import torchvision

import blueprint


def test_initialisation_has_torchvisions_scale() -> None:
    ours, theirs = blueprint.build("resnet18"), torchvision.models.resnet18().state_dict()
    mine = ours.state_dict()
    kernels = [(key, its) for key, its in blueprint.weights.match(ours, theirs).pairs if theirs[its].numel() > 5000]
    assert len(kernels) == 21
    for key, its in kernels:
        assert mine[key].std() == pytest.approx(theirs[its].std().item(), rel=0.05), key


def test_the_small_stem_keeps_the_size_of_small_images() -> None:
    graph = blueprint.load("resnet34", stem="small", num_classes=10, input=(3, 32, 32)).graph
    assert graph.parameters == 21_282_122
    assert graph.outputs_of(graph.nodes[0])[0].shape == (64, 32, 32)
