"""Strategies that draw, for every op, fields and the types of inputs that fit them."""

from __future__ import annotations

from hypothesis import strategies as st

from blueprint.language.values import ValueType, by_rank, map_of, tokens_of, vector_of

small = st.integers(1, 6)
sides = st.integers(1, 9)
maps = st.builds(map_of, small, sides, sides)
tokens = st.builds(tokens_of, sides, small)
vectors = st.builds(vector_of, small)
axes = st.builds(lambda a, b, c: ValueType((("channels", a), ("left", b), ("right", c))), small, small, small)
any_kind = st.one_of(maps, tokens, vectors, axes)
rates = st.sampled_from([0.0, 0.25, 0.5, 1.0])
bounds = st.floats(-2, 2)


def sizes(values):
    """One number or a pair."""
    return st.one_of(values, st.tuples(values, values))


def fields(**options):
    """Dictionaries with each of the options drawn or left out."""
    return st.fixed_dictionaries({}, optional=options)


def on(kinds, required=None, **options):
    """Cases with one input of these kinds, the required fields and any of the options."""
    return st.tuples(st.fixed_dictionaries(required or {}, optional=options), st.tuples(kinds))


@st.composite
def convs(draw):
    kernel = draw(sizes(st.integers(1, 4)))
    groups = draw(st.integers(1, 3))
    x = map_of(groups * draw(st.integers(1, 3)), draw(sides), draw(sides))
    options = draw(
        fields(
            out_channels=st.integers(1, 3).map(lambda n: n * groups),
            stride=sizes(st.integers(1, 3)),
            padding=st.one_of(st.just("same"), sizes(st.integers(0, 3))),
            dilation=sizes(st.integers(1, 2)),
            bias=st.booleans(),
            padding_mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
            weight_mask=st.sampled_from([1.0, 0.5]),
        )
    )
    return {"kernel_size": kernel, "groups": groups, **options}, (x,)


@st.composite
def convs1d(draw):
    groups = draw(st.integers(1, 3))
    x = tokens_of(draw(sides), groups * draw(st.integers(1, 3)))
    options = draw(
        fields(
            out_channels=st.integers(1, 3).map(lambda n: n * groups),
            stride=st.integers(1, 3),
            padding=st.one_of(st.just("same"), st.integers(0, 3)),
            dilation=st.integers(1, 2),
            bias=st.booleans(),
            padding_mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
        )
    )
    return {"kernel_size": draw(st.integers(1, 4)), "groups": groups, **options}, (x,)


@st.composite
def transposed(draw, kind):
    """Cases of a transposed convolution, whose sizes are pairs for maps and numbers for tokens."""
    sized = sizes if kind == "map" else (lambda values: values)
    groups = draw(st.integers(1, 3))
    channels = groups * draw(st.integers(1, 3))
    x = map_of(channels, draw(small), draw(small)) if kind == "map" else tokens_of(draw(sides), channels)
    options = draw(
        fields(
            out_channels=st.integers(1, 3).map(lambda n: n * groups),
            stride=sized(st.integers(1, 3)),
            padding=sized(st.integers(0, 2)),
            output_padding=sized(st.integers(0, 1)),
            dilation=sized(st.integers(1, 2)),
            bias=st.booleans(),
        )
    )
    return {"kernel_size": draw(sized(st.integers(1, 4))), "groups": groups, **options}, (x,)


@st.composite
def unfolds(draw):
    options = draw(
        fields(
            stride=sizes(st.integers(1, 3)),
            padding=st.one_of(st.just("same"), sizes(st.integers(0, 3))),
            dilation=sizes(st.integers(1, 2)),
        )
    )
    return {"kernel_size": draw(sizes(st.integers(1, 4))), **options}, (draw(maps),)


@st.composite
def merged(draw, most=4):
    """Values that broadcast: a whole one and others with axes missing or of size 1."""
    whole = draw(any_kind)
    values = [whole]
    for _ in range(draw(st.integers(0, most - 1))):
        kept = [(n, 1 if draw(st.booleans()) else s) for n, s in whole.axes if draw(st.booleans())]
        values.append(ValueType(tuple(kept or whole.axes)))
    return {}, tuple(draw(st.permutations(values)))


@st.composite
def pairs(draw):
    options, values = draw(merged(2))
    return options, (values + values)[:2]


@st.composite
def concats(draw):
    whole = draw(any_kind)
    axis = draw(st.sampled_from(whole.names))
    lengths = draw(st.lists(small, min_size=1, max_size=3))
    values = [whole.replace(**{axis: n}) for n in lengths]
    if draw(st.booleans()):
        values.append(ValueType(values[0].axes, batched=False))
    return {"axis": axis}, tuple(draw(st.permutations(values)))


