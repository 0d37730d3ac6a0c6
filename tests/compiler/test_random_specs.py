"""What holds for every spec: random ones build, are what their rules say, and are the same however they are written."""

from __future__ import annotations

import copy
import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import blueprint
from blueprint.compiler.graph import Graph
from blueprint.compiler.lower import lower
from blueprint.compiler.lower.runtime import ready
from blueprint.compiler.text import text
from blueprint.compiler.text_parser import parse
from tests.compiler.random_specs import Spec, dumped, random_spec

SEEDS = st.randoms(use_true_random=False)


def check_document(spec: Spec) -> None:
    """It is without fault, and the same graph as YAML, JSON or data, kept by a run, printed, extended."""
    assert [d for d in blueprint.check(spec.document) if d.severity == "error"] == []
    loaded = blueprint.load(spec.document)
    assert {name: loaded.graph.types[value] for name, value in loaded.graph.outputs} == spec.outputs
    assert parse(text(loaded.graph)) == loaded.graph
    assert text(parse(text(loaded.graph))) == text(loaded.graph)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "spec.yaml").write_text(dumped(spec.document), encoding="utf-8")
        (folder / "spec.json").write_text(json.dumps(spec.document), encoding="utf-8")
        assert blueprint.load(folder / "spec.yaml").graph == loaded.graph
        assert blueprint.load(folder / "spec.json").graph == loaded.graph
        off = dict.fromkeys(spec.switches[:1], False)
        child = {"blueprint": 1, "kind": "model", "name": spec.document["name"], "extends": "spec.yaml", "set": off}
        (folder / "child.yaml").write_text(dumped(child), encoding="utf-8")
        changed = blueprint.load(spec.document, **off)
        assert blueprint.load(folder / "child.yaml").graph == changed.graph
        assert blueprint.load(changed.save(folder / "run")).graph == changed.graph


def batch(graph: Graph, size: int, device: str = "cpu") -> list[torch.Tensor]:
    shapes = [graph.types[value].shape for _, value in graph.inputs]
    return [torch.randn(size, *shape, device=device, dtype=torch.float64) for shape in shapes]


def named(output: Any) -> dict[str, torch.Tensor]:
    return output if isinstance(output, dict) else {"output": output}


def check_rules(graph: Graph) -> None:
    """Shapes, parameters and multiply-accumulates by rule are those that torch counts, without memory."""
    network = lower(graph, device="meta", dtype=torch.float64).eval().requires_grad_(False)
    assert sum(p.numel() for p in network.parameters()) == graph.parameters
    assert all(p.is_meta for p in network.parameters())
    with torch.no_grad(), FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        output = named(network(*batch(graph, 1, "meta")))
    assert counter.get_total_flops() == 2 * graph.macs
    shown = {name: value for name, value in graph.outputs if name not in graph.training_only}
    assert {name: tuple(y.shape) for name, y in output.items()} == {
        name: (1, *graph.types[value].shape) for name, value in shown.items()
    }


def results(network: nn.Module, run: Callable[..., Any], inputs: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Outputs, gradients and buffers of one step."""
    torch.manual_seed(1)
    network.zero_grad()
    output = named(run(*inputs))
    loss = sum(y.square().sum() for y in output.values() if y.requires_grad)
    if isinstance(loss, torch.Tensor):
        loss.backward()
    found = dict(output) | {f"{name}.grad": p.grad for name, p in network.named_parameters() if p.grad is not None}
    return found | dict(network.named_buffers()) | {"random": torch.get_rng_state()}


def assert_equal(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert list(ours) == list(theirs)
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-6, atol=1e-8, equal_nan=True)


def reached(graph: Graph) -> set[str]:
    """The parameters that an output depends on."""
    wanted = {value for _, value in graph.outputs}
    found = set()
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            for weight in node.op.weights(*graph.inputs_of(node)):
                found.add(".".join(node.path if node.op.name == "parameter" else (*node.path, weight)))
    return found


def check_network(graph: Graph) -> None:
    """Flat and structured code agree in both modes; gradients arrive; copies are alike.

    In double precision: some of torch's kernels round by how a value lies in memory, which the two need not share.
    """
    torch.manual_seed(0)
    network = lower(graph, dtype=torch.float64)
    other, third = copy.deepcopy(network), pickle.loads(pickle.dumps(network))
    assert list(network.state_dict()) == list(third.state_dict())
    inputs = batch(graph, 3)
    assert ready(network) is not None
    for training in (True, False):
        for model in (network, other, third):
            model.train(training)
        ours = results(network, network, inputs)
        assert_equal(ours, results(other, other._structured, inputs))
        assert_equal(ours, results(third, third, inputs))
        if training:
            assert {name for name, p in network.named_parameters() if p.grad is not None} == reached(graph)
        shown = dict(graph.outputs) if training else {n: v for n, v in graph.outputs if n not in graph.training_only}
        assert {n: tuple(ours[n].shape) for n in shown} == {n: (3, *graph.types[v].shape) for n, v in shown.items()}


def check_switches(spec: Spec) -> None:
    """What is switched off takes its keys away; all others keep their names and shapes."""

    def shapes(off: list[str]) -> dict[str, torch.Size]:
        graph = blueprint.load(spec.document, **dict.fromkeys(off, False)).graph
        return {key: value.shape for key, value in lower(graph, "meta").state_dict().items()}

    whole = shapes([])
    for off in (*([name] for name in spec.switches), spec.switches):
        assert shapes(off).items() <= whole.items()


def drawn(chance: random.Random, switching: bool = False) -> Spec:
    spec = random_spec(chance, switching)
    note(dumped(spec.document))
    return spec


def every(examples: int) -> settings:
    """So many examples, the same in each run; not shrunk, since a smaller seed gives no smaller spec."""
    phases = (Phase.explicit, Phase.generate)
    quiet = list(HealthCheck)
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=quiet, phases=phases)


@every(40)
@given(SEEDS)
def test_a_spec_is_without_fault_and_one_graph_however_it_is_written(chance: random.Random) -> None:
    check_document(drawn(chance))


@every(30)
@given(SEEDS)
def test_shapes_parameters_and_macs_by_rule_are_torchs(chance: random.Random) -> None:
    check_rules(blueprint.load(drawn(chance).document).graph)


@every(40)
@given(SEEDS)
def test_a_network_runs_flat_as_it_runs_structured_and_its_copies_do(chance: random.Random) -> None:
    check_network(blueprint.load(drawn(chance).document).graph)


@every(30)
@given(SEEDS)
def test_switching_a_part_off_takes_its_keys_away_and_renames_none(chance: random.Random) -> None:
    check_switches(drawn(chance, switching=True))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 4000, 500))
def test_thousands_of_specs(start: int) -> None:
    for seed in range(start, start + 500):
        spec = random_spec(random.Random(seed))
        graph = blueprint.load(spec.document).graph
        check_document(spec)
        check_rules(graph)
        check_network(graph)
        check_switches(random_spec(random.Random(seed), switching=True))
