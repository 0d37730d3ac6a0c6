"""A recipe's faults: each at its place, in our words, all at once."""

import pytest

from blueprint.diagnostics import Reporter, Source, SpecError
from blueprint.diagnostics.render import render_text
from blueprint.language.reader import read_text
from blueprint.language.zoo import shipped
from blueprint.train.recipe_document import bind_recipe, load_recipe

GOOD = """\
blueprint: 1
kind: recipe
name: good
data: digits
optimiser: {sgd: {lr: 0.1}}
epochs: 2
batch_size: 8
"""


def bound(text):
    reporter = Reporter()
    tree = read_text(Source("r.yaml", text), reporter)
    assert tree is not None
    return bind_recipe(tree, reporter), reporter


def faults(text):
    recipe, reporter = bound(text)
    assert recipe is None
    return [(d.code, d.span.line, d.span.column, d.message, d.label, d.help) for d in reporter]


def with_line(line):
    """The good recipe with a line added, in place of the line of the same key."""
    key = line.split(":")[0]
    kept = [old for old in GOOD.splitlines() if old.split(":")[0] != key]
    return "\n".join([*kept, line]) + "\n"


def test_a_good_recipe_has_its_values_and_defaults():
    recipe, reporter = bound(GOOD)
    assert not reporter.found
    assert (recipe.epochs, recipe.batch_size, recipe.seed) == (2, 8, 0)
    assert recipe.optimiser.lr == 0.1
    assert recipe.data.name == "digits"
    assert recipe.schedule.name == "constant"
    assert recipe.normalize.name == "data"


@pytest.mark.parametrize("name", sorted(shipped("recipe")))
def test_a_shipped_recipe_has_no_fault_and_its_own_name(name):
    assert load_recipe(name).name == name


@pytest.mark.parametrize(
    ("line", "code", "column", "message", "label", "help"),
    [
        ("epochs: 0", "out-of-range", 9, "`epochs` is at least 1", "`0`", ""),
        ("epochs: 2.5", "wrong-type", 9, "`epochs` is a whole number", "`2.5`", ""),
        ("epochs: true", "wrong-type", 9, "`epochs` is a whole number", "true", ""),
        ('batch_size: "8"', "wrong-type", 13, "`batch_size` is a whole number", '`"8"`', ""),
        ("batch_size: [8]", "wrong-type", 13, "`batch_size` is a whole number", "a list", ""),
        ("label_smoothing: 1", "out-of-range", 18, "`label_smoothing` is below 1", "`1`", ""),
        ("clip_norm: 0", "out-of-range", 12, "`clip_norm` is above 0", "`0`", ""),
        ("compile: 1", "wrong-type", 10, "`compile` is `true` or `false`", "`1`", ""),
        ("name: 3", "wrong-type", 7, "`name` is a text", "`3`", ""),
        ('name: ""', "out-of-range", 7, "`name` has at least 1 character", "0 characters", ""),
        ("epochss: 3", "unknown-key", 1, "a recipe has no `epochss`", "", "did you mean `epochs`?"),
        ("about: {titel: x}", "unknown-key", 9, "`about` has no `titel`", "", "did you mean `title`?"),
        (
            "precision: bfloat",
            "unknown-name",
            12,
            "`precision` is `float32`, `bfloat16` or `float16`",
            '`"bfloat"`',
            "did you mean `bfloat16`?",
        ),
        ("image_size: [32]", "out-of-range", 13, "`image_size` has at least 2 values", "1 value", ""),
        ("image_size: [32, 0]", "out-of-range", 18, "`image_size` is at least 1", "`0`", ""),
        (
            "image_size: big",
            "wrong-type",
            13,
            "`image_size` is a whole number, or a list of two: height and width",
            '`"big"`',
            "",
        ),
        ("data: foldr", "unknown-name", 7, "`data` knows no `foldr`", "", "did you mean `folder`?"),
        ("data: {folder: {}}", "missing-key", 8, "`folder` needs `root`", "", None),
        ("data: folder", "missing-key", 7, "`folder` needs `root`", "", None),
        (
            "data: {folder: {root: x, unreadable: drop}}",
            "unknown-name",
            38,
            "`unreadable` is `refuse` or `skip`",
            '`"drop"`',
            "one of `refuse` or `skip`",
        ),
        (
            "augment: [random_corp]",
            "unknown-name",
            11,
            "`augment` knows no `random_corp`",
            "",
            "did you mean `random_crop`?",
        ),
        (
            "augment: [random_crop: {paddin: 3}]",
            "unknown-key",
            25,
            "`random_crop` has no `paddin`",
            "",
            "did you mean `padding`?",
        ),
        ("augment: [horizontal_flip: 1.5]", "out-of-range", 28, "`p` is at most 1", "`1.5`", ""),
        (
            "augment: [random_rotation]",
            "missing-key",
            11,
            "`random_rotation` needs `degrees`",
            "",
            "the largest angle, in degrees, to either side",
        ),
        ("augment: random_crop", "wrong-type", 10, "`augment` is a list", '`"random_crop"`', ""),
        ("optimiser: {sgd: {lr: fast}}", "wrong-type", 23, "`lr` is a number", '`"fast"`', ""),
        ("optimiser: {sgd: {lr: -0.1}}", "out-of-range", 23, "`lr` is above 0", "`-0.1`", ""),
        ("optimiser: sgd", "missing-key", 12, "`sgd` needs `lr`", "", None),
        (
            "optimiser: {sgd: {lr: 0.1, nesterov: true}}",
            "out-of-range",
            38,
            "`nesterov` needs a `momentum` above 0",
            "",
            "",
        ),
        (
            "optimiser: {adamw: {lr: 1, betas: [0.9]}}",
            "out-of-range",
            35,
            "`betas` has at least 2 values",
            "1 value",
            "",
        ),
        ("schedule: {step: []}", "out-of-range", 18, "`milestones` has at least 1 value", "0 values", ""),
        (
            "normalize: {given: {mean: [0.5], std: [1, 1]}}",
            "out-of-range",
            39,
            "`mean` and `std` have a value for each channel",
            "",
            "",
        ),
        (
            "augment: [horizontal_flip, random_resized_crop]",
            "out-of-range",
            10,
            "`random_resized_crop` comes once, and first: it gives the images their size",
            "",
            "",
        ),
    ],
)
def test_a_fault_is_told_at_its_place(line, code, column, message, label, help):
    text = with_line(line)
    (found,) = faults(text)
    assert found[:4] == (code, len(text.splitlines()), column, message)
    assert found[4] == label
    assert help is None or found[5] == help


