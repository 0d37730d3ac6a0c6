"""The generated code: what it looks like, what it shares, when it is made, how long it holds on to values."""

from __future__ import annotations

import inspect
import linecache
import pickle
import traceback
import weakref
from pathlib import Path

import pytest
import torch
from torch import nn

from blueprint.compiler.lower import lower, runtime
from blueprint.language.values import map_of, tokens_of, vector_of
from tests.compiler.building import Builder
from tests.compiler.lower.comparing import images, is_flat, peak
from tests.compiler.lower.nets import pair, residual_graph

GOLDEN = Path(__file__).parent / "golden"


def test_the_code_reads_as_kept(update_goldens):
    lowered, _ = pair(widths=(4, 8))
    text = f"{lowered.code}\n{inspect.getsource(type(lowered)._structured)}\n"
    text += inspect.getsource(type(lowered.blocks[1])._structured)
    golden = GOLDEN / "residual.txt"
    if update_goldens:
        golden.write_text(text)
    assert text == golden.read_text()


def test_print_shows_the_kinds_of_the_spec():
    lowered, _ = pair()
    assert type(lowered).__name__ == "Residual"
    assert type(lowered.blocks) is nn.ModuleList
    assert [type(block).__name__ for block in lowered.blocks] == ["BasicBlock"] * 4
    assert type(lowered.blocks[2].shortcut).__name__ == "Shortcut"


def test_signatures_have_the_networks_own_names():
    b = Builder(image=map_of(3, 8, 8), prompt=vector_of(3))
    lowered = lower(b.graph(output=b.add("multiply", b.x, b.inputs[1][1])))
    assert list(inspect.signature(lowered.forward).parameters) == ["image", "prompt"]
    x, y = torch.randn(2, 3, 8, 8), torch.randn(2, 3)
    for _ in range(2):
        assert torch.equal(lowered(prompt=y, image=x), x * y[:, :, None, None])
        assert list(inspect.signature(lowered.forward).parameters) == ["image", "prompt"]


def test_an_input_may_be_called_like_something_that_the_code_needs():
    b = Builder(type=map_of(2, 4, 4), parts=map_of(2, 4, 4), x=map_of(2, 4, 4))
    y = b.add("conv", b.add("add", *(value for _, value in b.inputs)), label="torch", out_channels=2, kernel_size=1)
    lowered = lower(b.graph(output=y))
    a, b, c = torch.randn(3, 2, 2, 4, 4)
    assert torch.equal(lowered(a, b, x=c), lowered.torch(a + b + c))
    assert list(inspect.signature(lowered.forward).parameters) == ["type_", "parts_", "x"]


def test_a_first_forward_that_somebody_kept_makes_no_code_twice(monkeypatch):
    b = Builder(input=map_of(2, 4, 4))
    lowered = lower(b.graph(name="kept_forward", output=b.add("conv", b.x, out_channels=3, kernel_size=1)))
    forward = lowered.forward  # as a wrapper of forward keeps it
    x = torch.randn(2, 2, 4, 4)
    expected = forward(x)
    monkeypatch.setattr(runtime, "_compile", None)
    assert torch.equal(forward(x), expected)
    assert torch.equal(lowered(x), expected)


def test_tracebacks_show_the_generated_line():
    lowered, _ = pair()
    with pytest.raises(RuntimeError) as failure:
        lowered(torch.randn(2, 4, 16, 16))
    shown = "".join(traceback.format_exception(failure.value))
    assert "x = torch.conv2d(input, stem_conv_weight" in shown
    assert "<blueprint Residual" in shown


def test_the_flat_code_of_inner_containers_is_made_when_it_is_first_needed():
    b = Builder(input=map_of(2, 4, 4))
    with b.frame("lazy_inner", kind="lazy_inner"):
        x = b.add("conv", b.x, out_channels=2, kernel_size=3)
    lowered = lower(b.graph(output=x))
    plan = type(lowered.lazy_inner)._plan
    lowered(torch.randn(1, 2, 4, 4))
    assert not isinstance(plan._flat, runtime.Flat)
    lowered.lazy_inner(torch.randn(1, 2, 4, 4))
    assert isinstance(plan._flat, runtime.Flat)
    assert pickle.loads(pickle.dumps(plan)).flat == plan.flat


