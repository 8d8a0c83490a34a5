"""The case of one disease as a document to hand on: a page for the browser, a sheet for print."""

from __future__ import annotations

from llador_core.report.case import Case, Pick, gather, shortlisted
from llador_core.report.page import to_html
from llador_core.report.sheet import to_docx

__all__ = ["Case", "Pick", "gather", "shortlisted", "to_docx", "to_html"]
