"""The passes, in the order in which they run. Each takes a legal graph and gives a legal graph.

    read        language.reader      text -> tree with spans
    bind        bind_documents       tree -> typed document: names, fields and literals are right
    elaborate   elaborate            document and arguments -> graph: shapes, kinds and costs are right
    prune       prune                nodes that no output needs are dropped
    number      number               values and runs are counted from 0: equal networks have equal graphs
    lower       lower                graph -> torch module

The graph is verified behind the rewrites, the list below; where it is not legal, between them too, to name the one.
"""

from __future__ import annotations

from collections.abc import Callable

from blueprint.compiler.graph import Graph
from blueprint.compiler.number import number
from blueprint.compiler.prune import prune
from blueprint.compiler.verify import verify

PASSES: tuple[tuple[str, Callable[[Graph], Graph]], ...] = (("prune", prune), ("number", number))


def run_passes(graph: Graph) -> Graph:
    """The graph after every rewrite, verified."""
    result = graph
    for _, rewrite in PASSES:
        result = rewrite(result)
    try:
        verify(result, PASSES[-1][0])
    except AssertionError:
        _blame(graph)
        raise
    return result


def _blame(graph: Graph) -> None:
    """Run the rewrites again and verify after each: raises in the name of the first that gives no legal graph."""
    verify(graph, "elaborate")
    for name, rewrite in PASSES:
        graph = rewrite(graph)
        verify(graph, name)