def test_classes_and_sources_go_with_the_last_network():
    lowered = lower(residual_graph(widths=(3, 5)))
    lowered(images())
    reference = weakref.ref(type(lowered))
    files = [name for name in linecache.cache if reference()._plan.fingerprint in name]
    assert len(files) == 3
    del lowered
    import gc

    gc.collect()
    assert reference() is None
    assert not set(files) & set(linecache.cache)


def test_values_are_freed_no_later_than_by_nested_modules():
    lowered, nested = (model.eval() for model in pair())
    assert 0 < peak(lowered, images()) <= peak(nested, images())


def test_values_that_no_variable_is_reused_for_are_freed_as_well():
    b = Builder(input=map_of(2, 8, 8))
    low, high = (b.add("conv", b.x, label=name, out_channels=2, kernel_size=3) for name in ("low", "high"))
    x = b.add("conv", b.add("add", low, high), label="wide", out_channels=16, kernel_size=3)
    lowered = lower(b.graph(output=b.add("conv", x, label="last", out_channels=1, kernel_size=3)))
    x = torch.randn(1, 2, 8, 8)
    nested = peak(lambda x: lowered.last(lowered.wide(lowered.low(x) + lowered.high(x))), x)
    assert peak(lowered, x) == peak(lowered._structured, x) == nested == (2 + 16) * 64


def test_values_that_training_alone_reads_last_are_freed_in_eval_mode_too():
    b = Builder(input=map_of(2, 8, 8))
    tap = b.add("conv", b.x, label="tap", out_channels=2, kernel_size=3)
    main = b.add("conv", tap, label="main", out_channels=2, kernel_size=3)
    aux = b.add("conv", tap, label="aux", out_channels=1, kernel_size=3)
    x = b.add("conv", main, label="wide", out_channels=16, kernel_size=3)
    x = b.add("conv", x, label="last", out_channels=1, kernel_size=3)
    lowered = lower(b.graph(output=x, aux=aux, training_only=("aux",))).eval()
    x = torch.randn(1, 2, 8, 8)
    assert peak(lowered, x) == peak(lowered._structured, x) == (2 + 16) * 64


def test_what_enters_a_container_is_never_overwritten():
    b = Builder(input=map_of(2, 4, 4))
    x = b.add("conv", b.x, out_channels=2, kernel_size=1)
    with b.frame("inner"):
        x = b.add("conv", b.add("relu", x), out_channels=2, kernel_size=1)
    lowered = lower(b.graph(output=x))
    assert "relu_(" in lowered.code
    x = torch.randn(2, 2, 4, 4)
    kept = x.clone()
    lowered.inner(x)
    assert torch.equal(x, kept)


def test_relu_overwrites_only_what_is_new_and_read_once():
    b = Builder(input=map_of(2, 4, 4))
    conv = b.add("conv", b.x, out_channels=2, kernel_size=1)
    used_twice = b.add("relu", conv)
    new = b.add("relu", b.add("add", used_twice, conv), label="b")
    pooled = b.add("relu", b.add("max_pool", new, kernel_size=2), label="c")
    of_input = b.add("relu", b.x, label="d")
    again = b.add("conv", new, label="e", out_channels=2, kernel_size=1)
    lowered = lower(b.graph(output=pooled, a=of_input, c=again, d=b.add("relu", again, label="f")))
    assert lowered.code.count("torch.relu(") == 4
    assert lowered.code.count("torch.relu_(") == 1
    assert "relu_" not in inspect.getsource(type(lowered)._structured)
    x = torch.randn(2, 2, 4, 4)
    assert all(torch.equal(a, b) for a, b in zip(lowered(x).values(), lowered._structured(x).values(), strict=True))