@st.composite
def splits(draw):
    parts = draw(st.lists(small, min_size=1, max_size=4))
    whole = draw(any_kind)
    axis = draw(st.sampled_from(whole.names))
    return {"sizes": parts, "axis": axis}, (whole.replace(**{axis: sum(parts)}),)


@st.composite
def axis_of(draw, required=None, **options):
    x = draw(any_kind)
    axis = draw(st.sampled_from(x.names))
    chosen = {"keepdim": True} if len(x.axes) == 1 and "keepdim" in options else draw(fields(**options))
    return {"axis": axis, **draw(st.fixed_dictionaries(required or {})), **chosen}, (x,)


@st.composite
def halved(draw):
    x = draw(any_kind)
    axis = draw(st.sampled_from(x.names))
    return {"axis": axis}, (x.replace(**{axis: 2 * x.size(axis)}),)


@st.composite
def in_groups(draw, field, kinds, axes=("channels",), power=1, **options):
    """Cases of a number, given by `field`, whose power divides the axes."""
    groups = draw(st.integers(1, 3))
    x = draw(kinds)
    whole = x.replace(**{axis: x.size(axis) * groups**power for axis in axes})
    return {field: groups, **draw(fields(**options))}, (whole,)


@st.composite
def prelus(draw):
    x = draw(any_kind)
    return {"num_parameters": draw(st.sampled_from([1, x.channels]))}, (x,)


@st.composite
def rearranges(draw):
    """A random pattern: names grouped on the left, shuffled and grouped anew on the right."""
    lengths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))
    names = [f"n{i}" for i in range(len(lengths))]
    size = dict(zip(names, lengths, strict=True))

    def grouped(order):
        groups = []
        for name in order:
            if groups and draw(st.booleans()):
                groups[-1].append(name)
            else:
                groups.append([name])
        for _ in range(draw(st.integers(0, 1))):
            groups.insert(draw(st.integers(0, len(groups))), [])
        return groups

    def text(groups):
        return " ".join(("(" + " ".join(g) + ")") if len(g) > 1 else (g[0] if g else "1") for g in groups)

    left = grouped(names)
    right = grouped(draw(st.permutations(names)))
    given = []
    for group in left:
        free = draw(st.sampled_from(group)) if group else None
        given += [(n, size[n]) for n in group if n != free or draw(st.booleans())]
    shape = []
    for group in left:
        total = 1
        for name in group:
            total *= size[name]
        shape.append(total)
    x = ValueType(tuple((f"a{i}", s) for i, s in enumerate(shape)))
    if len(shape) <= 3:
        kinds = {1: ("channels",), 2: ("tokens", "channels"), 3: ("channels", "height", "width")}
        x = ValueType(tuple(zip(kinds[len(shape)], shape, strict=True)))
    return {"pattern": f"{text(left)} -> {text(right)}", "sizes": tuple(given)}, (x,)


@st.composite
def einsums(draw):
    """A random pattern of one value to three, of which one may be learned."""
    size = {name: draw(st.integers(1, 3)) for name in ("i", "j", "k", "wide", "n_2")}
    picked = st.lists(st.sampled_from(sorted(size)), min_size=1, max_size=4, unique=True)
    left = draw(st.lists(picked, min_size=1, max_size=3))
    right = draw(st.lists(st.sampled_from(sorted({n for names in left for n in names})), min_size=1, unique=True))
    learned = draw(st.integers(0, len(left) - 1)) if len(left) > 1 and draw(st.booleans()) else None
    values = [
        by_rank(tuple(size[n] for n in names), tuple(f"a{i}" for i in range(len(names))), index != learned)
        for index, names in enumerate(left)
    ]
    return {"pattern": f"{', '.join(map(' '.join, left))} -> {' '.join(right)}"}, tuple(values)


@st.composite
def to_maps(draw):
    height, width, channels = draw(small), draw(small), draw(small)
    options = [{"height": height}, {"width": width}, {"height": height, "width": width}]
    if height == width:
        options.append({})
    return draw(st.sampled_from(options)), (tokens_of(height * width, channels),)


@st.composite
def interpolations(draw):
    """The fields that say how a value between places is found."""
    options = draw(fields(mode=st.sampled_from(["nearest", "bilinear", "bicubic"])))
    if options.get("mode", "nearest") != "nearest":
        options["align_corners"] = draw(st.booleans())
    return options


@st.composite
def upsamples(draw):
    x, options = draw(maps), draw(interpolations())
    if draw(st.booleans()):
        options["size"] = draw(sizes(sides))
    else:
        options["scale_factor"] = draw(st.sampled_from([1.0, 1.5, 2.0, 3.0, 2.3]))
    return options, (x,)


