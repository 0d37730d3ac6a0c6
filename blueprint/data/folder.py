"""Images in folders, `train/CLASS/*` beside `test/CLASS/*` or `val/CLASS/*`; in memory where they are of one size."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.data.decode import SUFFIXES, Unreadable, decode, extent, quiet
from blueprint.data.faults import fault, unreadable
from blueprint.data.progress import Progress
from blueprint.data.splits import Data, Split
from blueprint.diagnostics import SpecError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import counted, listed, ticked

if TYPE_CHECKING:
    from torch import Tensor

TEST_NAMES = ("test", "val", "valid", "validation")
MEMORY = 4 << 30
"""Bytes of pixels that a folder may take in memory; larger ones are read file by file."""


def open_folder(root: Path, progress: Progress, *, refuse: bool = True, names: dict[str, str] | None = None) -> Data:
    """The images under `root`, their classes named after the folders below `train`, in alphabetical order.

    Folders below a class are searched too; hidden files and files that are not named as images are
    passed over. refuse: whether unreadable images end it, or are told and left out. names: what
    to call the classes, by folder.
    """
    root = _existing(root)
    train = _listing(_existing(root / "train"))
    found = next((root / name for name in TEST_NAMES if (root / name).is_dir()), None)
    test = _listing(found) if found else None
    if test is not None:
        _check_classes(root, train, test, found.name if found else "")
    parts = [part for part in (train, test) if part is not None]
    empty = [f"{name}" for part in parts for name, files in part.items() if not files]
    if empty or not train:
        what = (
            f"no images in {listed(dict.fromkeys(empty))}"
            if train
            else f"no class folders in {ticked(root / 'train', 200)}"
        )
        help = f"put images ({', '.join(sorted(SUFFIXES))}) there, or remove the folder"
        raise SpecError([fault("data-not-found", f"{what} under {ticked(root, 200)}", help=help)])
    classes = tuple(sorted(train))
    splits = _read(parts, classes, progress, refuse)
    shown = tuple((names or {}).get(name, name) for name in classes)
    return Data(str(root), shown, splits[0], splits[1] if test is not None else None, 3, refuse)


def _existing(folder: Path) -> Path:
    if folder.is_dir():
        return folder
    if folder.is_file():
        raise SpecError([fault("data-not-found", f"{ticked(folder, 200)} is a file; a folder is wanted")])
    parent = folder.parent
    beside = sorted(entry.name for entry in parent.iterdir() if entry.is_dir()) if parent.is_dir() else []
    close = nearest(folder.name, beside)
    help = f"do you mean {ticked(parent / close, 200)}?" if close else ""
    if not close and folder.name == "train":
        help = "images lie in `train/CLASS/` and in `test/CLASS/` or `val/CLASS/`"
    raise SpecError([fault("data-not-found", f"there is no folder {ticked(folder, 200)}", help=help)])


def _listing(folder: Path) -> dict[str, list[Path]]:
    """The image files of each class folder, sorted."""
    listing = {}
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    for name in names:
        files = []
        for place, folders, members in os.walk(folder / name):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            files += [Path(place, m) for m in members if not m.startswith(".") and Path(m).suffix.lower() in SUFFIXES]
        listing[name] = sorted(files)
    return listing


def _check_classes(root: Path, train: dict[str, list[Path]], test: dict[str, list[Path]], test_name: str) -> None:
    missing, extra = sorted(set(train) - set(test)), sorted(set(test) - set(train))
    if not missing and not extra:
        return
    parts = []
    if extra:
        parts.append(f"{listed(extra, 'and')} only in `{test_name}`")
    if missing:
        parts.append(f"{listed(missing, 'and')} only in `train`")
    close = nearest(extra[0], missing) if extra else None
    help = f"is {ticked(extra[0])} the class {ticked(close)}?" if close else "both folders need the same class folders"
    message = f"the classes of `train` and `{test_name}` differ under {ticked(root, 200)}: {'; '.join(parts)}"
    raise SpecError([fault("class-mismatch", message, help=help)])


def _read(
    parts: Sequence[dict[str, list[Path]]], classes: tuple[str, ...], progress: Progress, refuse: bool
) -> list[Split]:
    """The parts as splits: in memory where all images have one size and fit, else as checked file names."""
    import torch

    files = [[path for name in classes for path in part[name]] for part in parts]
    labels = [[index for index, name in enumerate(classes) for _ in part[name]] for part in parts]
    everything = [path for part in files for path in part]
    with quiet():
        pixels, faults = _decode_all(everything, progress)
        if pixels is None:
            faults = _check_all(everything, progress)
    unreadable(faults, len(everything), refuse, progress)
    splits, start = [], 0
    for paths, numbers in zip(files, labels, strict=True):
        good = torch.tensor([path not in faults for path in paths], dtype=torch.bool)
        split = Split(
            torch.tensor(numbers), None if pixels is None else pixels[start : start + len(paths)], tuple(paths)
        )
        start += len(paths)
        split = split if good.all() else split.take(good.nonzero().squeeze(1))
        lost = [name for index, name in enumerate(classes) if not (split.labels == index).any()]
        if lost:
            raise SpecError([fault("data-not-found", f"no readable images of class {listed(lost)}")])
        splits.append(split)
    return splits


def _decode_all(files: list[Path], progress: Progress) -> tuple[Tensor | None, dict[Path, str]]:
    """All images, (N, 3, H, W), and why some cannot be read; None if they differ in size or are too many."""
    import torch

    sizes = set()
    for path in files[:: max(1, len(files) // 32)]:
        try:
            sizes.add(extent(path))
        except Unreadable:
            continue
    if len(sizes) != 1:
        return None, {}
    height, width = sizes.pop()
    if len(files) * 3 * height * width > MEMORY:
        return None, {}
    pixels = torch.zeros(len(files), 3, height, width, dtype=torch.uint8)
    faults: dict[Path, str] = {}

    def one(index: int) -> bool:
        try:
            image = decode(files[index], 3)
        except Unreadable as error:
            faults[files[index]] = str(error)
            return True
        if image.shape != pixels.shape[1:]:
            return False
        pixels[index] = image
        return True

    same = _in_threads(one, len(files), f"reading {counted(len(files), 'image')}", progress)
    return (pixels if same else None), faults


def _check_all(files: list[Path], progress: Progress) -> dict[Path, str]:
    faults: dict[Path, str] = {}

    def one(index: int) -> bool:
        try:
            extent(files[index])
        except Unreadable as error:
            faults[files[index]] = str(error)
        return True

    _in_threads(one, len(files), f"looking at {counted(len(files), 'image')}", progress)
    return faults


def _in_threads(one: Callable[[int], bool], total: int, what: str, progress: Progress) -> bool:
    """Whether `one(index)` held for all indices below `total`; stops soon after the first that does not."""
    from concurrent.futures import ThreadPoolExecutor

    def stretch(start: int) -> bool:
        return all(one(index) for index in range(start, min(start + 64, total)))

    progress.begin(what, total)
    pool = ThreadPoolExecutor(min(16, os.cpu_count() or 1))
    try:
        for start, good in zip(range(0, total, 64), pool.map(stretch, range(0, total, 64)), strict=True):
            if not good:
                return False
            progress.advance(min(64, total - start))
        return True
    finally:
        pool.shutdown(cancel_futures=True)
        progress.end()