def test_a_missing_key_is_told_with_what_it_is_for():
    text = GOOD.replace("batch_size: 8\n", "")
    assert faults(text) == [("missing-key", 1, 1, "a recipe needs `batch_size`", "", "images in a step")]


def test_all_faults_come_at_once_in_the_order_of_their_places():
    text = GOOD.replace("lr: 0.1", "lr: 0").replace("epochs: 2", "epochs: two") + "sede: 1\n"
    assert [f[:2] for f in faults(text)] == [("out-of-range", 5), ("wrong-type", 6), ("unknown-key", 8)]


def test_faults_of_the_header_are_told_once():
    assert [f[0] for f in faults(GOOD.replace("blueprint: 1", "blueprint: 2"))] == ["wrong-type"]
    assert [f[0] for f in faults(GOOD.replace("kind: recipe\n", ""))] == ["missing-key"]
    assert [f[0] for f in faults(GOOD.replace("kind: recipe", "kind: model"))] == ["wrong-kind"]


def test_a_diagnostic_shows_the_line_at_fault():
    _, reporter = bound(with_line("augment: [random_crop: {paddin: 3}]"))
    assert render_text(reporter.sorted()) == (
        "error[unknown-key]: `random_crop` has no `paddin`\n"
        " --> r.yaml:8:25\n"
        "  |\n"
        "8 | augment: [random_crop: {paddin: 3}]\n"
        "  |                         ^^^^^^\n"
        "  = help: did you mean `padding`?\n"
        "\n"
        "1 error"
    )


def test_a_recipe_is_the_same_from_a_dictionary_and_after_being_written_out():
    recipe, _ = bound(GOOD)
    import json

    assert load_recipe(json.loads(recipe.model_dump_json())) == recipe
    assert load_recipe(json.loads(recipe.model_dump_json(exclude_none=True))) == recipe


OVERRIDES = [
    ("optimiser.lr", "0.05", lambda r: r.optimiser.lr, 0.05),
    ("optimiser.sgd.momentum", "0.9", lambda r: r.optimiser.momentum, 0.9),
    ("optimiser", "{adamw: {lr: 1e-3}}", lambda r: r.optimiser.name, "adamw"),
    ("schedule.cosine.min_lr", "0.5", lambda r: (r.schedule.name, r.schedule.min_lr), ("cosine", 0.5)),
    ("schedule", "cosine", lambda r: r.schedule.name, "cosine"),
    ("data", "cifar10", lambda r: r.data.name, "cifar10"),
    ("data", "{cifar10: {root: x}}", lambda r: (r.data.name, r.data.root), ("cifar10", "x")),
    ("epochs", "3", lambda r: r.epochs, 3),
    ("augment", "[random_crop: 2]", lambda r: r.augment[0].padding, 2),
    ("about.title", "a title", lambda r: r.about.title, "a title"),
]


