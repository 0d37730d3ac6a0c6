"""Work shared out among processes gives what one process gives."""

import os
from pathlib import Path

import pytest

from blueprint.checking import check_paths
from blueprint.diagnostics.render import render_text
from blueprint.language.zoo import zoo_root
from blueprint.processes import FEW, MOST, available, each

HERE = os.getpid()


def doubled(number: int) -> int:
    return 2 * number


def only_here(number: int) -> int:
    if os.getpid() != HERE:
        os._exit(1)
    return number


def refused(number: int) -> int:
    raise LookupError(f"not {number}")


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_results_come_in_the_order_of_the_items(processes: int) -> None:
    assert each(doubled, range(7), processes) == [0, 2, 4, 6, 8, 10, 12]


def test_what_a_process_leaves_undone_is_done_here() -> None:
    assert each(only_here, range(5), 2) == [0, 1, 2, 3, 4]


def test_a_fault_in_a_share_is_raised_here() -> None:
    with pytest.raises(LookupError, match="not 0"):
        each(refused, range(4), 2)


def test_few_things_are_not_shared_out() -> None:
    assert available(2 * FEW - 1) == 1
    assert 1 <= available(10_000) <= MOST


def test_a_folder_checked_by_several_processes_has_the_same_faults_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blueprint.checking.available", lambda things: 3)
    for index in range(9):
        text = f"blueprint: 1\nkind: model\nname: n{index}\ninput: [3, 8, 8]\nbody: [conv: {{kernel_size: {index}}}]\n"
        (tmp_path / f"n{index}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "other.yaml").write_text("a: 1\n", encoding="utf-8")
    alone, shared = check_paths([tmp_path, zoo_root() / "recipes"]), check_paths([tmp_path, zoo_root() / "recipes"], 3)
    assert len(alone.diagnostics) > 1
    assert render_text(shared.diagnostics) == render_text(alone.diagnostics)
    assert (shared.documents, shared.others, shared.read) == (alone.documents, alone.others, alone.read)
