"""Where the specs that ship with the package lie, and how a bare name finds one."""

from __future__ import annotations

from pathlib import Path

from blueprint.diagnostics import Diagnostic, UsageError
from blueprint.diagnostics.nearest import nearest

ENDINGS = (".yaml", ".yml", ".json")
_FOLDERS = {"model": ("", "zoo", "ablations"), "recipe": ("recipes",), "blocks": ("blocks",), "study": ("studies",)}


def zoo_root() -> Path:
    """The folder of the shipped specs: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def ships(path: Path) -> bool:
    """Whether a file came with the package."""
    place, package = path.resolve(), Path(__file__).resolve().parent.parent
    return place.is_relative_to(package) or place.is_relative_to(zoo_root().resolve())


def shipped_folders(kind: str) -> list[Path]:
    """The folders of the shipped documents; kind: `model`, `recipe`, `blocks` or `study`."""
    return [zoo_root() / name for name in _FOLDERS[kind]]


def shipped(kind: str) -> dict[str, Path]:
    """The shipped documents by bare name; kind: as for `shipped_folders`."""
    found: dict[str, Path] = {}
    for folder in shipped_folders(kind):
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.suffix in ENDINGS:
                    found.setdefault(path.stem, path)
    return found


def locate(name: str, kind: str) -> Path:
    """The path that a user means by `name`: a file, or the bare name of a shipped document.

    Raises UsageError (`missing-file`) with the nearest name.
    """
    if "\n" in name or len(name) > 4096:
        message = f"this is a text, not the path or name of a {kind}"
        raise UsageError([Diagnostic("usage", message, help="write it into a file, or pass a dictionary in Python")])
    path = Path(name)
    if path.suffix in ENDINGS or "/" in name or _is_file(path):
        return path
    known = shipped(kind)
    if name in known:
        return known[name]
    meant = nearest(name, list(known))
    where = f"{name}.yaml" if _is_file(Path(f"{name}.yaml")) else None
    sort = {"model": "specs", "recipe": "recipes"}.get(kind, kind)
    help = f"did you mean `{where or meant}`?" if where or meant else f"`blueprint list {sort}` has the shipped ones"
    raise UsageError([Diagnostic("missing-file", f"there is no file or shipped {kind} `{name}`", help=help)])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long
        return False


def shown(path: Path) -> str:
    """How a diagnostic names a path: relative to the working folder where it lies inside it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
