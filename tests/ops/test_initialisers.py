from __future__ import annotations

import pytest
import torch
from torch.nn import init

from blueprint.language.types import parse_type
from blueprint.ops.initialisers import fill, initialisers

SAME = [
    ("zeros", {}, lambda t: init.zeros_(t)),
    ("ones", {}, lambda t: init.ones_(t)),
    ("constant", {"value": 0.3}, lambda t: init.constant_(t, 0.3)),
    ("normal", {"std": 0.1}, lambda t: init.normal_(t, std=0.1)),
    ("trunc_normal", {"std": 0.02}, lambda t: init.trunc_normal_(t, std=0.02)),
    ("trunc_normal", {"mean": 1.0, "a": 0.5, "b": 1.5}, lambda t: init.trunc_normal_(t, mean=1.0, a=0.5, b=1.5)),
    ("uniform", {"a": -1.0}, lambda t: init.uniform_(t, a=-1.0)),
    ("xavier_uniform", {"gain": 2.0}, lambda t: init.xavier_uniform_(t, 2.0)),
    ("xavier_normal", {}, lambda t: init.xavier_normal_(t)),
    ("kaiming_uniform", {"a": 5**0.5}, lambda t: init.kaiming_uniform_(t, a=5**0.5)),
    (
        "kaiming_normal",
        {"mode": "fan_out", "nonlinearity": "relu"},
        lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"),
    ),
    ("orthogonal", {}, lambda t: init.orthogonal_(t)),
    ("dirac", {"groups": 2}, lambda t: init.dirac_(t, groups=2)),
]


@pytest.mark.parametrize(("name", "settings", "torchs"), SAME)
def test_initialisers_fill_as_torchs(name, settings, torchs):
    one, other = torch.empty(6, 4, 3, 3), torch.empty(6, 4, 3, 3)
    torch.manual_seed(0)
    fill(one, name, **settings)
    torch.manual_seed(0)
    torchs(other)
    assert torch.equal(one, other)


def test_eye_is_the_identity():
    weight = torch.empty(3, 3)
    fill(weight, "eye")
    assert torch.equal(weight, torch.eye(3))


def test_every_initialiser_is_tried_here():
    assert {name for name, _, _ in SAME} | {"eye"} == set(initialisers())


@pytest.mark.parametrize("name", sorted(initialisers()))
def test_defaults_are_torchs_and_types_are_the_languages(name):
    info = initialisers()[name]
    for field in info.fields:
        parse_type(field.type)
        assert field.help
    assert info.main is None or info.main in {field.name for field in info.fields}
    defaults = {field.name: field.default for field in info.fields if not field.required}
    shape = (3, 3) if name == "eye" else (4, 4, 3)
    one, other = torch.empty(shape), torch.empty(shape)
    required = {"value": 1.0} if name == "constant" else {}
    torch.manual_seed(0)
    fill(one, name, **required)
    torch.manual_seed(0)
    fill(other, name, **required, **defaults)
    assert torch.equal(one, other)


@pytest.mark.parametrize("name", sorted(initialisers()))
def test_ranks_are_those_that_torch_takes(name):
    info = initialisers()[name]
    required = {"value": 1.0} if name == "constant" else {}
    for rank in range(1, 6):
        weight = torch.empty((2,) * rank)
        if info.ranks[0] <= rank <= info.ranks[1]:
            fill(weight, name, **required)
        else:
            with pytest.raises(ValueError, match="dimension"):
                fill(weight, name, **required)
