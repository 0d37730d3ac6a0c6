"""What an op's rules say, worked out once for equal ops and inputs."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from blueprint.language.values import ValueType, map_of
from blueprint.ops import Misfit, Op, find
from blueprint.ops.base import Weight, option
from blueprint.ops.facts import facts, resolved


@dataclass(frozen=True, kw_only=True)
class Counting(Op):
    """An op from elsewhere, which may hold what cannot be hashed; counts how often its rule is asked."""

    name: ClassVar[str] = "counting"
    asked: ClassVar[list[object]] = []

    sizes: object = option("list[int]", help="anything")

    def infer(self, *inputs: ValueType) -> ValueType:
        self.asked.append(self.sizes)
        return inputs[0].replace(channels=4)

    def weights(self, *inputs: ValueType) -> dict[str, Weight]:
        return {"weight": Weight((4, inputs[0].channels)), "bias": Weight((4,))}


@pytest.mark.parametrize(("sizes", "times"), [((1, 2), 1), ([1, 2], 2)])
def test_equal_ops_are_asked_once_if_they_can_be_told_apart(sizes: object, times: int) -> None:
    Counting.asked.clear()
    for _ in range(2):
        known = facts(Counting(sizes=sizes), (map_of(3, 5, 5),))
        assert (known.outputs, known.parameters, known.largest) == ((map_of(4, 5, 5),), 4 * 3 + 4, 100)
    assert Counting.asked == [sizes] * times


def test_other_inputs_are_other_facts() -> None:
    assert [parameters_of_conv(channels) for channels in (2, 4, 2)] == [2 * 2 * 9 + 2, 4 * 4 * 9 + 4, 2 * 2 * 9 + 2]


def parameters_of_conv(channels: int) -> int:
    inputs = (map_of(channels, 8, 8),)
    return facts(resolved(find("conv")(kernel_size=3), inputs), inputs).parameters


def test_what_does_not_fit_is_told_each_time() -> None:
    inputs = (map_of(1, 4, 4),)
    conv = resolved(find("conv")(kernel_size=9, padding=0), inputs)
    for _ in range(2):
        with pytest.raises(Misfit, match="larger than the height"):
            facts(conv, inputs)