def test_values_behind_each_other_in_channels_last_need_one_view_each_way():
    b = Builder(input=map_of(4, 6, 6))
    x = b.add("conv", b.x, out_channels=4, kernel_size=3)
    y = b.add(
        "linear", b.add("gelu", b.add("linear", b.add("layer_norm", x), out_features=8)), label="out", out_features=4
    )
    lowered = lower(b.graph(output=b.add("conv", b.add("add", x, y), label="last", out_channels=2, kernel_size=1)))
    assert lowered.code.count(".permute(") == 2
    x = torch.randn(2, 4, 6, 6)
    hidden = lowered.conv(x)
    last = lowered.layer_norm(hidden.permute(0, 2, 3, 1))
    inner = lowered.out(nn.functional.gelu(lowered.linear(last))).permute(0, 3, 1, 2)
    expected = lowered.last(hidden + inner)
    assert torch.equal(lowered(x), expected)
    assert torch.equal(lowered._structured(x), expected)


def test_a_view_is_made_once_for_all_who_want_it():
    b = Builder(input=map_of(4, 6, 6))
    one = b.add("linear", b.x, label="one", out_features=4)
    two = b.add("linear", b.x, label="two", out_features=4)
    lowered = lower(b.graph(output=b.add("multiply", one, two)))
    assert lowered.code.count("input.permute(0, 2, 3, 1)") == 1
    x = torch.randn(2, 4, 6, 6)
    channels_last = x.permute(0, 2, 3, 1)
    assert torch.equal(lowered(x), (lowered.one(channels_last) * lowered.two(channels_last)).permute(0, 3, 1, 2))


def test_inner_containers_take_and_give_the_natural_layout_and_flat_code_converts_nothing_between_them():
    b = Builder(input=map_of(4, 6, 6))
    with b.frame("one"):
        x = b.add("linear", b.x, out_features=4)
    with b.frame("two"):
        x = b.add("linear", x, out_features=5)
    lowered = lower(b.graph(output=x))
    x = torch.randn(2, 4, 6, 6)
    assert lowered.code.count(".permute(") == 2
    assert lowered.one(x).shape == (2, 4, 6, 6)
    assert torch.equal(lowered(x), lowered.two(lowered.one(x)))
    lowered.one.linear.register_forward_hook(lambda module, args, output: None)
    assert torch.equal(lowered(x), lowered.two(lowered.one(x)))


def test_tokens_vectors_and_learned_values_broadcast_by_name():
    b = Builder(input=tokens_of(5, 4))
    with b.frame("embed"):
        position = b.add("parameter", label="position", shape=(("tokens", 5), ("channels", 4)))
        x = b.add("add", b.x, position)
    scale = b.add("parameter", label="scale", shape=(("channels", 4),))
    x = b.add("multiply", x, scale)
    lowered = lower(b.graph(output=x))
    assert list(lowered.state_dict()) == ["scale", "embed.position"]
    assert lowered.embed.position.std() < 0.05
    x = torch.randn(3, 5, 4)
    expected = (x + lowered.embed.position) * lowered.scale
    assert torch.equal(lowered(x), expected)
    assert torch.equal(lowered._structured(x), expected)
    lowered(x).sum().backward()
    assert lowered.embed.position.grad is not None
    lowered.scale = nn.Parameter(torch.zeros(4))
    assert torch.equal(lowered(x), torch.zeros(3, 5, 4))
    assert is_flat(lowered)


def _auxiliary():
    b = Builder(input=map_of(2, 4, 4))
    with b.frame("body"):
        tap = b.add("conv", b.x, out_channels=2, kernel_size=3)
        x = b.add("relu", b.add("batch_norm", tap))
    with b.frame("aux"):
        y = b.add("batch_norm", b.add("conv", tap, out_channels=3, kernel_size=1))
        y = b.add("dropout", b.add("relu", y))
    y = b.add("linear", b.add("global_avg_pool", y), label="aux_head", out_features=3)
    x = b.add("linear", b.add("global_avg_pool", x, label="pool"), label="head", out_features=3)
    return b.graph(output=x, aux=y, training_only=("aux",))


