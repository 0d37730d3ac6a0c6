"""A fine-tune: ResNet-18 with the weights that torchvision publishes learns handwritten digits.

python examples/fine_tune.py                              # downloads the weights, 45 MB
python examples/fine_tune.py torchvision:resnet18:random  # the same steps from random weights, without a download
The command line trains from such weights too: blueprint train resnet18 --weights torchvision --recipe digits
"""

import sys

import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy, interpolate

import blueprint

SOURCE = sys.argv[1] if len(sys.argv) > 1 else "torchvision:resnet18"

# Ten classes in place of a thousand: the tensors that do not fit are named, and keep their initial values.
spec = blueprint.load("resnet18", input=(3, 32, 32), num_classes=10)
network = spec.build()
filled = blueprint.weights.fill(network, spec, SOURCE)
print(f"{filled.line}; new: {[left.key for left in filled.matching.ours]}")

digits = load_digits()
images = interpolate(torch.tensor(digits.images[:128], dtype=torch.float32)[:, None] / 16, size=32)
images, labels = (images.expand(-1, 3, -1, -1) - 0.45) / 0.225, torch.tensor(digits.target[:128])


def learn(parameters: list[torch.nn.Parameter], lr: float) -> None:
    """Take a step on each quarter of the images."""
    optimiser = torch.optim.AdamW(parameters, lr=lr)
    for x, y in zip(images.split(32), labels.split(32), strict=True):
        optimiser.zero_grad()
        cross_entropy(network(x), y).backward()
        optimiser.step()


def loss() -> float:
    """The loss on all images."""
    with torch.no_grad():
        return cross_entropy(network(images), labels).item()


# First the head alone, then all in smaller steps; the batch norms keep the statistics that came with the weights.
network.eval()
losses = [loss()]
network.requires_grad_(False)
network.head.requires_grad_(True)
learn(list(network.head.parameters()), lr=1e-3)
losses.append(loss())
network.requires_grad_(True)
learn(list(network.parameters()), lr=1e-4)
losses.append(loss())
print("loss {:.3f}, with a trained head {:.3f}, fine-tuned {:.3f}".format(*losses))
