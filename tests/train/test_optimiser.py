"""The optimisers take the recipe's values, decay what they are told to, and are torch's own."""

import pytest
import torch
from torch import nn

from blueprint.train.optimiser import Adam, AdamW, Sgd


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


@pytest.mark.parametrize(
    ("made", "kind", "values"),
    [
        (Sgd(lr=0.1, momentum=0.9, nesterov=True), torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        (Adam(lr=0.2, betas=[0.8, 0.9], eps=1e-4), torch.optim.Adam, {"lr": 0.2, "betas": (0.8, 0.9), "eps": 1e-4}),
        (AdamW(lr=0.3), torch.optim.AdamW, {"lr": 0.3, "weight_decay": 0.01}),
    ],
)
def test_an_optimiser_is_torchs_with_the_values_given_and_fused(made, kind, values):
    optimiser = made.make(network())
    assert type(optimiser) is kind
    (group,) = optimiser.param_groups
    assert group["fused"] is True
    for name, value in values.items():
        assert group[name] == value


def test_decay_of_weights_spares_biases_and_norms():
    module = network()
    module[0].weight.requires_grad_(False)
    groups = Sgd(lr=0.1, weight_decay=5e-4, decay="weights").make(module).param_groups
    assert [g["weight_decay"] for g in groups] == [5e-4, 0.0]
    assert [tuple(p.shape) for p in groups[0]["params"]] == [(3, 8)]
    assert [tuple(p.shape) for p in groups[1]["params"]] == [(2,), (2,), (2,), (3,)]


def test_decay_of_all_has_one_group():
    (group,) = Sgd(lr=0.1, weight_decay=5e-4).make(network()).param_groups
    assert len(group["params"]) == 6
    assert group["weight_decay"] == 5e-4
