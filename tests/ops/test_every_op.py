"""What holds for every op: its rules say what torch does, and its code does what its module does."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from blueprint.language.types import parse_type
from blueprint.ops import Misfit, ops
from tests.ops.calling import Weights, call_code, call_module, layouts_of, make_module, outputs_of, random_inputs
from tests.ops.cases import CASES

few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
every_op = pytest.mark.parametrize("name", sorted(CASES))

WITH_MODULE = {
    *("conv_transpose", "conv_transpose1d"),
    *("conv", "conv1d", "linear", "batch_norm", "layer_norm", "prelu"),
    *("instance_norm", "group_norm", "rms_norm", "rrelu"),
    *("dropout", "drop_path", "mask", "scaled_dot_product_attention"),
    *("relative_position_bias", "relative_offsets"),
}
ONE_LAYOUT = {
    *("conv_transpose", "conv_transpose1d", "rrelu"),
    *("conv", "conv1d", "linear", "batch_norm", "layer_norm", "max_pool", "avg_pool", "adaptive_avg_pool"),
    *("instance_norm", "group_norm", "rms_norm", "local_response_norm", "lp_pool"),
    *("channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "unfold"),
    *("adaptive_max_pool", "upsample", "upsample_like", "flatten", "rearrange", "einsum", "parameter"),
    *("scaled_dot_product_attention", "relative_position_bias", "relative_offsets"),
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def resolved(name, options, inputs):
    """The op with its fields filled in; the example is dropped where they do not fit."""
    try:
        op = ops()[name](**options).resolve(*inputs)
        op.infer(*inputs)
    except Misfit:
        assume(False)
    return op


def test_every_op_has_cases():
    assert set(CASES) == set(ops())


@every_op
def test_output_shapes_by_rule_are_torchs_own(name):
    @few
    @given(case=CASES[name])
    def check(case):
        op = resolved(name, *case)
        inputs = case[1]
        module = make_module(op, inputs)
        if isinstance(module, torch.nn.Module):
            module.eval()
        for layout in layouts_of(op, inputs):
            results = call_code(op, inputs, random_inputs(inputs), module, layout)
            for result, kind in zip(results, outputs_of(op, inputs), strict=True):
                assert tuple(result.shape) == (2 if kind.batched else 1, *kind.shape)

    check()


@every_op
def test_weights_by_rule_are_the_modules_own(name):
    @few
    @given(case=CASES[name])
    def check(case):
        op = resolved(name, *case)
        module = make_module(op, case[1])
        if isinstance(module, Weights):
            return
        own = {} if module is None else {n: tuple(p.shape) for n, p in module.named_parameters()}
        assert {n: w.shape for n, w in op.weights(*case[1]).items()} == own

    check()


@every_op
def test_macs_by_rule_are_half_of_torchs_count(name):
    @settings(few, max_examples=15)
    @given(case=CASES[name])
    def check(case):
        op = resolved(name, *case)
        inputs = case[1]
        module = make_module(op, inputs)
        if isinstance(module, torch.nn.Module):
            module.eval()
        counter = FlopCounterMode(display=False)
        with counter, sdpa_kernel(SDPBackend.MATH):  # torch 2.11 does not count the CPU's fused attention
            call_code(op, inputs, random_inputs(inputs, batch=2), module)  # a batch norm needs two values
        assert 2 * 2 * op.macs(*inputs) == counter.get_total_flops()

    check()


@pytest.mark.parametrize("name", sorted(WITH_MODULE))
def test_code_gives_the_modules_output_bit_for_bit(name):
    @few
    @given(case=CASES[name], training=st.booleans())
    def check(case, training):
        op = resolved(name, *case)
        inputs = case[1]
        one, other = make_module(op, inputs), make_module(op, inputs)
        assume(one is not None)
        # the flat forward is not used then
        assume(not (name == "batch_norm" and op.momentum == "none" and training))
        other.load_state_dict(one.state_dict())
        one.train(training)
        other.train(training)
        tensors = random_inputs(inputs, batch=3)
        torch.manual_seed(1)
        (by_code,) = call_code(op, inputs, tensors, one)
        torch.manual_seed(1)
        by_module = call_module(op, inputs, tensors, other)
        torch.testing.assert_close(by_code, by_module, rtol=0, atol=0, equal_nan=True)
        assert one.state_dict().keys() == other.state_dict().keys()
        for key, value in one.state_dict().items():
            torch.testing.assert_close(value, other.state_dict()[key], rtol=0, atol=0, equal_nan=True, msg=key)

    check()


@pytest.mark.parametrize("name", sorted(set(CASES) - WITH_MODULE - {"parameter"}))
def test_ops_without_weights_or_training_behaviour_have_no_module(name):
    @settings(few, max_examples=5)
    @given(case=CASES[name])
    def check(case):
        op = resolved(name, *case)
        assert op.module(*case[1]) is None
        assert op.weights(*case[1]) == {}

    check()


@pytest.mark.parametrize("name", sorted(set(CASES) - ONE_LAYOUT))
def test_both_layouts_give_the_same_values(name):
    @few
    @given(case=CASES[name])
    def check(case):
        op = resolved(name, *case)
        inputs = case[1]
        assume(op.layout(*inputs) == "any")
        module = make_module(op, inputs)
        if module is not None:
            module.eval()
        tensors = random_inputs(inputs)
        first = call_code(op, inputs, tensors, module, "first")
        last = call_code(op, inputs, tensors, module, "last")
        for one, other in zip(first, last, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)

    check()


@pytest.mark.parametrize("name", sorted(name for name in CASES if ops()[name].fresh))
def test_what_a_fresh_op_makes_may_be_overwritten(name):
    @few
    @given(case=CASES[name])
    def check(case):
        op = resolved(name, *case)
        inputs = case[1]
        module = make_module(op, inputs)
        results = []
        for relu in (torch.relu, torch.relu_):
            torch.manual_seed(0)
            tensors = [tensor.requires_grad_() for tensor in random_inputs(inputs)]
            before = [tensor.detach().clone() for tensor in tensors]
            (made,) = call_code(op, inputs, tensors, module)
            relu(made).square().sum().backward()
            assert all(map(torch.equal, tensors, before))
            results.append([tensor.grad for tensor in tensors])
        assert all(map(torch.equal, *results))

    check()


@every_op
def test_a_resolved_op_resolves_to_itself(name):
    @few
    @given(case=CASES[name])
    def check(case):
        op = resolved(name, *case)
        assert op.resolve(*case[1]) == op
        hash(op)

    check()


@pytest.mark.parametrize("name", sorted(ops()))
def test_fields_have_types_of_the_language_and_main_is_one_of_them(name):
    infos = {info.name: info for info in ops()[name].fields()}
    for info in infos.values():
        parse_type(info.type)
        assert info.help
        assert not info.help.endswith(".")
    main = ops()[name].main
    assert main is None or main in infos
    assert {f.name for f in dataclasses.fields(ops()[name])} == set(infos)


@pytest.mark.parametrize("name", sorted(ops()))
def test_docstrings_begin_with_a_whole_sentence_and_say_what_the_op_takes(name):
    text = ops()[name].__doc__
    assert text.splitlines()[0].endswith("."), text
    assert any(word in text for word in ("any kind", "Takes ")), text
