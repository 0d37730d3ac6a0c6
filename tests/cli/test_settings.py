"""`--set` and `--data` on the command line."""

import pytest

from blueprint.cli.settings import data_override, divided
from blueprint.diagnostics import UsageError
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
    assert [d.code for d in caught.value.diagnostics] == ["usage"] * 4
    assert caught.value.status == 2


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
