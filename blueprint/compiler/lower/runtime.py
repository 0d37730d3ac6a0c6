"""What a lowered network needs at run time: containers, the binding of their flat code, guards, pickling.

The only file of the compiler that a pickled network imports.
"""

from __future__ import annotations

import linecache
import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.compiler import is_compiling
from torch.nn.modules import module as _module

__all__ = ["Container", "F", "Flat", "Member", "Namespace", "Plan", "Tensor", "is_compiling", "is_tracing", "math"]

is_tracing: Callable[[], bool] = torch.jit.is_tracing  # type: ignore[attr-defined]

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_GLOBAL_HOOKS = (
    _module._global_forward_hooks,
    _module._global_forward_pre_hooks,
    _module._global_backward_hooks,
    _module._global_backward_pre_hooks,
)


@dataclass(frozen=True)
class Member:
    """What flat code takes for granted about one module of its container.

    parent: the index of the module above; -1 for the container itself. plan: a container's own plan.
    cls: a leaf's class. settings: its attributes that the code has baked in. reads: the parameters and
    buffers that the code reads; None where the code calls the module instead.
    """

    parent: int
    name: str
    plan: Plan | None
    cls: type[nn.Module] | None
    settings: tuple[tuple[str, object], ...]
    reads: frozenset[str] | None

    def fits(self, module: nn.Module) -> bool:
        """Whether the code computes what `module`, called, would."""
        if self.cls is None:
            return self.plan is None or type(module) is self.plan.cls
        if type(module) is not self.cls or any(getattr(module, n, None) != v for n, v in self.settings):
            return False
        if self.reads is None:
            return True
        there = {name for name, tensor in module._parameters.items() if tensor is not None}
        return not module._modules and self.reads.issuperset(there)


@dataclass(frozen=True)
class Flat:
    """A flat forward: its source, the modules it stands for, parents first, and what it unpacks from `ready`."""

    source: str
    members: tuple[Member, ...]
    parts: tuple[tuple[str, tuple[int, ...]], ...]


class Plan:
    """What a container class is made from: plain data, so that a network can be pickled.

    `flat` may come as a function that makes it, which is then called when it is first needed.
    """

    def __init__(
        self, name: str, fingerprint: str, signature: str, structured: str, flat: Flat | Callable[[], Flat]
    ) -> None:
        self.name, self.fingerprint, self.signature, self.structured = name, fingerprint, signature, structured
        self._flat = flat

    @property
    def flat(self) -> Flat:
        """The flat forward."""
        if not isinstance(self._flat, Flat):
            self._flat = self._flat()
        return self._flat

    @property
    def cls(self) -> type[Container]:
        """The container class; plans with the same name and fingerprint share it."""
        key = (self.name, self.fingerprint)
        cls = _classes.get(key)
        if cls is None:
            cls = _classes[key] = _make_class(self)
        return cls

    def __reduce__(self) -> tuple[Any, ...]:
        return Plan, (self.name, self.fingerprint, self.signature, self.structured, self.flat)

    def __deepcopy__(self, memo: dict[int, Any]) -> Plan:
        return self


class Namespace(nn.Module):
    """A module that only gives its children a part of their names; the containers above run them."""


class Container(nn.Module):
    """A structure of the spec: a module whose children stand under the spec's names.

    Its class has two generated functions. `_structured` calls the children. `forward` does all their work
    itself and hands over to `_structured` whenever a child might do anything else than it did when the code
    was generated: hooks, replaced or changed modules, parametrisations, tracing, compilation.
    """

    _plan: Plan
    _structured: Callable[..., Any]
    _bound: Bound | None = None

    @property
    def code(self) -> str:
        """The source of the flat forward."""
        return self._plan.flat.source

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_bound"}

    def __reduce_ex__(self, protocol: Any) -> Any:
        if "_plan" not in vars(type(self)):  # a class derived from ours, which knows its own way
            return super().__reduce_ex__(protocol)
        return restore, (self._plan,), self.__getstate__()

    def _replicate_for_data_parallel(self) -> Any:
        replica = super()._replicate_for_data_parallel()  # type: ignore[no-untyped-call]
        replica.__dict__.pop("_bound", None)
        return replica


@dataclass(frozen=True)
class Bound:
    """The modules of a container as its flat code found them; no tensor among them.

    parts: what the code unpacks; None if it does not fit the modules. branches: the dicts of children;
    children, types: what they held. watched: getters of hooks and settings, the attributes of the modules they
    read, what they gave. hooks: the hook dicts. attributes: those of all modules below the container.
    """

    parts: tuple[Any, ...] | None
    branches: tuple[dict[str, nn.Module | None], ...]
    children: tuple[nn.Module | None, ...]
    types: tuple[type, ...]
    watched: tuple[tuple[Callable[[dict[str, Any]], Any], tuple[dict[str, Any], ...], tuple[Any, ...]], ...]
    hooks: tuple[dict[int, Any], ...]
    attributes: tuple[dict[str, Any], ...]
    forwards: tuple[str, ...]
    compiled: tuple[str, ...]

    def stands(self) -> bool:
        """Whether the modules, their classes, hook dicts and settings are those that were bound."""
        if tuple(chain.from_iterable(map(_values, self.branches))) != self.children:
            return False
        if tuple(map(type, self.children)) != self.types:
            return False
        return all(tuple(map(getter, attributes)) == found for getter, attributes, found in self.watched)


