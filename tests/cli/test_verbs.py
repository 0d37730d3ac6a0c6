"""The command line: what it prints, and the status that it leaves with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.view.op import known, op_text


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(
        "blueprint: 1\nkind: model\nname: broken\ninput: [3, 8, 8]\nbody: [conv: {kernel_size: 9, padding: 0}]\n"
    )
    return path


def test_check_of_a_good_spec_says_so_and_leaves_with_0(run) -> None:
    assert run("check", "samc") == (0, "1 document without fault\n", "")


def test_check_of_a_fault_leaves_with_1_and_prints_to_standard_error(run, broken: Path) -> None:
    status, out, err = run("check", str(broken))
    assert (status, out) == (1, "")
    assert "error[kernel-too-large]" in err


def test_check_as_json_has_the_documented_keys(run, broken: Path) -> None:
    status, out, err = run("check", str(broken), "--format", "json")
    (diagnostic,) = json.loads(out)["diagnostics"]
    assert (status, err) == (1, "")
    keys = {"code", "severity", "message", "file", "line", "column", "end_line", "end_column", "notes", "help"}
    assert set(diagnostic) == keys
    assert (diagnostic["code"], diagnostic["line"]) == ("kernel-too-large", 5)


def test_check_as_json_of_a_good_spec_is_an_empty_list(run) -> None:
    status, out, _ = run("check", "samc", "--format", "json")
    assert (status, json.loads(out)) == (0, {"diagnostics": []})


def test_check_for_a_code_host_names_file_and_line(run, broken: Path) -> None:
    _, out, _ = run("check", str(broken), "--format", "github")
    assert out.startswith(f"::error file={broken},line=5,")


def test_check_of_a_folder_passes_over_files_that_are_no_documents(run, tmp_path: Path, broken: Path) -> None:
    broken.unlink()
    (tmp_path / "other.yaml").write_text("services: {web: {image: nginx}}\n")
    assert run("check", str(tmp_path)) == (0, "0 documents without fault, 1 other file passed over\n", "")


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["chekc"], 2, "check"),
        (["build", "smac"], 2, "did you mean `samc`?"),
        (["build", "qqq"], 2, "`blueprint list specs` has the shipped ones"),
        (["train", "samc", "--recipe", "qqq"], 2, "`blueprint list recipes` has the shipped ones"),
        (["build", "samc", "--set", "recipe.epochs=3"], 2, "there is no recipe here"),
        (["build", "samc", "--input", "3,a"], 2, "`--input` takes sizes"),
        (["build", "samc", "--set", "num_classes"], 2, "key=value"),
        (["build", "samc", "--set", "num_clases=3"], 1, "did you mean `num_classes`?"),
        (["build", "samc", "--set", "num_classes=many"], 1, "many"),
        (["build", "samc", "--input", "3,1,1"], 1, "map(64, 1, 1)"),
        (["build", "nowhere/at_all.yaml"], 1, "missing-file"),
        (["explain", "shape-mismath"], 2, "shape-mismatch"),
        (["explain", "op", "cnov"], 2, "did you mean `conv`?"),
    ],
)
def test_a_fault_of_the_user_is_a_diagnostic_with_its_status(run, words: list[str], status: int, text: str) -> None:
    left, out, err = run(*words)
    assert left == status
    assert text in err
    assert "Traceback" not in out + err


def test_build_shows_the_count_beside_the_one_expected(run) -> None:
    status, out, _ = run("build", "samc")
    assert status == 0
    assert "parameters 1,209,994  expected 1,209,994: met" in out


def test_build_collapses_repeats(run) -> None:
    _, out, _ = run("build", "samc")
    assert out.count("encoder x 3") == 3


def test_build_as_json_gives_the_data_of_the_graph(run) -> None:
    _, out, _ = run("build", "samc", "--set", "num_classes=100", "--format", "json")
    data = json.loads(out)
    assert data["parameters"] == sum(node["parameters"] for node in data["nodes"]) == 1_221_604
    assert [output["shape"] for output in data["outputs"]] == [[100]]


def test_explain_tells_the_fields_of_an_op(run) -> None:
    _, out, _ = run("explain", "op", "conv")
    assert "kernel_size: size, required, at least 1" in out


def test_explain_says_where_an_op_has_no_fields(run) -> None:
    assert run("explain", "op", "relu")[1].endswith("torch.nn.ReLU.html\n\nno fields\n")


def test_explain_fits_a_terminal_but_for_long_words() -> None:
    lines = [line for names in known().values() for name in names for line in op_text(name).splitlines()]
    assert len(lines) > 500
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []


def test_a_fault_of_our_own_says_so_and_shows_no_traceback(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueprint.checking.check_paths", lambda paths: 1 / 0)
    status, _, err = run("check", "samc")
    assert status == 3
    assert "error[internal]: a fault of blueprint's own" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words",
    [
        ["check", "samc"],
        ["show", "samc", "--format", "mermaid"],
        ["list", "ops"],
        ["explain", "syntax"],
        ["--help"],
        ["schema"],
        ["train", "--help"],
    ],
)
def test_quick_verbs_import_no_torch(words: list[str]) -> None:
    code = (
        "import sys, blueprint.cli as a\n"
        f"sys.argv = ['blueprint', *{words!r}]\n"
        "try: a.main()\n"
        "except SystemExit as e: assert not e.code, e.code\n"
        "assert 'torch' not in sys.modules\n"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_importing_the_package_imports_no_torch() -> None:
    code = "import sys, blueprint; assert not {'torch', 'pydantic', 'yaml', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_spec_that_came_with_the_package_is_found_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "blueprint", "check", "resnet18"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "1 document without fault\n"


def test_explain_lists_every_op_and_tells_of_structures_and_shipped_blocks(run) -> None:
    _, listed, _ = run("explain", "op")
    assert {"conv", "branches", "squeeze_excite"} <= set(listed.split())
    assert "split: `n` for equal parts" in run("explain", "op", "branches")[1]
    assert "channels: int, required" in run("explain", "op", "squeeze_excite")[1]
    assert run("explain", "conv") == run("explain", "op", "conv")


def test_the_text_of_a_spec_where_its_path_belongs_is_a_fault_of_the_user(run) -> None:
    status, _, err = run("build", "blueprint: 1\nkind: model\n")
    assert status == 2
    assert "this is a text, not the path" in err
    assert run("build", "a" * 300)[0] == 2


def test_the_schema_describes_shipped_blocks_in_words(run) -> None:
    _, out, _ = run("schema")
    assert "A gate on the channels computed from their means." in out
    assert "Scalar(" not in out


def test_check_of_a_recipe_whose_spec_is_missing_points_at_it(run, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "blueprint: 1\nkind: recipe\nname: a\nspec: nope\ndata: digits\n"
        "optimiser: {sgd: 0.1}\nepochs: 1\nbatch_size: 8\n"
    )
    status, _, err = run("check", str(recipe))
    assert status == 1
    assert f"{recipe}:4:7" in err


def test_a_diagnostic_as_text_is_one_line_with_its_place() -> None:
    import blueprint

    document = {"blueprint": 1, "kind": "model", "name": "a", "input": [3, 8, 8], "body": ["rellu"]}
    (found,) = blueprint.check(document)
    assert str(found).startswith("<dict>:1:")
    assert str(found).endswith("error[unknown-op]: there is no op or block `rellu` (did you mean `relu`?)")
