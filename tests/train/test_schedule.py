"""The learning rate of every step against its closed form."""

import math

import pytest
import torch

from blueprint.train.schedule import Constant, Cosine, OneCycle, Step

N, EPOCHS = 10, 20
TOTAL = N * EPOCHS


def rates(schedule, lr=0.1):
    return [schedule.rate(t, TOTAL, N, lr) for t in range(TOTAL)]


def test_a_constant_rate_stays():
    assert rates(Constant()) == [0.1] * TOTAL


def test_the_warm_up_is_a_line_that_ends_at_the_height():
    got = rates(Constant(warmup_epochs=2.0))
    assert got[:20] == pytest.approx([0.1 * (t + 1) / 20 for t in range(20)])
    assert got[19:] == [0.1] * 181


def test_a_warm_up_may_be_a_fraction_of_an_epoch():
    got = rates(Constant(warmup_epochs=0.25))
    assert got[:4] == pytest.approx([0.04, 0.08, 0.1, 0.1])


def test_a_cosine_falls_from_the_height_to_the_least_rate():
    got = rates(Cosine(min_lr=1e-3, warmup_epochs=5.0))
    for t in range(50, TOTAL):
        assert got[t] == pytest.approx(1e-3 + 0.099 * (1 + math.cos(math.pi * (t - 50) / 150)) / 2)
    assert got[50] == pytest.approx(0.1)
    assert 1e-3 < got[-1] < 1.1e-3


def test_a_cosine_without_warm_up_is_torchs():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=0.1)
    torchs = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, TOTAL, eta_min=1e-4)
    for rate in rates(Cosine(min_lr=1e-4)):
        assert rate == pytest.approx(optimiser.param_groups[0]["lr"])
        optimiser.step()
        torchs.step()


def test_steps_come_at_their_milestones():
    got = rates(Step(milestones=[6, 12], gamma=0.2, warmup_epochs=1.0))
    assert got[9:60] == pytest.approx([0.1] * 51)
    assert got[60:120] == pytest.approx([0.02] * 60)
    assert got[120:] == pytest.approx([0.004] * 80)


def test_one_cycle_rises_and_falls_in_lines():
    got = rates(OneCycle(peak=0.25))
    assert got[:50] == pytest.approx([0.1 * (t + 1) / 50 for t in range(50)])
    assert got[50:] == pytest.approx([0.1 * (200 - t) / 150 for t in range(50, 200)])
