"""`--set` and `--data` on the command line."""

import subprocess
import sys
from pathlib import Path

import pytest

import blueprint
from blueprint.cli.settings import data_override, divided
from blueprint.compiler.specification import Specification
from blueprint.diagnostics import SpecError, UsageError
from blueprint.language.tree import plain
from blueprint.train.recipe_document import load_recipe


def test_settings_are_divided_between_the_spec_and_the_recipe():
    arguments, fields = divided(["num_classes=100", "recipe.epochs=3", "dims=[8, 16]", "num_classes = 5"])
    assert plain(arguments) == {"num_classes": 5, "dims": [8, 16]}
    assert fields == (("epochs", "3", "--set recipe.epochs=3"),)


def test_an_argument_keeps_its_place_in_the_command_line():
    arguments, _ = divided(["width=12"])
    (entry,) = arguments
    assert entry.value.span.source.text == "--set width=12"
    assert (entry.value.span.column, entry.value.span.end_column) == (13, 15)


def test_all_settings_at_fault_are_told():
    with pytest.raises(UsageError) as caught:
        divided(["nonsense", "=3", "width=[1", "depth="])
    assert sorted(d.code for d in caught.value.diagnostics) == ["syntax", "usage", "usage", "usage"]
    assert caught.value.status == 2


SPEC = """\
blueprint: 1
kind: model
name: settable
input: [3, 32, 32]
args:
  width: {default: 16, min: 8}
  dims: [16, 32]
  act: body = relu
  mixer: {type: body, default: []}
  core: body(out_channels) = plain
  stem: large | small = large
  ratio: 0.5
  wide: false
blocks:
  plain: {args: {out_channels: int}, body: [conv: {out_channels, kernel_size: 3}]}
body:
  - conv: {out_channels: width, kernel_size: 3 if stem == small else 7}
  - act
  - for: {dim: dims}
    do: [core: {out_channels: dim}, mixer]
  - dropout: ratio
  - tanh:
    when: wide
"""


@pytest.fixture
def load(tmp_path: Path):
    path = tmp_path / "settable.yaml"
    path.write_text(SPEC)
    return lambda *settings: blueprint.load(path, settings=divided(list(settings))[0])


def ops(loaded: Specification) -> list[str]:
    return [node.op.name for node in loaded.graph.nodes]


@pytest.mark.parametrize(
    ("setting", "argument", "value"),
    [
        ("width=2*32", "width", 64),
        ("width=24 if true else 8", "width", 24),
        ("width=1e2", "width", 100),
        ("dims=[64, width * 2]", "dims", [64, 32]),
        ("dims=[width] * 3", "dims", [16, 16, 16]),
        ('dims="[8] + [width]"', "dims", [8, 16]),
        ("ratio=1/4", "ratio", 0.25),
        ("wide=width > 8 and not false", "wide", True),
        ("stem=small", "stem", "small"),
        (" width = 32 ", "width", 32),
    ],
)
def test_a_setting_is_any_expression_that_the_spec_could_hold(load, setting, argument, value):
    assert load(setting).arguments[argument] == value


@pytest.mark.parametrize(
    ("setting", "added", "removed"),
    [
        ("act=gelu", ["gelu"], ["relu"]),
        ("act=gelu if width > 8 else silu", ["gelu"], ["relu"]),
        ("act=[gelu, dropout: 0.1]", ["gelu", "dropout"], ["relu"]),
        ("act=[]", [], ["relu"]),
        ("mixer=conv: {kernel_size: 3}", ["conv", "conv"], []),
        ("mixer=[{repeat: 2, do: [silu]}, plain: width]", ["silu", "silu", "conv"] * 2, []),
        ("mixer=\n- batch_norm\n- conv:\n    kernel_size: 1\n", ["batch_norm", "conv"] * 2, []),
        ("core=[plain: out_channels, gelu]", ["gelu"] * 2, []),
        ("core={conv: {out_channels, kernel_size: 1}}", [], []),
    ],
)
def test_a_setting_is_any_body_that_the_spec_could_hold(load, setting, added, removed):
    assert sorted(ops(load(setting))) == sorted([*(op for op in ops(load()) if op not in removed), *added])


