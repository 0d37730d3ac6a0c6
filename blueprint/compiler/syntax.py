"""The typed document: what the binder makes of a tree, and what elaboration runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from blueprint.diagnostics import Span
from blueprint.language.terms import Expression
from blueprint.language.tree import Mapping, Tree
from blueprint.language.types import Type

if TYPE_CHECKING:
    from blueprint.compiler.structures import Structure
    from blueprint.ops import Op


@dataclass(frozen=True, eq=False)
class Constant:
    """A literal, already of its field's type."""

    value: object
    span: Span


@dataclass(frozen=True, eq=False)
class Computed:
    """An expression; `span` is where its text stands."""

    expression: Expression
    span: Span


@dataclass(frozen=True, eq=False)
class Several:
    """A list whose items are computed one by one."""

    items: tuple[ValueSyntax, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class BodyLiteral:
    """A body written where a value is wanted. `single`: one node, which takes the name of its place."""

    body: Body
    single: bool
    span: Span


@dataclass(frozen=True, eq=False)
class Deferred:
    """A value whose type is known only when it is used."""

    tree: Tree
    names: Names
    span: Span


ValueSyntax: TypeAlias = Constant | Computed | Several | BodyLiteral | Deferred


@dataclass(eq=False)
class Body:
    """A list of nodes."""

    nodes: tuple[NodeSyntax, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Initial:
    """An initialiser as written: a name of `ops.initialisers` and its settings."""

    name: str
    settings: dict[str, ValueSyntax]
    span: Span


Inits: TypeAlias = dict[str, dict[str, Initial]]
"""Initialisers by op and parameter."""


@dataclass(eq=False)
class Path:
    """A path of `branches`; `label` is its part of the state_dict's keys."""

    name: str
    body: Body
    when: ValueSyntax | None
    span: Span
    label: str = ""


@dataclass(eq=False, repr=False)
class NodeSyntax:
    """A node: its head, what the head is, its fields, and what stands beside the op.

    target: an op class, a structure, or the name of a block, body argument or variable.
    fields: for ops and structures by name; for calls the trees are bound to the callee's
    arguments when it is known. label: its part of the state_dict's keys, unique in its body;
    places: those of the bodies among its fields, and of the ops that a structure adds by itself.
    sources: the values of `from`, or the inputs of an op of several.
    """

    head: str
    span: Span
    target: type[Op] | Structure | str
    fields: dict[str, ValueSyntax] = field(default_factory=dict)
    bodies: dict[str, Body] = field(default_factory=dict)
    paths: tuple[Path, ...] = ()
    places: dict[str, str] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    main: Tree | None = None
    arguments: Mapping | None = None
    names: Names | None = None
    label: str = ""
    as_name: str | None = None
    as_names: tuple[str, ...] | None = None
    named: tuple[tuple[str, Span], ...] = ()
    sources: tuple[Computed, ...] = ()
    when: ValueSyntax | None = None
    share: str | None = None
    init: Inits = field(default_factory=dict)
    bound: dict[object, dict[str, ValueSyntax] | None] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Argument:
    """An argument of a model or block: its type, default (None: it must be given), limits and help.

    faulty: its default is at fault, which is reported; nothing is said of its absence.
    """

    name: str
    type: Type
    default: ValueSyntax | None
    faulty: bool
    span: Span
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None and not self.faulty


@dataclass(eq=False)
class Block:
    """A block's definition. `home` is the library whose blocks its body may call.

    arguments: None until they are bound.
    """

    name: str
    arguments: dict[str, Argument] | None
    body: Body
    init: Inits
    span: Span
    home: Library
    about: object = None

    @property
    def sees_model(self) -> bool:
        """Whether the body sees the model's arguments: blocks of a model file do, a library's do not."""
        return self.home.is_model


@dataclass(eq=False)
class Library:
    """The blocks that the nodes of one file may call: its own, those it uses, and the prelude's."""

    name: str
    is_model: bool
    blocks: dict[str, Block] = field(default_factory=dict)
    outer: Library | None = None

    def find(self, name: str) -> Block | None:
        """The block of that name, the file's own first."""
        found = self.blocks.get(name)
        if found is None and self.outer is not None:
            return self.outer.find(name)
        return found

    def names(self) -> list[str]:
        """Every block that can be called."""
        return [*self.blocks, *(self.outer.names() if self.outer else [])]


@dataclass(frozen=True, eq=False)
class Output:
    """A named output: the value it gives, when it exists, and whether only in training."""

    name: str
    value: Computed
    when: ValueSyntax | None
    training_only: bool
    span: Span


@dataclass(frozen=True, eq=False)
class Expectation:
    """A line of `expect`: settings, input, and the figures that must come out."""

    settings: Mapping | None
    input: Tree | None
    params: tuple[float, float, str, Span] | None  # value, half a unit of its last place, as written, place
    macs: tuple[float, float, str, Span] | None
    span: Span


@dataclass(eq=False)
class Model:
    """A model document with everything it extends and uses."""

    name: str
    about: object
    inputs: dict[str, ValueSyntax]
    arguments: dict[str, Argument]
    lets: dict[str, ValueSyntax]
    init: Inits
    library: Library
    body: Body
    outputs: tuple[Output, ...]
    expect: tuple[Expectation, ...]
    settings: dict[str, ValueSyntax]
    span: Span
    names: Names
    tree: Mapping


@dataclass(eq=False)
class Names:
    """The names in reach at a place, as far as the text alone tells; used to find misspelt ones.

    members: the members of the enumerations of the arguments in reach. flows: whether a value enters
    here, which `x` and `in_channels` speak of: none does where a model's arguments are set.
    """

    library: Library
    outer: Names | None = None
    types: dict[str, Type | None] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    is_block: bool = False
    flows: bool = True

    def inner(self, is_block: bool = False) -> Names:
        """A scope inside this one."""
        return Names(self.library, self, is_block=is_block)

    def add(self, name: str, type: Type | None, span: Span) -> None:
        """Bring a name into reach."""
        self.types[name] = type
        self.places[name] = span
        while type is not None and type.element is not None:
            type = type.element
        if type is not None:
            self.members.update(type.members)

    def variable(self, name: str) -> bool:
        """Whether a value, loop variable, let or argument of that name is in reach."""
        return name in self.types or (self.outer is not None and self.outer.variable(name))

    def type_of(self, name: str) -> Type | None:
        """The type of a variable, where it is known."""
        if name in self.types:
            return self.types[name]
        return self.outer.type_of(name) if self.outer else None

    def own(self, name: str) -> Span | None:
        """Where the same block already binds that name."""
        if name in self.places:
            return self.places[name]
        return self.outer.own(name) if self.outer is not None and not self.is_block else None

    def member(self, name: str) -> bool:
        """Whether an enumeration in reach has that member."""
        return name in self.members or (self.outer is not None and self.outer.member(name))

    def choices(self) -> list[str]:
        """The members of all enumerations in reach."""
        return [*sorted(self.members), *(self.outer.choices() if self.outer else [])]

    def variables(self) -> list[str]:
        """All variables in reach, the nearest first."""
        return [*self.types, *(self.outer.variables() if self.outer else [])]
