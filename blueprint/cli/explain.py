"""`blueprint explain`: what a diagnostic's code means, or an op."""

from __future__ import annotations

from typing import Annotated

import typer

from blueprint.cli.completing import topics


def explain(
    topic: Annotated[
        list[str] | None,
        typer.Argument(help="A code, `op NAME`, or `op` for all ops; left out: all codes.", autocompletion=topics),
    ] = None,
) -> None:
    """Explain a diagnostic's code with an example, or an op with its fields."""
    from blueprint.diagnostics.codes import codes
    from blueprint.diagnostics.codes import explain as explain_code

    if not topic:
        print("\n".join(codes()))
    elif topic[0] == "op" and len(topic) == 1:
        from blueprint.view.op import known

        print("\n\n".join(f"{sort}\n  " + "\n  ".join(names) for sort, names in known().items()))
    elif topic[0] == "op":
        from blueprint.view.op import op_text

        print(op_text(topic[1]))
    elif topic[0] in codes():
        print(explain_code(topic[0]))
    else:
        from blueprint.view.op import known, op_text

        ours = any(topic[0] in names for names in known().values())
        print(op_text(topic[0]) if ours else explain_code(topic[0]))
