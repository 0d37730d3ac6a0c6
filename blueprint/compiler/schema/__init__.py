"""The JSON Schema of all documents, for editors, and what it alone says of a document."""

from blueprint.compiler.schema.document import schema
from blueprint.compiler.schema.judge import judge

__all__ = ["judge", "schema"]
