"""`blueprint schema`: the JSON Schema of all documents, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blueprint.cli.report import Format, choose, show


def schema(
    files: Annotated[list[Path] | None, typer.Argument(help="With --validate: the files.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the schema into this file.", dir_okay=False)] = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Report what the schema alone says of files, as an editor would.")
    ] = False,
    format: Annotated[Format, typer.Option(help="How faults are shown.")] = Format.text,
) -> int:
    """Print the JSON Schema (2020-12) of all documents: completion, hover help and red underlines in an editor."""
    import json

    choose(format)
    from blueprint.compiler.schema import schema as whole
    from blueprint.diagnostics import Diagnostic, UsageError
    from blueprint.train.recipe import recipe_schema

    if validate != bool(files):
        help = "`blueprint schema --validate specs/net.yaml`"
        raise UsageError([Diagnostic("usage", "`--validate` and files go together", help=help)])
    made = whole(recipe_schema())
    if files:
        return _validate(files, made, format)
    text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        print(text, end="")
        return 0
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"`{out}` cannot be written: {error.strerror or error}"
        raise UsageError([Diagnostic("usage", message, help="name a file in a folder that is there")]) from error
    return 0


def _validate(files: list[Path], schema: dict[str, object], format: Format) -> int:
    from blueprint.compiler.schema import judge
    from blueprint.diagnostics import Diagnostic, Reporter
    from blueprint.language.reader import read_file
    from blueprint.language.zoo import locate, shown

    found: list[Diagnostic] = []
    for file in files:
        path = locate(str(file), "model")
        reporter = Reporter()
        tree = read_file(path, reporter, shown(path))
        if tree is not None:
            judge(tree, schema, reporter)
        found += reporter.sorted()
    if found or format is not Format.text:
        show(found)
    if format is Format.text and not found:
        print(f"{len(files)} file{'' if len(files) == 1 else 's'} without fault, as far as the schema can judge")
    return int(bool(found))
