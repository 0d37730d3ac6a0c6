"""The structures of the language: nodes that hold bodies, with their fields as the language sees them."""

from __future__ import annotations

from dataclasses import dataclass

from blueprint.ops.base import FieldInfo


@dataclass(frozen=True)
class Structure:
    """A structure: its fields, the one that a bare value sets, and its bodies.

    Bodies in `roles` are sequences whose names belong to the enclosing body; a field of type
    `body` is named by its place instead. beside: bodies that stand beside the head (`do`).
    open: whether further keys name axis sizes. forms: further keys, with the way each is written.
    """

    name: str
    help: str
    main: str | None
    fields: tuple[FieldInfo, ...] = ()
    roles: tuple[tuple[str, bool], ...] = ()  # name, required
    beside: tuple[tuple[str, bool], ...] = ()
    open: bool = False
    forms: tuple[tuple[str, str], ...] = ()  # what is no field of one TYPE, as a person writes it


def _field(name: str, type: str, help: str, *default: object, low: float | None = None, high: float | None = None):  # type: ignore[no-untyped-def]
    return FieldInfo(name, type, help, not default, default[0] if default else None, low, high)


ACTIVATIONS = (
    "sigmoid | hardsigmoid | tanh | softsign | relu | relu6 | silu | gelu | hardswish | mish | softplus | identity"
)

STRUCTURES: dict[str, Structure] = {
    s.name: s
    for s in (
        Structure(
            "residual",
            "body(x) * scale + shortcut(x); a list is the body. He et al. 2016, https://arxiv.org/abs/1512.03385",
            "body",
            (
                _field("shortcut", "body", "the other summand; left out: x itself", None),
                _field("scale", "float", "a factor on the body's result", 1.0),
                _field("drop_path", "float", "chance that a sample skips the body in training", 0.0, low=0, high=1),
                _field("skip", "bool", "false leaves out the sum, the scale and the drop path", True),
            ),
            roles=(("body", True),),
        ),
        Structure(
            "gate",
            "x * activation(body(x)), broadcast by axis name; a list is the body",
            "body",
            (_field("activation", ACTIVATIONS, "the function of the body's result", "sigmoid"),),
            roles=(("body", True),),
        ),
        Structure(
            "branches",
            "several paths over one input, and one value made of their results",
            "paths",
            (
                _field("merge", "concat | add | multiply | mean | max", "how the results become one"),
                _field("axis", "text", "the axis along which a concat joins; no other merge takes one", "channels"),
            ),
            forms=(
                (
                    "paths",
                    "`{near: [nodes], far: [nodes]}`, or `{near: {when: CONDITION, body: [nodes]}, …}`; required",
                ),
                (
                    "split",
                    "`n` for equal parts, or `{near: size, far: rest}`; left out: each path takes all channels; "
                    "the channels of a path that is off go with it, and 0 will do for one",
                ),
            ),
        ),
        Structure(
            "attention",
            "softmax(scale * q k^T + bias) v over the places of a map or tokens, in heads, or inside windows. "
            "Vaswani et al. 2017, https://arxiv.org/abs/1706.03762",
            "num_heads",
            (
                _field("num_heads", "int", "heads; divides the channels of query, key and value", low=1),
                _field("scale", "float", "factor on the scores; left out: (channels / num_heads) ** -0.5", None),
                _field("query", "body", "makes the queries; left out: a linear", None),
                _field("key", "body", "makes the keys; left out: a linear", None),
                _field("value", "body", "makes the values; left out: a linear", None),
                _field("out", "body", "projects the result; left out: a linear to the channels that entered", None),
                _field("qkv_bias", "bool", "a bias in the linears of query, key and value", True),
                _field("dropout", "float", "chance that a score is dropped in training", 0.0, low=0, high=1),
                _field(
                    "window",
                    "size",
                    "height and width of the windows to attend inside; 0: none. A map that they do not divide is "
                    "filled up with zeros at the bottom and on the right, and cut back behind",
                    0,
                    low=0,
                ),
                _field("grid", "size", "rows and columns of a grid whose cells see each other; 0: none", 0, low=0),
                _field("shift", "size", "rows and columns by which the windows are moved around the edge", 0, low=0),
                _field(
                    "position_bias",
                    "relative | body",
                    "a bias per offset of two places: learned, or made by a body of the offsets; left out: none",
                    None,
                ),
            ),
        ),
        Structure(
            "rearrange",
            "an einops-like pattern over the axes behind the batch; with a body, undone afterwards. One axis behind "
            "the arrow gives a vector, two tokens, three a map, whatever they are called; four or more keep their "
            "names",
            "pattern",
            (_field("pattern", "text", "`c (h i) (w j) -> (j i c) h w`"),),
            roles=(("body", False),),
            open=True,
            forms=(("the pattern's axes", "their sizes, by name: `h: 2`; `e: 1` names a new axis behind the arrow"),),
        ),
        Structure(
            "parameter",
            "a learned value, the same for all samples",
            "shape",
            forms=(
                ("shape", "`{tokens: 1, channels: dim}`, the size of each axis by its name; required"),
                ("init", "an initialiser such as `zeros` or `{trunc_normal: 0.02}`, which is the default"),
            ),
        ),
        Structure(
            "for",
            "runs a body once per row of its columns; an int counts from 0",
            None,
            beside=(("do", True),),
            forms=(
                (
                    "columns",
                    "`{dim: [64, 128], i: 2}`, or a table `{columns: [a, b], rows: [[1, 2], [3, 4]]}`; required",
                ),
                ("collect", "`{skips: skip}`, beside the head: the list of a value of every round; may be left out"),
            ),
        ),
        Structure(
            "repeat",
            "runs a body n times, each time with weights of its own",
            None,
            beside=(("do", True),),
            forms=(("n", "an int; required"),),
        ),
        Structure(
            "if",
            "runs one of two bodies; no else: identity",
            None,
            beside=(("then", True), ("else", False)),
            forms=(("condition", "true or false, such as `stride > 1`; required"),),
        ),
        Structure(
            "side", "runs a body and passes its own input on; `as` names the result", "body", (), (("body", True),)
        ),
        Structure(
            "let", "names for expressions, to the end of the body", None, forms=(("names", "`{half: dim // 2}`"),)
        ),
    )
}

BESIDE = ("as", "from", "when", "share", "init")
"""The keys that may stand beside any op."""
