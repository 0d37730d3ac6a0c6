"""Public data sets through torchvision: read from a folder, downloaded into it when they are not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blueprint.data.faults import fault
from blueprint.data.folder import open_folder
from blueprint.data.progress import Progress
from blueprint.data.splits import Data, Split
from blueprint.diagnostics import SpecError
from blueprint.diagnostics.wording import ticked


@dataclass(frozen=True)
class Archive:
    """A public data set: its name in torchvision.datasets, what its splits are called, and the files to fetch by hand.

    path: where torchvision looks for the files, below the root. files: (name, address) of each.
    """

    torch_name: str
    path: str
    files: tuple[tuple[str, str], ...]
    channels: int = 3
    by_split: tuple[dict[str, Any], dict[str, Any]] = ({"train": True}, {"train": False})


_MNIST_FILES = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


def _at(base: str, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, base + name) for name in names)


ARCHIVES: dict[str, Archive] = {
    "cifar10": Archive("CIFAR10", "", _at("https://www.cs.toronto.edu/~kriz/", ("cifar-10-python.tar.gz",))),
    "cifar100": Archive("CIFAR100", "", _at("https://www.cs.toronto.edu/~kriz/", ("cifar-100-python.tar.gz",))),
    "svhn": Archive(
        "SVHN",
        "",
        _at("http://ufldl.stanford.edu/housenumbers/", ("train_32x32.mat", "test_32x32.mat")),
        by_split=({"split": "train"}, {"split": "test"}),
    ),
    "mnist": Archive("MNIST", "MNIST/raw", _at("https://ossci-datasets.s3.amazonaws.com/mnist/", _MNIST_FILES), 1),
    "fashion_mnist": Archive(
        "FashionMNIST",
        "FashionMNIST/raw",
        _at("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", _MNIST_FILES),
        1,
    ),
}


def default_root() -> Path:
    """The folder for downloaded data: `BLUEPRINT_DATA` of the environment, else `~/.cache/blueprint/data`."""
    return Path(os.environ.get("BLUEPRINT_DATA") or Path.home() / ".cache" / "blueprint" / "data")


def open_archive(name: str, root: Path, download: bool, progress: Progress) -> Data:
    """The data set called `name` (a key of `ARCHIVES`), read from `root`, its own split into train and test."""
    from torchvision import datasets  # type: ignore[import-untyped]

    archive = ARCHIVES[name]
    make = getattr(datasets, archive.torch_name)
    parts = []
    for arguments in archive.by_split:

        def load(fetch: bool, arguments: dict[str, Any] = arguments) -> Any:
            return make(root, download=fetch, **arguments)

        parts.append(_fetched(load, name, root / archive.path, archive.files, download, progress))
    classes = getattr(parts[0], "classes", [str(digit) for digit in range(10)])
    return Data(name, tuple(map(str, classes)), _split(parts[0]), _split(parts[1]), archive.channels)


def _split(dataset: Any) -> Split:
    import numpy as np
    import torch

    images = torch.as_tensor(np.asarray(dataset.data))
    if images.ndim == 3:
        images = images.unsqueeze(1)
    elif images.shape[3] == 3:
        images = images.permute(0, 3, 1, 2)
    labels = dataset.targets if hasattr(dataset, "targets") else dataset.labels
    return Split(torch.as_tensor(np.asarray(labels)).long(), images.contiguous())


def open_imagenette(root: Path, size: str, download: bool, progress: Progress) -> Data:
    """Imagenette at `size` (`full`, `320px`, `160px`): ten classes of ImageNet, photographs of various shapes."""
    from torchvision import datasets

    stem = "imagenette2" + {"full": "", "320px": "-320", "160px": "-160"}[size]
    address = f"https://s3.amazonaws.com/fast-ai-imageclas/{stem}.tgz"

    def load(fetch: bool) -> Any:
        missing = not (root / stem).exists()
        return datasets.Imagenette(root, split="train", size=size, download=fetch and missing)

    dataset = _fetched(load, "imagenette", root, ((f"{stem}.tgz", address),), download, progress)
    names = dict(zip(dataset.wnids, (names[0] for names in dataset.classes), strict=True))
    return open_folder(root / stem, progress, names=names)


def _fetched(
    load: Callable[[bool], Any],
    name: str,
    place: Path,
    files: tuple[tuple[str, str], ...],
    download: bool,
    progress: Progress,
) -> Any:
    """What `load(fetch)` gives, first from the files there are, then with a download if that is allowed."""
    wanted = tuple(f"{place / file} from {address}" for file, address in files)
    try:
        return load(False)
    except (RuntimeError, FileNotFoundError):
        pass
    if not download:
        message = f"{ticked(name)} is not in {ticked(place, 200)}, and the recipe says `download: false`"
        help = f"put there, unpacked or not: {', '.join(file for file, _ in files)}"
        raise SpecError([fault("data-not-found", message, help=help, notes=wanted)])
    progress.line(f"downloading {name} to {place}")
    try:
        return load(True)
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        help = f"fetch the files elsewhere and put them into {ticked(place, 200)}; or set `root` in the recipe's `data`"
        message = f"{ticked(name)} could not be downloaded: {reason}"
        raise SpecError([fault("no-network", message, help=help, notes=wanted)]) from None
