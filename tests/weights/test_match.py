"""Which tensor is which: by order, by shapes, by blocks, by names, and what is left over."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import blueprint
from blueprint.diagnostics import SpecError
from blueprint.weights import copy, match


class Holder(nn.Module):
    """A network of nothing but these tensors, under any keys."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.state = dict(state)

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        return self.state


def holder(**shapes: tuple[int, ...]) -> Holder:
    return Holder({key.replace("__", "."): torch.randn(shape) for key, shape in shapes.items()})


def theirs_of(name: str) -> dict[str, Tensor]:
    """The tensors of torchvision's network; their values do not matter."""
    arguments: dict[str, Any] = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        return torchvision.models.get_model(name, weights=None, **arguments).state_dict()


def renamed(key: str) -> str:
    """The key with every name replaced by one that tells nothing; ends such as `weight` stay."""
    *path, last = key.split(".")
    tells = re.search(r"(weight|bias|running_mean|running_var|num_batches_tracked)$", last)
    return ".".join([*(f"n{crc32(name.encode())}" for name in path), last if tells else f"n{crc32(last.encode())}"])


def own_last(keys: list[str], depth: int = 0) -> list[str]:
    """The keys with a module's own tensors behind those of its children, where torch has them before."""
    own = [key for key in keys if key.count(".") == depth]
    inside: dict[str, list[str]] = {}
    for key in keys:
        if key.count(".") > depth:
            inside.setdefault(key.split(".")[depth], []).append(key)
    return [key for group in inside.values() for key in own_last(group, depth + 1)] + own


def same_order(keys: list[str]) -> list[str]:
    return keys


@pytest.mark.parametrize("order", [same_order, own_last])
@pytest.mark.parametrize(
    "name", ["convnext_tiny", "swin_t", "swin_v2_t", "maxvit_t", "googlenet", "shufflenet_v2_x0_5"]
)
def test_a_network_is_found_again_under_other_names_and_in_another_order(
    name: str, order: Callable[[list[str]], list[str]]
) -> None:
    theirs = theirs_of(name)
    keys = {renamed(key): key for key in order(list(theirs))}
    assert len(keys) == len(theirs)
    found = match(Holder({mine: theirs[key] for mine, key in keys.items()}), theirs)
    assert found.by == "order"
    assert found.complete
    assert [pair for pair in found.pairs if keys[pair[0]] != pair[1]] == []


def test_a_shortcut_registered_before_its_path_is_told_from_it() -> None:
    theirs = theirs_of("regnet_x_400mf")
    blocks: dict[str, list[str]] = {}
    for key in theirs:
        blocks.setdefault(".".join(key.split(".")[:3]) if key.startswith("trunk") else key, []).append(key)
    ordered = [key for keys in blocks.values() for key in sorted(keys, key=lambda key: ".proj." in key)]
    keys = {renamed(key.replace(".f.", ".")): key for key in ordered}
    found = match(Holder({mine: theirs[key] for mine, key in keys.items()}), theirs)
    assert [pair for pair in found.pairs if keys[pair[0]] != pair[1]] == []
    assert found.complete


@pytest.mark.parametrize("name", ["inception_v3", "maxvit_t", "vit_b_16"])
def test_keys_in_alphabetical_order_give_the_same_pairs(name: str) -> None:
    ours, theirs = blueprint.build(name, device="meta"), theirs_of(name)
    in_order, sorted_ = match(ours, theirs), match(ours, {key: theirs[key] for key in sorted(theirs)})
    assert (in_order.by, sorted_.by) == ("order", "names")
    assert in_order.complete
    assert sorted_.pairs == in_order.pairs


def test_keys_of_an_older_release_give_the_same_pairs() -> None:
    ours, theirs = blueprint.build("densenet121", device="meta"), theirs_of("densenet121")
    new = match(ours, theirs).pairs
    older = {re.sub(r"(denselayer\d+\.(?:norm|conv))", r"\1.", key): key for key in theirs}
    older = {old: key for old, key in older.items() if "num_batches" not in old}
    found = match(ours, {old: theirs[key] for old, key in older.items()})
    assert found.complete
    assert {key: older[its] for key, its in found.pairs} == {k: its for k, its in new if "num_batches" not in k}


def test_equal_keys_decide_whatever_their_order() -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    state = dict(reversed(network.state_dict().items()))
    found = match(network, {**state, "2.weight": torch.ones(3)})
    assert found.by == "keys"
    assert found.pairs == tuple((key, key) for key in network.state_dict())
    assert [left.key for left in found.theirs] == ["2.weight"]


