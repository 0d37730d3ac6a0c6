"""A spec from a stranger reaches no file but those beside it and the shipped ones, and is answered at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import blueprint
from blueprint.diagnostics import Diagnostic, SpecError, render_text
from blueprint.language.limits import MAX_BYTES

HEAD = "blueprint: 1\nkind: model\nname: example\n"
MODEL = HEAD + "input: [3, 8, 8]\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder `specs` with a spec in it, and a legal spec outside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.yaml").write_text(MODEL + "body: [relu]\n")
    return tmp_path


def found(text: str | bytes, name: str = "specs/spec.yaml") -> list[Diagnostic]:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    diagnostics = blueprint.check(path)
    assert all(len(d.message) < 400 and len(d.label) < 400 for d in diagnostics)
    assert render_text(diagnostics)
    return diagnostics


def only(text: str | bytes, name: str = "specs/spec.yaml") -> tuple[str, str]:
    (diagnostic,) = found(text, name)
    return diagnostic.code, diagnostic.message


def including(name: str, way: str) -> tuple[str, str]:
    """The only fault of a spec that extends or uses what is called so."""
    spec = {"blueprint": 1, "kind": "model", "name": "example"}
    more = {"extends": name} if way == "extends" else {"input": [3, 8, 8], "use": {name: ["unit"]}, "body": ["relu"]}
    return only(json.dumps(spec | more), "specs/spec.json")


@pytest.fixture(params=["extends", "use"])
def way(request):
    return request.param


@pytest.mark.parametrize("target", ["../outside/secret.yaml", "/etc/passwd"])
def test_link_that_leads_outside_is_not_followed(folder, way, target):
    (folder / "specs" / "link.yaml").symlink_to(target)
    assert including("link.yaml", way) == ("outside-folder", "`link.yaml` lies outside the folder of the spec")


def test_link_to_a_folder_outside_is_not_followed(folder, way):
    (folder / "specs" / "sub").symlink_to("../outside", target_is_directory=True)
    assert including("sub/secret.yaml", way)[0] == "outside-folder"
    assert including("sub/nothing.yaml", way)[0] == "outside-folder"


def test_link_inside_the_folder_is_followed(folder):
    (folder / "specs" / "parent.yaml").write_text(MODEL + "body: [relu]\n")
    (folder / "specs" / "link.yaml").symlink_to("parent.yaml")
    (folder / "specs" / "child.yaml").write_text(HEAD + "extends: link.yaml\n")
    assert blueprint.check("specs/child.yaml") == []


def test_link_that_leads_to_itself_is_no_file(folder, way):
    (folder / "specs" / "link.yaml").symlink_to("link.yaml")
    assert including("link.yaml", way)[0] == "missing-file"


@pytest.mark.parametrize("name", ["a\0.yaml", "a" * 252, "a" * 5000, "a/" * 3000, "", ".", "\n", "~/a.yaml", "nul\\a"])
def test_name_that_no_file_bears_is_a_missing_file(folder, way, name):
    assert including(name, way)[0] == "missing-file"


@pytest.mark.parametrize("name", ["../outside/secret.yaml", "spec.yaml/../../outside/secret.yaml", "//etc/passwd", "/"])
def test_path_that_leads_outside_is_refused_whether_there_is_a_file_or_not(folder, way, name):
    assert including(name, way)[0] == "outside-folder"
    assert including(f"{name}.none", way)[0] == "outside-folder"


def test_path_that_climbs_out_of_the_shipped_specs_finds_nothing_there(folder):
    """It stays inside the spec's own folder, and would not from the shipped ones."""
    for ups in (1, 2, 3):
        spec = Path("specs", *"abc"[:ups], "spec.yaml")
        text = HEAD + f"extends: {'../' * ups}README.md\n"
        assert only(text, str(spec)) == ("missing-file", f"there is no file `{'../' * ups}README.md`")


