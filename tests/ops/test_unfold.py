from __future__ import annotations

import torch

from blueprint.language.values import map_of, tokens_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import said


def test_each_place_gets_its_patch_channel_by_channel():
    x = map_of(2, 4, 5)
    values = torch.randn(1, *x.shape)
    (y,) = call_code(find("unfold")(kernel_size=3).resolve(x), (x,), [values])
    assert y.shape == (1, 18, 4, 5)
    assert torch.equal(y[0, 9:, 1, 2].view(3, 3), values[0, 1, 0:3, 1:4])
    assert y[0, :3, 0, 0].tolist() == [0, 0, 0]


def test_a_convolution_is_a_linear_of_the_patches():
    x, weight = map_of(3, 7, 8), torch.randn(4, 3, 2, 3)
    values = torch.randn(2, *x.shape)
    op = find("unfold")(kernel_size=(2, 3), stride=(2, 1), padding=(1, 0), dilation=(1, 2)).resolve(x)
    (patches,) = call_code(op, (x,), [values])
    expected = torch.nn.functional.conv2d(values, weight, stride=(2, 1), padding=(1, 0), dilation=(1, 2))
    by_patches = torch.einsum("ok,nkhw->nohw", weight.flatten(1), patches)
    torch.testing.assert_close(by_patches, expected, rtol=1e-4, atol=1e-5)
    assert op.infer(x).shape == patches.shape[1:]


def test_patches_need_a_map_that_holds_them():
    assert said("unfold", tokens_of(4, 3), kernel_size=3)[0] == "wrong-kind"
    assert said("unfold", map_of(3, 2, 2), kernel_size=3, padding=0)[0] == "kernel-too-large"
