"""Files of weights: read without running any code that is in them, and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprint.diagnostics import Diagnostic, SpecError, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import counted, listed, ticked
from blueprint.files import write_whole

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS = "model.safetensors"
"""The file that holds the weights in a run's directory."""

NESTED = ("state_dict", "model_state_dict", "model", "module", "network", "net", "weights", "params")
"""The names under which checkpoints hold a state_dict, the likelier first."""

DEEPEST = 100
"""How many parts a key may have."""


def located(name: str) -> Path:
    """The file of weights that a path means: itself, or the weights of a run's directory.

    Raises UsageError (`weights-not-found`) with the nearest name if there is none.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        if (path / WEIGHTS).is_file():
            return path / WEIGHTS
        message = f"{ticked(path, 200)} is a folder without {ticked(WEIGHTS)}"
        raise _not_found(message, "name a file, or a directory that `blueprint train` made")
    if path.is_file():
        return path
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    meant = nearest(path.name, beside)
    help = f"did you mean `{path.parent / meant}`?" if meant else "a file, a run's directory, or `torchvision`"
    raise _not_found(f"there is no file {ticked(path, 200)}", help)


def read(path: Path) -> dict[str, Tensor]:
    """The state_dict in a file of safetensors or of torch, on the CPU; raises SpecError (`unreadable-weights`).

    A checkpoint that holds other things beside one state_dict gives that. Nothing but tensors and plain
    values is unpickled (torch.load's `weights_only`).
    """
    found = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    state = _state(path, found)
    if any(key.count(".") >= DEEPEST for key in state):
        raise unreadable(path, f"a key of it has more than {DEEPEST} parts")
    return state


def write(path: Path, network: nn.Module) -> None:
    """Write the network's state_dict as safetensors, in torch's own memory order, every tensor on its own."""
    from safetensors.torch import save

    state = {key: value.detach().cpu().contiguous().clone() for key, value in network.state_dict().items()}
    write_whole(path, save(state, metadata={"format": "pt"}))


def unreadable(path: Path, reason: str, help: str = "") -> SpecError:
    """The fault of a file that is no file of weights."""
    message = f"{ticked(path, 200)} cannot be used as weights: {reason}"
    return SpecError([Diagnostic("unreadable-weights", message, help=help)])


def _not_found(message: str, help: str) -> UsageError:
    return UsageError([Diagnostic("weights-not-found", message, help=help)])


def _safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(path.read_bytes())
    except (SafetensorError, OSError) as error:
        raise unreadable(path, _first_line(error)) from None


def _pickled(path: Path) -> Any:
    import pickle

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        code = re.search(r"GLOBAL ([\w.]+)", str(error))
        if code is None:
            raise unreadable(path, "it is no file of tensors that torch wrote") from None
        help = "load it where you trust it, and save the `state_dict()` alone, best as .safetensors"
        raise unreadable(path, f"it holds more than tensors ({ticked(code[1])}), and code is never run", help) from None
    except Exception as error:  # bytes that are no such file make the reader raise whatever it meets
        if "TorchScript" in str(error):
            help = "save the `state_dict()` of the network in place of it"
            raise unreadable(path, "it is a TorchScript program", help) from None
        raise unreadable(path, "it is damaged, or no file that torch wrote") from None


def _state(path: Path, found: Any) -> dict[str, Tensor]:
    """The state_dict that was read, or the one that stands beside other things under a name of its own."""
    if _is_state(found):
        return dict(found)
    if not isinstance(found, Mapping):
        raise unreadable(path, f"it holds {ticked(type(found).__name__)}, not a state_dict")
    inside = {str(key): value for key, value in found.items() if _is_state(value)}
    for name in (*NESTED, *inside):
        if name in inside and (name in NESTED or len(inside) == 1):
            return dict(inside[name])
    reason = f"it holds {counted(len(inside), 'state_dict')} under {listed(inside, 'and')}" if inside else "no tensors"
    keys = listed(found, "and", 6) if found else "nothing"
    raise unreadable(path, reason if inside else f"it holds {keys}, and no state_dict")


def _is_state(value: Any) -> bool:
    import torch

    return (
        isinstance(value, Mapping)
        and len(value) > 0
        and all(isinstance(key, str) and isinstance(tensor, torch.Tensor) for key, tensor in value.items())
    )


def _first_line(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = text.strip().split("\n")[0]
    return line[:1].lower() + line[1:]
