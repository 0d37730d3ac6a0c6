"""An image file to pixels, whatever its mode, and why a file cannot be read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"))
"""The endings of the files that a folder's reader takes for images."""

Box = Callable[[int, int], tuple[int, int, int, int]]
"""From an image's height and width to the part that is kept: top, left, height, width."""


class Unreadable(Exception):
    """A file that is no readable image; the text says why, without the file's name."""


@contextmanager
def quiet() -> Iterator[None]:
    """A stretch in which Pillow's warnings about odd files are not shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def decode(path: Path, channels: int, size: tuple[int, int] | None = None, box: Box | None = None) -> Tensor:
    """The image as (channels, H, W), uint8; raises Unreadable.

    Palettes, CMYK, alpha and 16 bits a value are brought to 8-bit grey (1 channel) or RGB (3); alpha
    is dropped. size: (height, width) to resize the part that `box` chooses to, bilinear, antialiased.
    """
    import numpy as np
    import torch

    with opened(path) as image:
        pixels = _as_bytes(image, "L" if channels == 1 else "RGB")
    if size is not None:
        top, left, height, width = box(pixels.height, pixels.width) if box else (0, 0, pixels.height, pixels.width)
        from PIL.Image import Resampling

        part = pixels.crop((left, top, left + width, top + height))
        pixels = part.resize((size[1], size[0]), Resampling.BILINEAR)
    array = np.array(pixels, dtype=np.uint8)
    return torch.from_numpy(array).view(array.shape[0], array.shape[1], channels).permute(2, 0, 1).contiguous()


def extent(path: Path) -> tuple[int, int]:
    """The height and width that the file's header states; raises Unreadable."""
    with opened(path) as image:
        return image.height, image.width


@contextmanager
def opened(path: Path) -> Iterator[Image]:
    """The file's image, its pixels not read yet; raises Unreadable, also for faults met while it is in use."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            yield image
    except Unreadable:
        raise
    except UnidentifiedImageError:
        empty = path.stat().st_size == 0
        raise Unreadable("the file is empty" if empty else "no image format that is known") from None
    except FileNotFoundError:
        raise Unreadable("there is no such file") from None
    except IsADirectoryError:
        raise Unreadable("a folder, not a file") from None
    except PermissionError:
        raise Unreadable("no permission to read it") from None
    except Image.DecompressionBombError:
        raise Unreadable("more pixels than an image may have here") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, OverflowError) as error:
        raise Unreadable(f"damaged ({' '.join(str(error).split()) or type(error).__name__})") from None


def _as_bytes(image: Image, mode: str) -> Image:
    """A copy of the image in the mode `L` or `RGB`."""
    from PIL import Image as Images

    if image.mode.startswith("I"):  # 16 bits a value, in 16 or 32
        import numpy as np

        values = np.asarray(image).astype(np.int64)
        image = Images.fromarray(
            (values // 257 if values.max(initial=0) > 255 else values).clip(0, 255).astype(np.uint8)
        )
    elif image.mode == "F":
        raise Unreadable("pixels that are floating-point numbers")
    elif image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert(mode)