@pytest.mark.parametrize(
    "setting", ["mixer=[{repeat: 2, do: [silu]}, plain: width]", "dims=[width] * 3", "act=gelu", 'dims="[8] + [width]"']
)
def test_a_spec_that_is_saved_with_its_settings_gives_the_same_graph(load, tmp_path, setting):
    loaded = load(setting)
    again = blueprint.load(loaded.save(tmp_path / "run"))
    assert [(n.op, n.path) for n in again.graph.nodes] == [(n.op, n.path) for n in loaded.graph.nodes]


@pytest.mark.parametrize(
    ("setting", "at_fault", "message", "help"),
    [
        ("dims=8,16", ",", "`,` has no place here", "a list stands in brackets: `[8,16]`"),
        ("dims=(8, 16)", "(", "`)` is missing", "a list stands in square brackets"),
        ("dims=8", "8", "`dims` needs a list[int], not the int 8", "a list of one is `[8]`"),
        ("dims=[8, 1.5]", "1.5", "`dims[1]` needs an int, not the float 1.5", ""),
        ("dims=[8, 16", "6", "`[` is never closed", ""),
        ("act=*x", "*x", "YAML's aliases are not part of the language", None),
        ("act=gelo", "gelo", "nothing here is called `gelo`", "did you mean `gelu`?"),
        ("act={gelo: 3}", "gelo", "there is no op or block `gelo`", "did you mean `gelu`?"),
        ("mixer=[conv: {kernel_sise: 3}]", "kernel_sise", "`conv` has no field `kernel_sise`", None),
        ("mixer=\n- relu\n- batch_nom", "batch_nom", "there is no op or block `batch_nom`", None),
        ("width=4", "4", "`width` is at least 8", ""),
        ("width=1 +", "+", "the expression ends after `+`", ""),
        ("width=x.channels", "x", "nothing here is called `x`", None),
        ("width=dims[0]", "dims", "`dims` has no value yet where `width` gets its own", None),
        ("dims=[width, dims[0]]", "dims", "`dims` is set by its own value", ""),
        ("wide=yes", "yes", "nothing here is called `yes`", "a bool is `true` or `false`"),
        ("stem=smal", "smal", None, "did you mean `small`?"),
        ("widht=8", "widht", "the model has no argument `widht`", "did you mean `width`?"),
        ("width=", "width", "`width` is set to nothing", "`--set width=VALUE`"),
    ],
)
def test_a_fault_of_a_setting_points_into_it(load, setting, at_fault, message, help):
    with pytest.raises(SpecError) as caught:
        load(setting)
    (fault,) = caught.value.diagnostics
    assert fault.span.source.name == f"<--set {setting.partition('=')[0]}>"
    line = fault.span.source.lines[fault.span.line - 1]
    assert line[fault.span.column - 1 : fault.span.end_column - 1] == at_fault
    assert message is None or fault.message == message
    assert help is None or fault.help == help


def test_a_fault_where_a_body_runs_names_the_setting_that_chose_it(load):
    with pytest.raises(SpecError) as caught:
        load("core=conv")
    (fault,) = caught.value.diagnostics
    assert fault.message == "`conv` needs `kernel_size`"
    assert "`core` is `conv`, set at <--set core>:1:12" in [note.message for note in fault.notes]


def test_the_last_of_several_settings_of_an_argument_holds(load):
    assert load("width=8", "stem=small", "width=24").arguments["width"] == 24


def test_settings_of_arguments_alone_need_no_recipe():
    code = (
        "import sys; from blueprint.cli.settings import divided; divided(['data=3', 'act=[gelu]'])\n"
        "assert not {'pydantic', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_data_is_a_source_or_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my: images").mkdir()
    assert load_recipe("digits", (data_override("cifar100"),)).data.name == "cifar100"
    recipe = load_recipe("digits", (data_override("my: images"),))
    assert (recipe.data.name, recipe.data.root) == ("folder", "my: images")


def test_other_data_names_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for given, meant in (("cifar11", "cifar10"), ("photo", "photos")):
        with pytest.raises(UsageError) as caught:
            data_override(given)
        (fault,) = caught.value.diagnostics
        assert fault.code == "data-not-found"
        assert fault.help == f"did you mean `{meant}`?"
