"""All ops by name: the families of this room and what installed packages add."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from blueprint.diagnostics import Diagnostic, SpecError
from blueprint.ops import (
    activation,
    along_axis,
    attention,
    conv,
    conv_transpose,
    dropping,
    einsum,
    extent,
    learned,
    linear,
    maths,
    merge,
    norm,
    order,
    pooling,
    rearrange,
    reduction,
    shape,
    shuffle,
    unfold,
    upsample,
)
from blueprint.ops.base import Op

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "blueprint.ops"
"""The entry point group under which a package offers an `Op` class, or a tuple of them."""

BUILT_IN: tuple[type[Op], ...] = (
    *conv.OPS,
    *conv_transpose.OPS,
    *linear.OPS,
    *norm.OPS,
    *activation.OPS,
    *along_axis.OPS,
    *maths.OPS,
    *pooling.OPS,
    *reduction.OPS,
    *merge.OPS,
    *shape.OPS,
    *shuffle.OPS,
    *order.OPS,
    *unfold.OPS,
    *rearrange.OPS,
    *einsum.OPS,
    *extent.OPS,
    *upsample.OPS,
    *attention.OPS,
    *dropping.OPS,
    *learned.OPS,
)


@cache
def ops() -> dict[str, type[Op]]:
    """Every op by its name. Raises SpecError where an installed package's ops cannot be had."""
    found: dict[str, type[Op]] = {}
    owners: dict[str, str] = {}
    faults = []
    for op in BUILT_IN:
        assert op.name not in found, f"registry: two ops are called {op.name}"
        found[op.name], owners[op.name] = op, "blueprint itself"
    for point in entry_points(group=GROUP):
        source = f"the entry point `{point.name} = {point.value}`"
        try:
            classes = _load(point)
        except Exception as error:
            message = f"{source} of the group `{GROUP}` cannot be loaded: {type(error).__name__}: {error}"
            faults.append(Diagnostic("unknown-op", message, help="mend or uninstall the package that brings it"))
            continue
        for op in classes:
            if op.name in found:
                message = f"{source} brings an op called `{op.name}`, as {owners[op.name]} does"
                faults.append(Diagnostic("name-clash", message, help="uninstall one of the two"))
            else:
                found[op.name], owners[op.name] = op, source
    if faults:
        raise SpecError(faults)
    return found


def entry_points(group: str) -> Iterable[EntryPoint]:
    """The entry points of a group; the metadata is read in full only where an installed package names the group."""
    if not any(_offers(folder, group) for folder in sys.path):
        return ()
    from importlib.metadata import entry_points as installed

    return installed(group=group)


def _offers(folder: str, group: str) -> bool:
    """Whether a package in a folder of the search path has entry points of a group; True where one cannot tell."""
    try:
        with os.scandir(folder or ".") as entries:
            packages = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
    except NotADirectoryError:
        return True
    except OSError:
        return False
    for package in packages:
        try:
            with open(os.path.join(package, "entry_points.txt"), "rb") as file:
                if b"[%s]" % group.encode() in file.read():
                    return True
        except OSError:
            continue
    return False


def find(name: str) -> type[Op] | None:
    """The op called `name`, or None."""
    return ops().get(name)


def _load(point: EntryPoint) -> tuple[type[Op], ...]:
    """The classes that an entry point names; raises whatever the package raises, or TypeError."""
    target = point.load()
    classes = tuple(target) if isinstance(target, (tuple, list)) else (target,)
    for op in classes:
        if not (isinstance(op, type) and issubclass(op, Op) and isinstance(getattr(op, "name", None), str)):
            raise TypeError(f"{op!r} is no subclass of blueprint.ops.Op with a name")
    return classes
