"""Copies, pickles and stored weights of a lowered network behave as those of nested modules."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.func import functional_call

from blueprint.compiler.lower import lower
from blueprint.compiler.lower.runtime import Container
from tests.compiler.lower.comparing import assert_same, images, is_flat
from tests.compiler.lower.nets import pair, residual_graph


def test_a_deep_copy_shares_nothing_but_its_class():
    lowered, nested = pair()
    assert_same(lowered, nested)
    twin = copy.deepcopy(lowered)
    assert type(twin) is type(lowered)
    assert "_bound" not in vars(twin)
    with torch.no_grad():
        twin.head.weight.zero_()
    assert_same(lowered, nested)
    assert not torch.equal(twin.eval()(images()), lowered.eval()(images()))
    assert is_flat(twin)


def test_a_deep_copy_keeps_ties_and_replaced_modules():
    lowered, _ = pair()
    lowered.blocks[1].conv1 = lowered.blocks[0].conv1
    twin = copy.deepcopy(lowered)
    assert twin.blocks[1].conv1 is twin.blocks[0].conv1
    assert torch.equal(twin.eval()(images()), lowered.eval()(images()))


def test_a_shallow_copy_runs_on_the_same_weights():
    lowered, _ = pair()
    lowered.eval()(images())
    assert torch.equal(copy.copy(lowered)(images()), lowered(images()))


@pytest.mark.parametrize("called", [False, True])
def test_a_pickle_opens_in_another_process_without_the_compiler(tmp_path, called):
    lowered, _ = pair()
    lowered.eval()
    if called:
        lowered(images())
    expected = lowered(images())
    torch.save((lowered, images(), expected), tmp_path / "net.pt")
    script = f"""
import sys, torch
torch.set_num_threads(1)
model, images, expected = torch.load({str(tmp_path / "net.pt")!r}, weights_only=False)
assert torch.equal(model(images), expected)
assert torch.equal(model._structured(images), expected)
assert torch.equal(model.blocks[1](torch.ones(1, 8, 4, 4)), model.blocks[1]._structured(torch.ones(1, 8, 4, 4)))
assert model._bound.parts is not None
assert "conv2d" in model.code
assert not [name for name in sys.modules if name in ("blueprint.compiler.graph", "blueprint.compiler.lower.emit")]
assert not [name for name in sys.modules if name.startswith("blueprint.ops")]
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_pickle_in_the_same_process_gets_the_same_class():
    lowered, nested = pair()
    twin = pickle.loads(pickle.dumps(lowered))
    assert type(twin) is type(lowered)
    assert type(twin.blocks[3]) is type(lowered.blocks[3])
    assert_same(twin, nested)
    assert is_flat(twin)


def test_a_stored_state_dict_loads_into_another_build():
    lowered, nested = pair()
    file = io.BytesIO()
    torch.save(lowered.state_dict(), file)
    file.seek(0)
    torch.manual_seed(1)
    other = lower(residual_graph())
    other(images())
    assert other.load_state_dict(torch.load(file, weights_only=True)).missing_keys == []
    assert_same(other, nested)


def test_built_on_the_meta_device_and_filled_later():
    lowered = lower(residual_graph(), device="meta")
    assert all(tensor.is_meta for tensor in (*lowered.parameters(), *lowered.buffers()))
    assert lowered(images().to("meta")).shape == (2, 10)
    _, nested = pair()
    lowered.load_state_dict(nested.state_dict(), assign=True)
    nested.load_state_dict({k: v.clone() for k, v in nested.state_dict().items()})
    assert_same(lowered.eval(), nested.eval())


def test_moved_to_the_meta_device_and_back():
    lowered, nested = pair()
    lowered(images())
    lowered.to("meta").to_empty(device="cpu")
    lowered.load_state_dict(nested.state_dict())
    assert_same(lowered, nested)


def test_functional_call_takes_other_weights_and_leaves_its_own():
    lowered, nested = pair()
    assert_same(lowered, nested)
    torch.manual_seed(4)
    others = {name: torch.randn_like(p) for name, p in nested.named_parameters()}
    lowered.eval(), nested.eval()
    ours, theirs = (functional_call(model, others, (images(),)) for model in (lowered, nested))
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, lowered(images()))
    assert is_flat(lowered)


def test_a_data_parallel_replica_runs_the_weights_that_it_was_given():
    lowered, _ = pair()
    lowered.eval()
    expected = lowered(images())
    replica = lowered._replicate_for_data_parallel()
    assert "_bound" not in vars(replica)
    head = lowered.head._replicate_for_data_parallel()
    head.weight, head.bias = lowered.head.weight * 0, lowered.head.bias * 0  # plain tensors, as replicate sets them
    replica.head = head
    assert torch.equal(replica(images()), torch.zeros(2, 10))
    assert torch.equal(lowered(images()), expected)


def test_data_parallel_without_devices_runs_the_network():
    lowered, nested = pair()
    assert_same(nn.DataParallel(lowered), nn.DataParallel(nested))


def test_dtype_and_device_of_a_build():
    lowered = lower(residual_graph(), device="cpu", dtype=torch.float64)
    assert {p.dtype for p in lowered.parameters()} == {torch.float64}
    assert lowered.stem.batch_norm.num_batches_tracked.dtype == torch.int64


def test_equal_networks_share_their_classes_and_unequal_ones_do_not():
    one, two = lower(residual_graph()), lower(residual_graph())
    other = lower(residual_graph(widths=(8, 16)))
    assert type(one) is type(two)
    assert type(one) is not type(other)
    assert type(one.blocks[0]) is type(one.blocks[1]) is type(other.blocks[0])
    assert type(one.blocks[0]) is not type(one.blocks[2])
    assert isinstance(one, Container)
