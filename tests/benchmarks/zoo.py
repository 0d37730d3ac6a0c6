"""Networks of the zoo against torchvision's own, with the same weights.

Run as `python tests/benchmarks/zoo.py [ROUNDS [NAME...]]`. Both sides run in one process, a round of one behind a
round of the other; the figure is the median of the rounds' ratios, below 1 where the spec's network is the faster one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torchvision

sys.path.insert(0, str(Path(__file__).parents[2]))

import blueprint
from tests.benchmarks.measuring import compare, inference, training

BATCH = 4
NAMES = (
    *("resnet18", "resnet50", "densenet121", "mobilenet_v2", "mobilenet_v3_large", "shufflenet_v2_x1_0"),
    *("efficientnet_v2_s", "vit_b_16", "swin_t", "convnext_tiny", "maxvit_t"),
)


def main(rounds: int, names: tuple[str, ...]) -> None:
    """Print a line for each network and mode."""
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, one thread, batch {BATCH} at 224x224")
    print(f"{'network':20} {'mode':10} {'torchvision':>12} {'spec':>12} {'ratio':>6}   median of {rounds} rounds")
    for name in names:
        torch.manual_seed(0)
        theirs, ours = torchvision.models.get_model(name, weights=None), blueprint.build(name)
        blueprint.weights.copy(ours, theirs.state_dict())
        images = torch.randn(BATCH, 3, 224, 224)
        _check_close(ours, theirs, images)
        for mode, step in (("inference", inference), ("training", training)):
            ours.train(mode == "training"), theirs.train(mode == "training")
            slow, fast, ratio = compare(lambda: step(theirs, images), lambda: step(ours, images), rounds)  # noqa: B023
            print(f"{name:20} {mode:10} {slow * 1e3:9.1f} ms {fast * 1e3:9.1f} ms {ratio:6.3f}", flush=True)


def _check_close(ours: torch.nn.Module, theirs: torch.nn.Module, images: torch.Tensor) -> None:
    """Refuse to time networks that compute different things."""
    torch.testing.assert_close(inference(ours.eval(), images), inference(theirs.eval(), images), rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11, tuple(sys.argv[2:]) or NAMES)
