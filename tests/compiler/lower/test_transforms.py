"""PyTorch's tracers, compilers and function transforms take a lowered network as they take nested modules."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import fx, nn
from torch.func import functional_call, grad, jacrev, stack_module_state, vmap
from torch.utils.checkpoint import checkpoint

from tests.compiler.lower.comparing import assert_same, images, is_flat
from tests.compiler.lower.nets import pair


@pytest.fixture
def nets():
    """A lowered and a nested network in eval mode that have both run."""
    lowered, nested = (model.eval() for model in pair())
    assert_same(lowered, nested)
    return lowered, nested


@pytest.mark.parametrize("training", [False, True])
def test_torch_compile_gives_one_whole_graph_equal_to_the_nested_ones(nets, training):
    graphs, outputs = [], []

    def backend(graph, inputs):
        graphs.append([node.op if node.op == "placeholder" else str(node.target) for node in graph.graph.nodes])
        return graph

    with torch.no_grad():
        for model in nets:
            torch._dynamo.reset()
            model.train(training)
            torch.manual_seed(2)
            outputs.append(torch.compile(model, backend=backend, fullgraph=True)(images()))
    assert len(graphs) == 2
    assert sorted(graphs[0]) == sorted(graphs[1])
    assert torch.equal(*outputs)


def test_torch_compile_before_the_first_call_and_with_gradients():
    lowered, nested = pair()
    expected = [model(images()).square().sum() for model in (lowered, nested)]
    lowered, _ = pair()
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(3)
        loss = torch.compile(lowered, backend="aot_eager", fullgraph=True)(images()).square().sum()
        loss.backward()
    assert loss.isfinite()
    assert expected[0].isfinite()
    assert all(p.grad is not None for p in lowered.parameters())


@pytest.mark.parametrize("strict", [False, True])
def test_torch_export(nets, strict):
    lowered, _ = nets
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = torch.export.Dim("batch", min=2, max=16)
        program = torch.export.export(lowered, (images(),), dynamic_shapes=({0: batch},), strict=strict)
    for size in (2, 5):
        assert torch.allclose(program.module()(images(size)), lowered(images(size)), atol=1e-6)
    assert sorted(program.state_dict) == sorted(lowered.state_dict())


def test_jit_trace(nets):
    lowered, _ = nets
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit itself, by its release one or the other
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(lowered, images())
    assert torch.equal(traced(images(3)), lowered(images(3)))
    assert "CallMethod" in str(traced.graph)  # the modules' structure is kept


def test_fx_symbolic_trace_keeps_the_leaves(nets):
    lowered, _ = nets
    traced = fx.symbolic_trace(lowered)
    targets = [node.target for node in traced.graph.nodes if node.op == "call_module"]
    assert targets[:2] == ["stem.conv", "stem.batch_norm"]
    assert "blocks.2.shortcut.conv" in targets
    assert torch.equal(traced(images()), lowered(images()))


def test_vmap_over_images(nets):
    ours, theirs = (vmap(lambda x, m=model: m(x[None])[0])(images(3)) for model in nets)
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_gradients_by_function_transforms(nets):
    results = []
    for model in nets:
        parameters = {name: p.detach() for name, p in model.named_parameters()}

        def loss(weights, x, model=model):
            return functional_call(model, weights, (x[None],)).square().sum()

        per_sample = vmap(grad(loss), in_dims=(None, 0))(parameters, images(3))
        jacobian = jacrev(lambda x, m=model: m(x).sum(0))(images(1))
        results.append([jacobian, *per_sample.values()])
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_an_ensemble_trains_under_vmap():
    outputs, counts = [], []
    for index in (0, 1):
        models = [pair()[index] for _ in range(2)]
        for model in models:
            model.dropout.p = 0.0
            model(images())
        parameters, buffers = stack_module_state(models)
        run = lambda p, b, x, m=models[0]: functional_call(m, (p, b), (x,))  # noqa: E731
        outputs.append(vmap(run, in_dims=(0, 0, None))(parameters, buffers, images()))
        counts.append(buffers["stem.batch_norm.num_batches_tracked"])
    assert torch.allclose(*outputs, atol=1e-5)
    assert torch.equal(*counts)
    assert counts[0].tolist() == [2, 2]


def test_fake_and_meta_tensors(nets):
    from torch._subclasses.fake_tensor import FakeTensorMode

    lowered, _ = nets
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        assert lowered(mode.from_tensor(images(7))).shape == (7, 10)
    assert lowered.to("meta")(images(7).to("meta")).shape == (7, 10)


def test_activation_checkpointing_of_blocks():
    nets = pair()

    class Checkpointed(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return checkpoint(self.inner, x, use_reentrant=False)

    for model in nets:
        model(images())
        model.blocks[1] = Checkpointed(model.blocks[1])
    assert_same(*nets)
    ours = checkpoint(nets[0], images(), use_reentrant=False)
    ours.sum().backward()


def test_tensor_subclasses_are_dispatched(nets):
    class Marked(torch.Tensor):
        pass

    lowered, _ = nets
    output = lowered(images().as_subclass(Marked))
    assert type(output) is Marked
    assert torch.equal(output.as_subclass(torch.Tensor), lowered(images()))


def test_flops_are_counted_by_module(nets):
    from torch.utils.flop_counter import FlopCounterMode

    counts = []
    for model in nets:
        with FlopCounterMode(display=False) as counter:
            model(images())
        counts.append({name.split(".", 1)[-1]: total for name, total in counter.get_flop_counts().items()})
    assert {n: c for n, c in counts[0].items() if "conv" in n} == {n: c for n, c in counts[1].items() if "conv" in n}
    assert len(counts[0]) > 10


def test_a_network_stays_flat_behind_all_of_this(nets):
    assert is_flat(nets[0])
