"""The two ways to write a U-Net, by loops and by recursion, and images whose sides do not halve evenly."""

import pytest
import torch

import blueprint


def test_loops_and_recursion_write_the_same_network() -> None:
    torch.manual_seed(0)
    loops = blueprint.build("unet", dims=[4, 8], bottom=16).eval()
    recursion = blueprint.build("unet_recursive", dims=[4, 8, 16]).eval()
    weights = loops.state_dict()
    recursion.load_state_dict(dict(zip(recursion.state_dict(), weights.values(), strict=True)))
    x = torch.randn(2, 3, 16, 24)
    with torch.no_grad():
        torch.testing.assert_close(recursion(x), loops(x), rtol=0, atol=0)


@pytest.mark.parametrize("size", [(16, 16), (17, 30), (5, 3)])
def test_scores_have_the_size_of_the_image(size: tuple[int, int]) -> None:
    network = blueprint.build("unet", dims=[4, 8], bottom=16, num_classes=5).eval()
    with torch.no_grad():
        assert network(torch.randn(1, 3, *size)).shape == (1, 5, *size)
