"""The sources of images that a recipe's `data` may name, with their settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from blueprint.data.progress import Progress
from blueprint.data.settings import Option, choice
from blueprint.data.splits import Data


class Source(Option):
    """A set of labelled images."""

    def open(self, progress: Progress) -> Data:
        """The images, read or downloaded; raises SpecError where they are not to be had."""
        raise AssertionError(f"source {self.name}: no implementation")


class Digits(Source):
    """The 8x8 handwritten digits that come with scikit-learn; no download."""

    name = "digits"

    def open(self, progress: Progress) -> Data:
        from blueprint.data.digits import open_digits

        return open_digits()


class Archive(Source):
    """A public data set that torchvision knows."""

    root: str | None = None
    """The folder that holds the files; left out: `$BLUEPRINT_DATA`, else `~/.cache/blueprint/data`."""
    download: bool = True
    """Whether files that are not there are downloaded."""

    @property
    def place(self) -> Path:
        """The folder of the files."""
        from blueprint.data.downloads import default_root

        return Path(self.root).expanduser() if self.root else default_root()

    def open(self, progress: Progress) -> Data:
        from blueprint.data.downloads import open_archive

        return open_archive(self.name, self.place, self.download, progress)


class Cifar10(Archive):
    """CIFAR-10: 60,000 colour photographs of 32x32 pixels, 10 classes."""

    name = "cifar10"


class Cifar100(Archive):
    """CIFAR-100: 60,000 colour photographs of 32x32 pixels, 100 classes."""

    name = "cifar100"


class Svhn(Archive):
    """SVHN: 99,289 house numbers of 32x32 pixels, cropped, 10 classes."""

    name = "svhn"


class Mnist(Archive):
    """MNIST: 70,000 handwritten digits of 28x28 pixels, grey."""

    name = "mnist"


class FashionMnist(Archive):
    """Fashion-MNIST: 70,000 articles of clothing of 28x28 pixels, grey."""

    name = "fashion_mnist"


class Imagenette(Archive):
    """Imagenette: 13,394 photographs of ten easy ImageNet classes."""

    name = "imagenette"
    main = "size"
    size: Literal["full", "320px", "160px"] = "160px"
    """The version: as taken, or with the shorter side of so many pixels."""

    def open(self, progress: Progress) -> Data:
        from blueprint.data.downloads import open_imagenette

        return open_imagenette(self.place, self.size, self.download, progress)


class Folder(Source):
    """Images of one's own: `train/CLASS/*` and `test/CLASS/*` or `val/CLASS/*` below a folder."""

    name = "folder"
    main = "root"
    root: str
    """The folder; relative to the one that the command is run in."""
    unreadable: Literal["refuse", "skip"] = "refuse"
    """What happens to images that cannot be read: they end the run, or are named, counted and left out."""

    def open(self, progress: Progress) -> Data:
        from blueprint.data.folder import open_folder

        return open_folder(Path(self.root).expanduser(), progress, refuse=self.unreadable == "refuse")


SOURCES: tuple[type[Source], ...] = (Digits, Cifar10, Cifar100, Svhn, Imagenette, Mnist, FashionMnist, Folder)
AnySource = choice(*SOURCES)