def ready(container: Container) -> tuple[Any, ...] | None:
    """What the container's flat code unpacks, or None if the modules have to be called one by one."""
    bound = container._bound
    if bound is None or not bound.stands():
        bound = container.__dict__["_bound"] = bind(container)
    if (
        bound.parts is None
        or any(bound.hooks)
        or any(map(_get, bound.attributes, bound.forwards))
        or any(map(_get, bound.attributes, bound.compiled))
    ):
        return None
    return bound.parts


def bind(container: Container) -> Bound:
    """The modules below the container as they are now, and whether its flat code fits them."""
    flat = container._plan.flat
    found: list[nn.Module | None] = []
    fits = True
    for member in flat.members:
        module: nn.Module | None = container
        if member.parent >= 0:
            above = found[member.parent]
            module = above._modules.get(member.name) if above is not None else None
        found.append(module)
        fits = fits and module is not None and member.fits(module)
    there = [(member, module) for member, module in zip(flat.members, found, strict=True) if module is not None]
    branches = tuple(module._modules for member, module in there if member.cls is None)
    children = tuple(chain.from_iterable(map(_values, branches)))
    callable_ones = [(m, module) for m, module in there[1:] if m.cls is not None or m.plan is not None]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for member, module in callable_ones:
        state = module.__dict__
        watched = (*_HOOKS, *(name for name, _ in member.settings if name in state))
        groups.setdefault(watched, []).append(state)
    attributes = tuple(module.__dict__ for _, module in callable_ones)
    return Bound(
        parts=_parts(flat, found) if fits else None,
        branches=branches,
        children=children,
        types=tuple(map(type, children)),
        watched=tuple((itemgetter(*n), tuple(s), tuple(map(itemgetter(*n), s))) for n, s in groups.items()),
        hooks=(*_GLOBAL_HOOKS, *(state[name] for state in attributes for name in _HOOKS)),
        attributes=attributes,
        forwards=("forward",) * len(attributes),
        compiled=("_compiled_call_impl",) * len(attributes),
    )


def _parts(flat: Flat, found: list[Any]) -> tuple[Any, ...]:
    parts: list[Any] = []
    for kind, indices in flat.parts:
        if kind == "all":
            parts.append(tuple(found[i].__dict__ for i in indices))
        else:
            module = found[indices[0]]
            parts.append(module if kind == "module" else module.__dict__)
    return tuple(parts)


def in_transform() -> bool:
    """Whether a transform of torch.func is running."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def flat_forward(cls: type) -> Callable[..., Any]:
    """The flat forward of a container class, which is its `forward` from the first time on."""
    owner = next(base for base in cls.__mro__ if "_plan" in vars(base))
    made: Callable[..., Any] | None = vars(owner).get("_flat_forward")
    if made is None:
        plan: Plan = owner._plan  # type: ignore[attr-defined]
        made = _compile(plan.flat.source, _file(plan, "forward"), "forward", owner)
        owner.forward = owner._flat_forward = made  # type: ignore[attr-defined]
    return made


def restore(plan: Plan) -> Container:
    """An empty container of the plan's class, for unpickling."""
    cls = plan.cls
    return cls.__new__(cls)


_STUB = """\
def forward({signature}):
    if is_compiling():
        return self._structured({arguments})
    return flat_forward(type(self))({signature})
"""

_values: Callable[[dict[str, Any]], Any] = dict.values
_get: Callable[[dict[str, Any], str], Any] = dict.get
_classes: weakref.WeakValueDictionary[tuple[str, str], type[Container]] = weakref.WeakValueDictionary()


def _make_class(plan: Plan) -> type[Container]:
    cls = type(plan.name, (Container,), {"__module__": __name__, "__doc__": None, "_plan": plan})
    structured = _compile(plan.structured, _file(plan, "structured"), "_structured", cls)
    setattr(cls, "_structured", structured)
    stub = _STUB.format(signature=plan.signature, arguments=plan.signature.removeprefix("self").removeprefix(", "))
    setattr(cls, "forward", _compile(stub, _file(plan, "first forward"), "forward", cls))
    return cls


def _file(plan: Plan, which: str) -> str:
    return f"<blueprint {plan.name} {plan.fingerprint} {which}>"


def _compile(source: str, file: str, name: str, cls: type) -> Callable[..., Any]:
    """The function `name` that `source` defines; tracebacks show its lines for as long as the class lives."""
    made: dict[str, Any] = {}
    exec(compile(source, file, "exec"), globals(), made)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    weakref.finalize(cls, linecache.cache.pop, file, None)
    function: Callable[..., Any] = made[name]
    function.__qualname__ = f"{cls.__name__}.{name}"
    return function