def test_a_head_for_other_classes_is_left_over_with_the_reason() -> None:
    ours = blueprint.build("resnet18", num_classes=10, device="meta")
    found = match(ours, theirs_of("resnet18"))
    assert len(found.pairs) == 120
    assert [(left.key, left.shape, left.reason) for left in found.ours] == [
        ("head.weight", (10, 512), "fc.weight there is (1000, 512)"),
        ("head.bias", (10,), "fc.bias there is (1000,)"),
    ]
    assert [left.reason for left in found.theirs] == ["head.weight here is (10, 512)", "head.bias here is (10,)"]


def test_an_auxiliary_head_registered_elsewhere_does_not_take_the_head() -> None:
    shapes = {"stem": (8, 3, 3, 3), "side": (4, 8, 1, 1), "out": (5, 8), "last": (8, 8)}
    ours = holder(
        stem__weight=shapes["stem"],
        side__conv__weight=shapes["side"],
        side__out__weight=shapes["out"],
        last__weight=shapes["last"],
        out__weight=shapes["out"],
    )
    theirs = holder(
        a__weight=shapes["stem"],
        b__weight=shapes["last"],
        aux__conv__weight=shapes["side"],
        aux__fc__weight=shapes["out"],
        fc__weight=shapes["out"],
    )
    assert dict(match(ours, theirs.state).pairs) == {
        "stem.weight": "a.weight",
        "side.conv.weight": "aux.conv.weight",
        "side.out.weight": "aux.fc.weight",
        "last.weight": "b.weight",
        "out.weight": "fc.weight",
    }


def test_a_query_never_goes_to_a_key() -> None:
    ours = holder(attention__query__weight=(6, 6), attention__key__weight=(6, 6), attention__value__weight=(6, 6))
    theirs = holder(attn__k_proj__weight=(6, 6), attn__v_proj__weight=(6, 6), attn__q_proj__weight=(6, 6))
    assert dict(match(ours, theirs.state).pairs) == {
        "attention.query.weight": "attn.q_proj.weight",
        "attention.key.weight": "attn.k_proj.weight",
        "attention.value.weight": "attn.v_proj.weight",
    }


def test_of_equal_modules_the_one_with_the_more_similar_name_is_taken() -> None:
    ours = holder(encoder__weight=(6, 6))
    theirs = holder(decoder__weight=(6, 6), my_encoder__weight=(6, 6), other__weight=(6, 6))
    assert match(ours, theirs.state).pairs == (("encoder.weight", "my_encoder.weight"),)


def test_axes_of_size_1_do_not_matter_and_the_copy_has_our_shape() -> None:
    ours = holder(fc__weight=(6, 4), scale=(4,), token=(1, 4), mlp__weight=(4, 6, 1, 1))
    theirs = holder(conv__weight=(6, 4, 1, 1), gamma=(4, 1, 1), cls=(1, 1, 4), lin__weight=(4, 6))
    found = copy(ours, theirs.state, strict=True)
    assert dict(found.pairs) == {
        "fc.weight": "conv.weight",
        "scale": "gamma",
        "token": "cls",
        "mlp.weight": "lin.weight",
    }
    for key, its in found.pairs:
        assert torch.equal(ours.state[key].flatten(), theirs.state[its].flatten())


def test_parts_of_a_joint_projection_are_one_module() -> None:
    ours = holder(qkv__weight=(12, 4), qkv__bias=(12,), out__weight=(4, 4), out__bias=(4,))
    theirs = holder(
        attn__in_proj_weight=(12, 4), attn__in_proj_bias=(12,), attn__out_proj__weight=(4, 4), attn__out_proj__bias=(4,)
    )
    assert dict(match(ours, theirs.state).pairs) == {
        "qkv.weight": "attn.in_proj_weight",
        "qkv.bias": "attn.in_proj_bias",
        "out.weight": "attn.out_proj.weight",
        "out.bias": "attn.out_proj.bias",
    }


def test_a_module_is_paired_whole_or_not_at_all() -> None:
    ours = holder(conv__weight=(6, 4, 3, 3), fc__weight=(3, 6))
    theirs = holder(c__weight=(6, 4, 3, 3), c__bias=(6,), f__weight=(3, 6))
    found = match(ours, theirs.state)
    assert found.pairs == (("fc.weight", "f.weight"),)
    assert found.ours[0].reason == "what stands beside it has no counterpart"
    assert [left.key for left in found.theirs] == ["c.weight", "c.bias"]