@st.composite
def pads(draw):
    x = draw(st.one_of(maps, tokens))
    options = draw(fields(mode=st.sampled_from(["constant", "reflect", "replicate", "circular"])))
    if options.get("mode", "constant") == "constant" and draw(st.booleans()):
        options["value"] = draw(st.floats(-1, 1))
    if draw(st.booleans()):
        multiples = st.integers(1, 4)
        return {"multiple": draw(multiples if x.kind == "tokens" else sizes(multiples)), **options}, (x,)
    amounts = {axis: draw(sizes(st.integers(0, 3))) for axis in x.names if axis != "channels" and draw(st.booleans())}
    return {**amounts, **options}, (x,)


@st.composite
def crops(draw):
    x = draw(st.one_of(maps, tokens))
    kept = {axis: draw(st.integers(1, n)) for axis, n in x.axes if axis != "channels" and draw(st.booleans())}
    return {**kept, **draw(fields(align=st.sampled_from(["start", "center", "end"])))}, (x,)


@st.composite
def crops_like(draw):
    like = draw(st.one_of(maps, tokens))
    x = like.replace(**{axis: n + draw(st.integers(0, 4)) for axis, n in like.axes})
    return draw(fields(align=st.sampled_from(["start", "center", "end"]))), (x, like)


@st.composite
def attentions(draw):
    heads = draw(st.integers(1, 3))
    inner, outer = heads * draw(st.integers(1, 3)), heads * draw(st.integers(1, 3))

    def places(channels, h, w, as_map):
        return map_of(channels, h, w) if as_map else tokens_of(h * w, channels)

    height, width = draw(small), draw(small)
    query = places(inner, draw(small), draw(small), draw(st.booleans()))
    key = places(inner, height, width, draw(st.booleans()))
    value = places(outer, height, width, draw(st.booleans()))
    options = draw(SCORES)
    bias = bias_of(heads, query.elements // inner, height * width) if draw(st.booleans()) else ()
    return {"num_heads": heads, **options}, (query, key, value, *bias)


SCORES = fields(scale=st.one_of(st.just("none"), st.floats(0.1, 2.0)), dropout=st.sampled_from([0.0, 0.3]))


def bias_of(heads, queries, keys, batched=False):
    return (ValueType((("heads", heads), ("queries", queries), ("keys", keys)), batched),)


@st.composite
def windowed_attentions(draw):
    heads, cut = draw(st.integers(1, 3)), (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    height, width = (side * draw(st.integers(1, 3)) for side in cut)
    inner, outer = (heads * draw(st.integers(1, 3)) for _ in range(2))
    if draw(st.booleans()):
        options = {"grid": cut}
    else:
        options = {"window": cut, "shift": tuple(draw(st.integers(0, side - 1)) for side in cut)}
    bias = bias_of(heads, cut[0] * cut[1], cut[0] * cut[1], draw(st.booleans())) if draw(st.booleans()) else ()
    kinds = (map_of(inner, height, width), map_of(inner, height, width), map_of(outer, height, width), *bias)
    return {"num_heads": heads, **options, **draw(SCORES)}, kinds


@st.composite
def offsets(draw):
    height, width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    x = tokens_of((2 * height - 1) * (2 * width - 1), draw(small))
    return {"window": (height, width)}, (ValueType(x.axes, draw(st.booleans())),)


@st.composite
def masks(draw):
    over = draw(st.sampled_from(["channels", "elements", "pixels", "samples"]))
    x = draw(st.one_of(maps, tokens) if over == "pixels" else any_kind)
    return {"over": over, **draw(fields(keep=rates))}, (x,)


@st.composite
def parameters(draw):
    x = draw(any_kind)
    return {"shape": x.axes}, ()


poolings = {"padding": sizes(st.integers(0, 2)), "stride": sizes(st.integers(1, 3)), "ceil_mode": st.booleans()}


def pools(**options):
    """Cases of a pool over windows."""
    return on(maps, {"kernel_size": sizes(st.integers(1, 4))}, **poolings, **options)


def adaptive():
    """Cases of a pool to a given size."""
    return on(maps, {"output_size": sizes(st.integers(1, 5))})


CASES = {
    "conv": convs(),
    "conv1d": convs1d(),
    "conv_transpose": transposed("map"),
    "conv_transpose1d": transposed("tokens"),
    "linear": on(any_kind, out_features=small, bias=st.booleans()),
    "batch_norm": on(
        st.one_of(maps, tokens, vectors),
        eps=st.sampled_from([1e-5, 1e-3]),
        momentum=st.sampled_from(["none", 0.1, 0.01]),
        affine=st.booleans(),
        track_running_stats=st.booleans(),
    ),
    "layer_norm": on(any_kind, eps=st.sampled_from([1e-5, 1e-3]), elementwise_affine=st.booleans(), bias=st.booleans()),
    "rms_norm": on(any_kind, eps=st.sampled_from(["none", 1e-5, 1e-3]), elementwise_affine=st.booleans()),
    "instance_norm": on(
        st.one_of(maps, tokens),
        eps=st.sampled_from([1e-5, 1e-3]),
        momentum=st.sampled_from([0.1, 0.01]),
        affine=st.booleans(),
        track_running_stats=st.booleans(),
    ),
    "group_norm": in_groups("num_groups", any_kind, eps=st.sampled_from([1e-5, 1e-3]), affine=st.booleans()),
    "local_response_norm": on(
        st.one_of(maps, tokens),
        {"size": st.integers(1, 5)},
        alpha=st.floats(0, 1),
        beta=st.floats(0.5, 1),
        k=st.floats(1, 2),
    ),
    **{
        name: on(any_kind)
        for name in (
            *("identity", "relu", "relu6", "silu", "mish", "sigmoid", "tanh", "hardswish", "hardsigmoid"),
            *("selu", "log_sigmoid", "tanhshrink", "softsign", "exp", "log", "abs", "square", "sqrt"),
            *("log1p", "sin", "cos", "sign"),
            "flatten",
        )
    },
    "gelu": on(any_kind, approximate=st.sampled_from(["none", "tanh"])),
    "leaky_relu": on(any_kind, negative_slope=st.floats(-1, 1)),
    "elu": on(any_kind, alpha=st.floats(0.1, 2)),
    "softplus": on(any_kind, beta=st.floats(0.5, 2), threshold=st.floats(1, 20)),
    "celu": on(any_kind, alpha=st.floats(0.1, 2)),
    "threshold": on(any_kind, {"threshold": bounds, "value": bounds}),
    "hardtanh": on(any_kind, min_val=bounds, max_val=bounds),
    "hardshrink": on(any_kind, lambd=st.floats(0, 1)),
    "softshrink": on(any_kind, lambd=st.floats(0, 1)),
    "prelu": prelus(),
    "rrelu": on(any_kind, lower=st.floats(-0.5, 0.3), upper=st.floats(0.4, 1)),
    "clamp": on(any_kind, min=bounds, max=bounds),
    "softmax": axis_of(),
    "softmin": axis_of(),
    "log_softmax": axis_of(),
    "normalize": axis_of(p=st.sampled_from([1.0, 2.0, 3.0]), eps=st.sampled_from([1e-12, 0.1])),
    "glu": halved(),
    "max_pool": pools(dilation=sizes(st.integers(1, 2))),
    "avg_pool": pools(count_include_pad=st.booleans()),
    "lp_pool": on(
        maps,
        {"kernel_size": sizes(st.integers(1, 4)), "norm_type": st.sampled_from([1.0, 2.0, 4.0])},
        stride=poolings["stride"],
        ceil_mode=st.booleans(),
    ),
    "adaptive_avg_pool": adaptive(),
    "adaptive_max_pool": adaptive(),
    "global_avg_pool": on(st.one_of(maps, tokens)),
    "global_max_pool": on(st.one_of(maps, tokens)),
    "mean": axis_of(keepdim=st.booleans()),
    "amax": axis_of(keepdim=st.booleans()),
    "sum": axis_of(keepdim=st.booleans()),
    "amin": axis_of(keepdim=st.booleans()),
    "roll": axis_of({"shift": st.integers(-9, 9)}),
    "flip": axis_of(),
    "unfold": unfolds(),
    "add": merged(),
    "subtract": pairs(),
    "divide": pairs(),
    "multiply": merged(),
    "average": merged(),
    "maximum": merged(),
    "minimum": merged(),
    "concat": concats(),
    "split": splits(),
    "scale": on(any_kind, {"factor": bounds}, offset=bounds),
    "to_tokens": on(maps),
    "to_map": to_maps(),
    "rearrange": rearranges(),
    "channel_shuffle": in_groups("groups", st.one_of(maps, tokens)),
    "pixel_shuffle": in_groups("upscale_factor", maps, power=2),
    "pixel_unshuffle": in_groups("downscale_factor", maps, ("height", "width")),
    "pad": pads(),
    "crop": crops(),
    "crop_like": crops_like(),
    "einsum": einsums(),
    "upsample": upsamples(),
    "upsample_like": st.tuples(interpolations(), st.tuples(maps, maps)),
    "scaled_dot_product_attention": st.one_of(attentions(), windowed_attentions()),
    "relative_position_bias": offsets(),
    "relative_offsets": st.tuples(st.fixed_dictionaries({"window": sizes(small)}), st.just(())),
    "dropout": on(any_kind, p=rates),
    "drop_path": on(any_kind, {"p": rates}),
    "mask": masks(),
    "parameter": parameters(),
}
