"""What an op says where its inputs do not fit."""

from __future__ import annotations

import pytest

from blueprint.ops import Misfit, find


def fault(name, *inputs, **options):
    """The Misfit that the op raises for these inputs and fields."""
    with pytest.raises(Misfit) as caught:
        find(name)(**options).resolve(*inputs).infer(*inputs)
    return caught.value


def said(name, *inputs, **options):
    """Its code and message."""
    misfit = fault(name, *inputs, **options)
    return misfit.code, str(misfit)
