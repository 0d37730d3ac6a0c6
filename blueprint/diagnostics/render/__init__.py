"""Diagnostics as text for people, as JSON for programs, and as the lines that code hosts show in a review."""

from blueprint.diagnostics.render.github import render_github
from blueprint.diagnostics.render.records import render_json
from blueprint.diagnostics.render.text import render_text

__all__ = ["render_github", "render_json", "render_text"]