def test_folder_that_cannot_be_listed_names_no_file_of_it(folder, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert including("absent.yaml", "extends") == ("missing-file", "there is no file `absent.yaml`")


def test_dictionary_reaches_the_working_folder_alone(folder):
    spec = {"blueprint": 1, "kind": "model", "name": "d", "extends": "../secret.yaml"}
    assert [d.code for d in blueprint.check(spec)] == ["outside-folder"]
    with pytest.raises(SpecError):
        blueprint.load(spec)


@pytest.mark.parametrize(
    "word",
    [
        *("__class__", "x.__class__", "x.__class__.__mro__", "x.channels.__class__", "os", "torch.nn", "self", "exec"),
        *('__import__("os")', "open(path)", "eval(x)", "getattr(x, y)", "lambda: 1", "[i for i in x]", "len.__self__"),
        *("import os", "x := 3", "1; 2", "`ls`", "$(ls)", "{{ x }}", "%(x)s", "f(x)", "(1).__class__", "x[0].y"),
    ],
)
def test_python_is_no_expression(folder, word):
    assert found(MODEL + f"body:\n  - linear: {json.dumps(word)}\n")
    assert found(MODEL + f"body:\n  - scale: {json.dumps(word)}\n")


@pytest.mark.parametrize(
    "name",
    ["__class__", "os.system", "torch.nn.ReLU", "nn.ReLU", "relu.__init__", "../relu", "eval", "object", "import os"],
)
def test_python_name_is_no_op(folder, name):
    for node in (json.dumps(name), f"{{{json.dumps(name)}: ls}}"):
        assert only(MODEL + f"body: [{node}]\n")[0] == "unknown-op"


@pytest.mark.parametrize("tag", ["!!python/object:os.system", "!!python/name:os.system", "!include", "!!binary", "!x"])
def test_tag_is_no_part_of_the_language(folder, tag):
    assert only(MODEL + f"body: {tag} ls\n") == ("yaml-feature", "YAML's tags are not part of the language")


BIG = 200_000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("#" + "x" * MAX_BYTES, "budget"),
        ("[" * (MAX_BYTES - 1), "budget"),
        ("{a: " * (BIG // 4), "budget"),
        ("- " * (BIG // 2), "budget"),
        ('a: "' + "a" * BIG, "syntax"),
        ("a: " + ":" * BIG, "syntax"),
        (MODEL + f"body: [{'q' * BIG}]", "unknown-op"),
        (MODEL + f"body: [linear: {'q' * BIG}]", "unknown-name"),
        (MODEL + f"body: [linear: {'9' * BIG}]", "budget"),
        (MODEL + f"body: [linear: '{'1 ' * 5000}']", "budget"),
        (MODEL + f"body: [rearrange: '{'a ' * 5000}-> a']", "expression-syntax"),
        (MODEL + f"args: {{a: '{'list[' * 5000}int'}}\nbody: []", "wrong-type"),
        (MODEL + f"args: {{a: '{' | '.join(f'm{i}' for i in range(5000))}'}}\nbody: []", "wrong-type"),
        (MODEL + f"body: [re\0lu]{' ' * 50}", "encoding"),
        (b"blueprint: \xff", "encoding"),
        ("blueprint: 1".encode("utf-16"), "encoding"),
        (b"a: \xc0\xaf", "encoding"),
        ("---\n" * 1000, "yaml-feature"),
    ],
    ids=lambda value: str(value[:30]),
)
def test_text_without_measure_is_one_fault(folder, text, code):
    assert only(text)[0] == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * BIG, "budget"),
        ('{"a":' * (BIG // 5), "budget"),
        ("[" * 101 + "]" * 101, "budget"),
        (f'{{"blueprint": {"9" * BIG}}}', "budget"),
        (f'{{"blueprint": {"9" * 299}, "kind": "model", "name": "a", "input": [1], "body": []}}', "wrong-type"),
        ('{"blueprint": 1, "kind": "model", "name": "a", "input": [%s], "body": []}' % ("9" * 299), "budget"),
        ('{"blueprint": 1, "kind": "model", "name": "a", "input": [1e400], "body": []}', "budget"),
        ('{"blueprint": NaN}', "syntax"),
        ('{"blueprint": "\\ud800"}', "syntax"),
        ('{"blueprint": "\0"}', "encoding"),
    ],
    ids=lambda value: str(value[:40]),
)
def test_json_without_measure_is_one_fault(folder, text, code):
    assert only(text, "specs/spec.json")[0] == code


def test_file_of_a_byte_too_many_says_how_large_it_may_be(folder):
    small = MODEL + "body: [relu]\n#"
    assert found_none(small + "x" * (2**20 - len(small)))
    assert only(small + "x" * (2**20 - len(small) + 1)) == ("budget", "`specs/spec.yaml` is larger than 1 MiB")


def found_none(text: str) -> bool:
    Path("specs/spec.yaml").write_text(text)
    return blueprint.check("specs/spec.yaml") == []


def test_thousands_of_unknown_keys_are_one_fault(folder):
    assert only("".join(f"k{i}: 1\n" for i in range(5_000)))[0] == "missing-key"