def test_outputs_for_training_alone_cost_nothing_in_eval_mode():
    lowered = lower(_auxiliary())
    x = torch.randn(4, 2, 4, 4)
    assert list(lowered(x)) == ["output", "aux"]
    assert int(lowered.aux.batch_norm.num_batches_tracked) == 1
    lowered.eval()
    lowered.aux.train()  # does not run, so counts nothing
    assert list(lowered(x)) == ["output"]
    assert list(lowered._structured(x)) == ["output"]
    assert int(lowered.aux.batch_norm.num_batches_tracked) == 1
    lowered.train()
    torch.manual_seed(0)
    flat = lowered(x)
    torch.manual_seed(0)
    structured = lowered._structured(x)
    assert all(torch.equal(flat[name], structured[name]) for name in flat)
    assert is_flat(lowered)


def test_containers_called_twice_share_their_weights_and_code():
    b = Builder(input=map_of(2, 4, 4))
    x = b.x
    for _ in range(2):
        with b.frame("shared"):
            x = b.add("batch_norm", b.add("conv", x, out_channels=2, kernel_size=3))
    lowered = lower(b.graph(output=x))
    assert len(lowered.state_dict()) == 7
    x = torch.randn(4, 2, 4, 4)
    expected = lowered.shared(lowered.shared(x))
    lowered.shared.batch_norm.reset_running_stats()
    assert torch.equal(lowered(x), expected)
    assert int(lowered.shared.batch_norm.num_batches_tracked) == 2
    assert inspect.getsource(type(lowered)._structured).count("self.shared(") == 2
    assert lowered.code.count(".add_(1)") == 1  # one in _foreach_add_, which may not meet a tensor twice


def test_a_shared_name_with_other_code_in_each_call_is_no_container():
    b = Builder(input=map_of(2, 4, 4))
    with b.frame("shared"):
        x = b.add("conv", b.x, out_channels=2, kernel_size=3)
    with b.frame("shared"):
        x = b.add("relu", b.add("conv", x, out_channels=2, kernel_size=3))
    lowered = lower(b.graph(output=x))
    assert type(lowered.shared) is runtime.Namespace
    x = torch.randn(2, 2, 4, 4)
    expected = torch.relu(lowered.shared.conv(lowered.shared.conv(x)))
    assert torch.equal(lowered(x), expected)
    assert torch.equal(lowered._structured(x), expected)


def test_names_that_are_no_container_only_give_names():
    b = Builder(input=map_of(2, 4, 4))
    x = b.x
    for i in range(2):
        with b.frame("conv"):
            x = b.add("conv", x, label=str(i), out_channels=2, kernel_size=3)
        with b.frame("norms"):
            x = b.add("batch_norm", x, label=("first", "1")[i])
    with b.frame("3"):
        x = b.add("conv", x, label="lambda", out_channels=2, kernel_size=1)
    lowered = lower(b.graph(output=x)).eval()
    assert type(lowered.conv) is nn.ModuleList
    assert type(lowered.norms) is runtime.Namespace
    names = [name for name, _ in lowered.named_parameters()]
    assert names[0] == "conv.0.weight"
    assert names[-1] == "3.lambda.bias"
    x = torch.randn(2, 2, 4, 4)
    assert torch.equal(lowered(x), lowered._structured(x))


def test_several_outputs_come_as_a_dict_and_those_of_a_container_as_a_tuple():
    b = Builder(input=map_of(4, 4, 4))
    with b.frame("two"):
        low, high = b.add("split", b.add("conv", b.x, out_channels=4, kernel_size=1), sizes=(1, 3))
    lowered = lower(b.graph(low=low, high=high))
    x = torch.randn(2, 4, 4, 4)
    assert {name: y.shape[1] for name, y in lowered(x).items()} == {"low": 1, "high": 3}
    assert isinstance(lowered.two(x), tuple)
    assert torch.equal(lowered._structured(x)["high"], lowered(x)["high"])


