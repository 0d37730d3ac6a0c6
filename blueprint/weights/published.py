"""The classification networks of torchvision and their published weights."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprint.diagnostics import Diagnostic, Note, SpecError, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import listed, ticked
from blueprint.weights.copying import copy
from blueprint.weights.files import read, unreadable
from blueprint.weights.sources import Foreign

if TYPE_CHECKING:
    from torch import nn

RANDOM = "random"
"""The name that means torchvision's own initialisation."""


@dataclass(frozen=True)
class Published:
    """A network of torchvision with published weights, or with none."""

    name: str
    weights: Any  # a member of the network's enumeration of weights; None: torchvision's initialisation

    @property
    def told(self) -> str:
        """The network and the name of its weights."""
        return f"torchvision's {self.name} ({self._which})"

    @property
    def recorded(self) -> str:
        """The two as `--weights` takes them."""
        return f"torchvision:{self.name}:{self._which}"

    @property
    def _which(self) -> str:
        return self.weights.name if self.weights else RANDOM

    def read(self, classes: int | None) -> Foreign:
        """The network's weights, downloaded if they are not there; its head has random ones if the classes differ.

        Raises SpecError (`no-network`) if the download fails.
        """
        network = _network(self.name, classes)
        if self.weights is None:
            return Foreign(network.state_dict(), network)
        path = _fetched(self.name, self.weights.url)
        try:
            matching = copy(network, read(path))
        except SpecError as error:
            reason = error.diagnostics[0].message.partition(": ")[2]
            raise unreadable(path, reason, "remove the file: it is then downloaded again") from None
        drawn = {left.key: left for left in matching.ours}
        return Foreign(network.state_dict(), network, drawn, _note(network))


def published(name: str, weights: str) -> Published:
    """The network of torchvision and its weights by their names; raises UsageError (`weights-not-found`).

    weights: `random`, or one of the published ones; empty: those that torchvision holds for the best.
    """
    from torchvision import models  # type: ignore[import-untyped]

    known = models.list_models(module=models)
    if name not in known:
        meant = nearest(name, known)
        help = f"did you mean `torchvision:{meant}`?" if meant else f"`torchvision:NAME`, as in {listed(known)}"
        raise _not_found(f"torchvision has no network {ticked(name)}", help)
    if weights == RANDOM:
        return Published(name, None)
    members = models.get_model_weights(name)
    names = [member.name for member in members]
    if weights and weights not in names:
        meant = nearest(weights, [*names, RANDOM])
        help = f"did you mean `{meant}`?" if meant else f"it has {listed([*names, RANDOM], 'and')}"
        raise _not_found(f"torchvision's {name} has no weights {ticked(weights)}", help)
    return Published(name, members[weights] if weights else members["DEFAULT"])


def _not_found(message: str, help: str) -> UsageError:
    return UsageError([Diagnostic("weights-not-found", message, help=help)])


def _network(name: str, classes: int | None) -> nn.Module:
    from torchvision import models

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # two networks tell that their initialisation will change
        network: nn.Module = models.get_model(name, weights=None, **({"num_classes": classes} if classes else {}))
    return network


def _fetched(name: str, url: str) -> Path:
    """The file of published weights where torch.hub keeps it, downloaded if it is not there."""
    from torch import hub

    path = Path(hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if path.is_file():
        return path
    found = hub.HASH_REGEX.search(path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        hub.download_url_to_file(url, str(path), found[1] if found else None, progress=sys.stderr.isatty())
    except (OSError, RuntimeError) as error:
        cause = getattr(error, "reason", error)
        reason = " ".join(str(getattr(cause, "strerror", None) or cause).split())
        message = f"the weights of torchvision's {name} could not be downloaded: {reason}"
        notes = (Note(f"from {url}"), Note(f"to {path}"))
        help = f"fetch the file elsewhere and put it there, or name it; `torchvision:{name}:{RANDOM}` needs no download"
        raise SpecError([Diagnostic("no-network", message, notes=notes, help=help)]) from None
    return path


def _note(network: nn.Module) -> str:
    """What torchvision does to the input of these weights and a spec leaves to the caller."""
    if not hasattr(network, "transform_input"):
        return ""
    return "these weights were trained on values from -1 to 1: normalise with mean 0.5 and std 0.5"
