"""The torch module of `std_conv`: it holds the weights, and computes what the op's `code` does."""

from torch import Tensor, nn
from torch.nn import functional as F


class StdConv2d(nn.Conv2d):
    """A convolution whose weights are standardised over each output channel."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int, eps: float) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2)
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        weight = F.layer_norm(self.weight, self.weight.shape[1:], eps=self.eps)
        output: Tensor = self._conv_forward(input, weight, self.bias)
        return output
