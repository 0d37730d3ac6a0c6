"""The module behind `mask` and `drop_path`."""

from __future__ import annotations

from torch import Tensor, nn


class RandomMask(nn.Module):
    """Keeps parts of its input with probability `keep` in training and divides them by it; in eval mode does nothing.

    kept: the dimensions along which the draws differ, the batch being 0; along all others a draw is shared.
    """

    def __init__(self, keep: float, kept: tuple[int, ...]) -> None:
        super().__init__()
        self.keep = keep
        self.kept = kept

    def forward(self, input: Tensor) -> Tensor:
        """`input` (N, ...) with its mask, of the same shape; the input itself if nothing is masked."""
        if not self.training or self.keep == 1.0:
            return input
        shape = [size if dim in self.kept else 1 for dim, size in enumerate(input.shape)]
        noise = input.new_empty(shape).bernoulli_(self.keep)
        if self.keep > 0.0:
            noise.div_(self.keep)
        return input * noise

    def extra_repr(self) -> str:
        """The keep rate and the dimensions along which the draws differ."""
        return f"keep={self.keep}, kept={self.kept}"
