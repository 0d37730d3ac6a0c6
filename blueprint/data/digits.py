"""The handwritten digits that come with scikit-learn: 1,797 grey images of 8x8 pixels, no download."""

from __future__ import annotations

from blueprint.data.splits import Data, Split


def open_digits() -> Data:
    """The digits; of each class every fifth image, in the set's own order, is the test part.

    Source: UCI ML hand-written digits, https://archive.ics.uci.edu/dataset/80 (its test part).
    Values are 0 to 16 there, and 0 to 255 here.
    """
    import torch
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    bunch = load_digits()
    images = torch.from_numpy(bunch.images).mul(255 / 16).round().to(torch.uint8).unsqueeze(1)
    labels = torch.from_numpy(bunch.target).long()
    test = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(10):
        test[(labels == label).nonzero().squeeze(1)[4::5]] = True
    classes = tuple(str(digit) for digit in range(10))
    return Data("digits", classes, Split(labels[~test], images[~test]), Split(labels[test], images[test]), channels=1)
