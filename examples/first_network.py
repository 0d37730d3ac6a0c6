"""A first network: check a spec, look at its graph, build it and take one step.

Run it from anywhere: python examples/first_network.py
"""

from pathlib import Path

import torch

import blueprint

SPEC = Path(__file__).with_name("first.yaml")

# A check answers with diagnostics, each with a place and a cause; this spec has none.
assert blueprint.check(SPEC) == []

# Arguments are given by name. The rules know shapes, parameters and cost before torch does.
spec = blueprint.load(SPEC, dim=32)
print(f"{spec.name}: {spec.graph.parameters:,} parameters, {spec.graph.macs:,} multiply-accumulates")

# The network is an nn.Module whose names follow the spec.
network = spec.build()
print([name for name, _ in network.named_parameters()])

# It trains like any other module.
images, labels = torch.randn(8, 3, 32, 32), torch.randint(10, (8,))
optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
before = torch.nn.functional.cross_entropy(network(images), labels)
before.backward()
optimiser.step()
after = torch.nn.functional.cross_entropy(network(images), labels)
print(f"loss {before.item():.3f}, after one step {after.item():.3f}")