@pytest.mark.parametrize(("path", "value", "read", "want"), OVERRIDES, ids=[o[0] for o in OVERRIDES])
def test_a_field_is_set_from_the_command_line(tmp_path, path, value, read, want):
    file = tmp_path / "r.yaml"
    file.write_text(GOOD)
    assert read(load_recipe(file, ((path, value, f"--set recipe.{path}={value}"),))) == want


def test_settings_of_a_main_value_and_of_list_items_are_set(tmp_path):
    file = tmp_path / "r.yaml"
    file.write_text(GOOD + "augment: [horizontal_flip, random_crop: 4]\nschedule: {cosine: 1e-6}\n")
    settings = (("augment.1.padding_mode", "reflect"), ("schedule.warmup_epochs", "5"), ("augment.0.p", "0.1"))
    recipe = load_recipe(file, tuple((p, v, f"--set recipe.{p}={v}") for p, v in settings))
    assert (recipe.augment[0].p, recipe.augment[1].padding, recipe.augment[1].padding_mode) == (0.1, 4, "reflect")
    assert (recipe.schedule.min_lr, recipe.schedule.warmup_epochs) == (1e-6, 5)


@pytest.mark.parametrize(
    ("path", "value", "code", "column", "message"),
    [
        ("optimiser.lr", "-1", "out-of-range", 27, "`lr` is above 0"),
        ("optimiser.lrr", "1", "unknown-key", 7, "`sgd` has no `lrr`"),
        ("epoch", "1", "unknown-key", 7, "a recipe has no `epoch`"),
        ("epochs", "[1", "syntax", 22, "`[` is never closed"),
        ("epochs", "", "usage", 7, "`recipe.epochs` is set to nothing"),
        ("augment.7.p", "1", "wrong-type", 7, None),
    ],
)
def test_a_fault_of_a_setting_is_shown_in_the_command_lines_words(tmp_path, path, value, code, column, message):
    file = tmp_path / "r.yaml"
    file.write_text(GOOD)
    words = f"--set recipe.{path}={value}"
    with pytest.raises(SpecError) as caught:
        load_recipe(file, ((path, value, words),))
    (fault,) = caught.value.diagnostics
    assert fault.code == code
    assert fault.span.source.text == words
    assert fault.span.column == column
    assert message is None or fault.message == message


@pytest.mark.parametrize(
    ("path", "value", "message", "help"),
    [
        (
            "optimiser.adamw.lr",
            "0.01",
            "`optimiser` is `sgd`, which has no `adamw`",
            "`recipe.optimiser={adamw: {lr: 0.01}}` chooses `adamw` in its place",
        ),
        ("data.cifar10", "x", "`data` is `digits`, which has no `cifar10`", None),
        (
            "augment.0.random_crop.padding",
            "2",
            "`augment.0` is `horizontal_flip`, which has no `random_crop`",
            "`recipe.augment.0={random_crop: {padding: 2}}` chooses `random_crop` in its place",
        ),
    ],
)
def test_a_setting_of_another_choice_than_the_recipes_does_not_change_the_choice(tmp_path, path, value, message, help):
    file = tmp_path / "r.yaml"
    file.write_text(GOOD + "augment: [horizontal_flip]\n")
    with pytest.raises(SpecError) as caught:
        load_recipe(file, ((path, value, f"--set recipe.{path}={value}"),))
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.message) == ("unknown-key", message)
    assert help is None or fault.help == help
    assert fault.notes[0].span.source.name == str(file)


def test_the_value_that_chooses_another_option_is_taken(tmp_path):
    file = tmp_path / "r.yaml"
    file.write_text(GOOD)
    settings = (("optimiser", "{adamw: 0.5}"), ("optimiser.adamw.weight_decay", "0.25"))
    recipe = load_recipe(file, tuple((p, v, f"--set recipe.{p}={v}") for p, v in settings))
    assert (recipe.optimiser.name, recipe.optimiser.lr, recipe.optimiser.weight_decay) == ("adamw", 0.5, 0.25)