def test_a_network_of_nothing_and_one_that_only_reads():
    b = Builder(input=map_of(4, 4, 4))
    lowered = lower(b.graph(output=b.x))
    x = torch.randn(2, 4, 4, 4)
    assert torch.equal(lowered(x), x)
    b = Builder(input=map_of(4, 4, 4))
    assert torch.equal(lower(b.graph(output=b.add("relu", b.x)))(x), torch.relu(x))


def test_initialisers_of_the_spec_replace_torchs():
    from blueprint.compiler.graph import Initialiser

    b = Builder(input=vector_of(4))
    init = {"weight": Initialiser("constant", (("value", 0.5),)), "bias": Initialiser("ones")}
    lowered = lower(b.graph(output=b.add("linear", b.x, init=init, out_features=2)))
    assert torch.equal(lowered.linear.weight, torch.full((2, 4), 0.5))
    assert torch.equal(lowered.linear.bias, torch.ones(2))


def test_random_ops_draw_in_the_order_of_the_graph():
    b = Builder(input=map_of(2, 4, 4))
    x = b.add("drop_path", b.add("mask", b.add("dropout", b.x), over="pixels"), p=0.5)
    lowered = lower(b.graph(output=x))
    x = torch.randn(8, 2, 4, 4)
    outputs = []
    for run in (lowered, lowered._structured, lambda y: lowered.drop_path(lowered.mask(lowered.dropout(y)))):
        torch.manual_seed(0)
        outputs.append(run(x))
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(outputs[0], outputs[2])
    assert torch.equal(lowered.eval()(x), x)


def test_random_ops_draw_the_same_in_every_order_of_axes():
    b = Builder(input=map_of(2, 4, 5))
    x = b.add("rrelu", b.add("dropout", b.add("linear", b.x, out_features=3)))
    x = b.add("linear", x, label="last", out_features=3)
    x = b.add("drop_path", b.add("mask", x, over="elements"), p=0.5)
    lowered = lower(b.graph(output=x))
    x = torch.randn(8, 2, 4, 5)
    outputs = []
    for run in (lowered, lowered._structured):
        torch.manual_seed(0)
        outputs.append(run(x))
    torch.manual_seed(0)
    x = lowered.rrelu(lowered.dropout(lowered.linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)))
    expected = lowered.drop_path(lowered.mask(lowered.last(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)))
    assert torch.equal(outputs[0], expected)
    assert torch.equal(outputs[1], expected)


def test_nodes_that_no_output_needs_have_their_weights_and_are_not_run():
    b = Builder(input=map_of(2, 4, 4))
    tap = b.add("conv", b.x, out_channels=3, kernel_size=1)
    with b.frame("idle"):
        b.add("batch_norm", b.add("relu", b.add("dropout", tap)))
    with b.frame("part"):
        x = b.add("relu", tap)
        b.add("linear", x, out_features=2)
    lowered = lower(b.graph(output=x))
    assert list(lowered.state_dict())[-2:] == ["part.linear.weight", "part.linear.bias"]
    assert type(lowered.idle) is runtime.Namespace
    assert isinstance(lowered.part, runtime.Container)
    assert "batch_norm" not in lowered.code
    x = torch.randn(2, 2, 4, 4)
    for run in (lowered, lowered._structured):
        torch.manual_seed(0)
        before = torch.get_rng_state()
        assert torch.equal(run(x), torch.relu(lowered.conv(x)))
        assert torch.equal(torch.get_rng_state(), before)
    assert int(lowered.idle.batch_norm.num_batches_tracked) == 0
    del lowered.idle
    lowered.part.linear.register_forward_hook(lambda module, args, output: None)
    assert is_flat(lowered)
    assert is_flat(lowered.part)


def test_a_network_that_begins_with_nothing_before_its_first_block():
    b = Builder(x=map_of(2, 4, 4))
    x = b.add("identity", b.x)
    with b.frame("block"):
        x = b.add("relu", x)
    lowered = lower(b.graph(output=x))
    x = torch.randn(2, 2, 4, 4)
    assert torch.equal(lowered(x), torch.relu(x))
