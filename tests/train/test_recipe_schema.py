"""The JSON Schema of recipes agrees with the binder and reads well in an editor."""

import json

import jsonschema
import pytest
import yaml

from blueprint.diagnostics import Reporter, Source
from blueprint.language.reader import read_text
from blueprint.language.tree import plain
from blueprint.language.zoo import shipped
from blueprint.train.recipe import recipe_schema
from blueprint.train.recipe_document import bind_recipe
from tests.train.test_recipe_document import GOOD, with_line

SCHEMA = recipe_schema()


def parts(schema):
    yield schema
    for value in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(value, (dict, list)):
            yield from parts(value)


def test_it_is_a_schema_of_2020_12_without_unions_or_references():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)
    for word in ("anyOf", "oneOf", "$ref", "$defs"):
        assert f'"{word}"' not in text


def test_every_field_is_described():
    for part in parts(SCHEMA):
        if isinstance(part, dict) and part.get("type") == "object" and "properties" in part:
            for name, field in part["properties"].items():
                assert field.get("description"), name


@pytest.mark.parametrize("name", sorted(shipped("recipe")))
def test_the_shipped_recipes_fit_it(name):
    reporter = Reporter()
    tree = read_text(Source(name, shipped("recipe")[name].read_text()), reporter)
    jsonschema.validate(plain(tree), SCHEMA, jsonschema.Draft202012Validator)


LINES = """\
epochs: 0
epochs: 3.0
epochs: 2.5
epochs: "3"
batch_size: null
label_smoothing: 1
label_smoothing: 0.1
clip_norm: null
clip_norm: 0
clip_norm: 1
image_size: null
image_size: 32
image_size: [32, 48]
image_size: [32]
image_size: [32, 0]
image_size: big
about: null
about: {title: x, stated: [a]}
about: {stated: a}
about: {titel: x}
spec: null
spec: tiny
spec: ""
precision: bfloat16
precision: half
channels_last: 1
data: cifar10
data: folder
data: {folder: x}
data: {folder: {root: x, unreadable: skip}}
data: {folder: {root: x, unreadable: drop}}
data: {folder: {root: x}, digits: {}}
data: {}
data: 3
data: {cifar10: {download: false, root: null}}
data: {imagenette: 320px}
data: {imagenette: 321px}
augment: []
augment: [horizontal_flip, random_crop: 4, auto_augment: svhn]
augment: [horizontal_flip: 2]
augment: [random_rotation]
augment: [random_rotation: 15]
augment: [random_crop: 0]
augment: [random_resized_crop: [0.1, 1]]
augment: [random_resized_crop: [0.1]]
augment: [color_jitter: {brightness: 0.4}]
augment: [color_jitter: 0.4]
augment: horizontal_flip
augment: [nothing]
normalize: none
normalize: given
normalize: {given: {mean: [0.5], std: [0.5]}}
normalize: {given: {mean: [2], std: [0.5]}}
optimiser: sgd
optimiser: {sgd: 0.1}
optimiser: {sgd: {lr: 0}}
optimiser: {adamw: {lr: 0.1, betas: [0.9, 1]}}
optimiser: {adamw: {lr: 0.1, decay: weights}}
optimiser: {adamw: {lr: 0.1, momentum: 0.9}}
schedule: cosine
schedule: step
schedule: {step: [1, 2]}
schedule: {step: {milestones: [1.5]}}
schedule: {one_cycle: 1}
seed: -1
seed: 4294967295
kind: model
blueprint: 2
unknown: 1
""".splitlines()


@pytest.mark.parametrize("line", LINES)
def test_the_schema_and_the_binder_agree(line):
    reporter = Reporter()
    tree = read_text(Source("r.yaml", with_line(line)), reporter)
    recipe = bind_recipe(tree, reporter)
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(plain(tree))
    assert valid == (recipe is not None), [d.message for d in reporter]


def test_the_good_recipe_fits_it():
    jsonschema.validate(yaml.safe_load(GOOD), SCHEMA, jsonschema.Draft202012Validator)
