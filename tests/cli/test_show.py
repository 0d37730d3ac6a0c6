"""`blueprint show`: the graph as text, as a flowchart, as data."""

import json
import os
import pty
import subprocess
import sys

import blueprint
from blueprint.compiler.text import text
from blueprint.view.data import graph_data
from blueprint.view.mermaid import mermaid
from tests.view.flowchart import read


def test_the_text_is_the_graphs_own_where_it_is_piped(run) -> None:
    assert run("show", "resnet18") == (0, text(blueprint.load("resnet18").graph), "")


def test_settings_and_input_change_the_graph(run) -> None:
    _, out, _ = run("show", "resnet18", "--set", "num_classes=7", "--input", "3,64,64")
    assert out == text(blueprint.load("resnet18", num_classes=7, input=(3, 64, 64)).graph)


def test_the_chart_is_opened_to_the_depth(run) -> None:
    status, out, err = run("show", "samc", "--format", "mermaid", "--depth", "1")
    assert (status, err) == (0, "")
    assert out == mermaid(blueprint.load("samc").graph, 1)
    assert len(read(run("show", "samc", "--format", "mermaid")[1]).frames) == 4


def test_the_data_are_those_of_build(run) -> None:
    _, out, _ = run("show", "samc", "--format", "json")
    assert json.loads(out) == json.loads(json.dumps(graph_data(blueprint.load("samc").graph)))
    assert run("build", "samc", "--format", "json")[1] == out


def test_a_chart_that_mermaid_will_not_draw_is_given_with_a_warning(run) -> None:
    status, out, err = run("show", "densenet121", "--format", "mermaid", "--depth", "9")
    assert (status, out.splitlines()[0]) == (0, "flowchart TD")
    assert "warning[usage]: the chart has more than the 500 arrows" in err
    assert "`--depth 8`" in err


def test_a_depth_for_what_has_none_is_a_fault_of_the_user(run) -> None:
    status, _, err = run("show", "samc", "--depth", "1")
    assert status == 2
    assert "`--depth` goes with `--format mermaid`" in err


def test_faults_of_a_spec_are_records_where_data_are_asked_for(run) -> None:
    status, out, err = run("show", "resnet18", "--format", "json", "--set", "num_clases=3")
    assert (status, err) == (1, "")
    assert json.loads(out)["diagnostics"][0]["code"] == "unknown-argument"


def test_on_a_terminal_lines_are_folded_and_painted() -> None:
    main, side = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    environment |= {"COLUMNS": "70", "TERM": "xterm"}
    words = [sys.executable, "-m", "blueprint", "show", "resnet18"]
    running = subprocess.Popen(words, stdout=side, env=environment)
    os.close(side)
    shown = b""
    try:
        while part := os.read(main, 4096):
            shown += part
    except OSError:  # what a terminal answers when nobody writes to it any more
        pass
    assert running.wait() == 0
    lines = shown.decode().replace("\r", "").splitlines()
    plain = [
        line.replace("\x1b[0m", "").replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[36m", "")
        for line in lines
    ]
    assert max(map(len, plain)) <= 70
    assert any("\x1b[36mconv\x1b[0m(" in line for line in lines)
    assert "".join("".join(plain).split()) == "".join(text(blueprint.load("resnet18").graph).split())