def test_norms_are_not_paired_where_nothing_beside_them_is() -> None:
    ours = holder(
        a__conv__weight=(6, 3, 5, 5), a__norm__weight=(6,), b__conv__weight=(6, 6, 3, 3), b__norm__weight=(6,)
    )
    theirs = holder(x__c__weight=(6, 3, 7, 7), x__n__weight=(6,), y__c__weight=(6, 6, 3, 3), y__n__weight=(6,))
    found = match(ours, theirs.state)
    assert dict(found.pairs) == {"b.conv.weight": "y.c.weight", "b.norm.weight": "y.n.weight"}


def test_running_statistics_are_no_weights() -> None:
    ours = holder(fc__weight=(5, 4), norm__weight=(5,), norm__bias=(5,))
    theirs = holder(f__weight=(5, 4), n__running_mean=(5,), n__running_var=(5,))
    assert match(ours, theirs.state).pairs == (("fc.weight", "f.weight"),)


def test_integers_are_paired_with_integers_else_left_aside() -> None:
    ours = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    theirs = {f"net.{key}": value for key, value in ours.state_dict().items()}
    theirs["net.table_index"] = torch.arange(9)
    found = match(ours, theirs)
    assert ("1.num_batches_tracked", "net.1.num_batches_tracked") in found.pairs
    assert found.aside == ("net.table_index",)
    assert found.complete
    del theirs["net.1.num_batches_tracked"]
    assert match(ours, theirs).complete


def test_strict_copies_nothing_where_something_is_left_over() -> None:
    ours = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    before = {key: value.clone() for key, value in ours.state_dict().items()}
    theirs = {
        f"x.{key}": value + 1 for key, value in nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3)).state_dict().items()
    }
    with pytest.raises(SpecError) as caught:
        copy(ours, theirs, strict=True)
    one, two = caught.value.diagnostics
    assert (one.code, one.severity) == ("weights-misfit", "error")
    assert one.message == "2 tensors of the network's weights found no counterpart and stay as they were"
    assert two.notes[0].message == "`x.1.weight` (3, 4): 1.weight here is (2, 4)"
    assert all(torch.equal(before[key], value) for key, value in ours.state_dict().items())
    copy(ours, theirs)
    assert torch.equal(ours[0].weight, theirs["x.0.weight"])


MODULES = st.lists(
    st.tuples(
        st.sampled_from(["conv", "norm", "fc", "block.conv", "block.norm"]), st.integers(1, 3), st.integers(1, 3)
    ),
    min_size=1,
    max_size=8,
)


def state_of(modules: list[tuple[str, int, int]], prefix: str) -> dict[str, Tensor]:
    state = {}
    for place, (kind, one, two) in enumerate(modules):
        name = f"{prefix}{place // 3}.{kind}{place}"
        shape = (one, two, 3, 3) if "conv" in kind else (one,) if "norm" in kind else (one, two)
        state[f"{name}.weight"] = torch.zeros(shape)
        if "conv" not in kind:
            state[f"{name}.bias"] = torch.zeros(one)
        if "norm" in kind:
            state[f"{name}.running_mean"], state[f"{name}.running_var"] = torch.zeros(one), torch.zeros(one)
    return state


@given(MODULES, MODULES)
@settings(max_examples=100, deadline=None)
def test_pairs_are_of_equal_shapes_and_kinds_and_every_tensor_is_accounted_for_once(ours: Any, theirs: Any) -> None:
    mine, other = state_of(ours, "a"), state_of(theirs, "z")
    found = match(Holder(mine), other)
    for key, its in found.pairs:
        assert [n for n in mine[key].shape if n > 1] == [n for n in other[its].shape if n > 1]
        assert key.rpartition(".")[2] == its.rpartition(".")[2]
    assert sorted([key for key, _ in found.pairs] + [left.key for left in found.ours]) == sorted(mine)
    assert sorted([its for _, its in found.pairs] + [left.key for left in found.theirs]) == sorted(other)


@given(MODULES)
@settings(max_examples=50, deadline=None)
def test_a_state_under_other_names_is_paired_in_its_order(modules: Any) -> None:
    mine, other = state_of(modules, "a"), state_of(modules, "z")
    assert match(Holder(mine), other).pairs == tuple(zip(mine, other, strict=True))
