"""Ctrl-C as a request."""

import os
import signal

import pytest

from blueprint.cli.stopping import Stopper


def press():
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_press_is_noted_and_the_second_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with Stopper() as stopper:
        assert not stopper.asked()
        press()
        assert stopper.asked()
        with pytest.raises(KeyboardInterrupt):
            press()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_press_before_anybody_asks_interrupts():
    with Stopper(), pytest.raises(KeyboardInterrupt):
        press()
