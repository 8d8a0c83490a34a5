"""The report as a hand-out for print: two or three pages, tables and words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from llador_core.escape import plain
from llador_core.figures.style import ordinal
from llador_core.report import words
from llador_core.report.case import FIRST, NOTICE, Case, Pick

N_LISTED = 10
N_EXPLAINED = 5
N_KINDS = 2
N_OBJECTIONS = 2
BAR_WIDTH = 24  # characters of the longest bar
INK, SOFT, ACCENT = "1B2A33", "5A6971", "0F6F92"
# What XML cannot hold although Unicode has it.
_NOT_XML = dict.fromkeys([0xFFFE, 0xFFFF, *range(0xD800, 0xE000)])


def to_docx(case: Case) -> bytes:
    """Return the hand-out as a file that word processors open."""
    from docx import Document

    sheet = Document()
    _set_up(sheet, case)
    sheet.add_heading(_safe(case.name), 0)
    _say(
        sheet,
        f"{case.graph.title or case.graph.name} · {case.run.name} · {case.created}",
        soft=True,
    )
    _notice(sheet)
    for sentence in (words.known(case), words.leader(case)):
        _say(sheet, sentence)
    _trust(sheet, case)
    _candidates(sheet, case)
    sheet.add_heading("Why these, and what speaks against them", 1)
    _say(sheet, words.picked(case)).paragraph_format.keep_with_next = True
    for pick in case.picks[:N_EXPLAINED]:
        _pick(sheet, case, pick)
    if len(case.picks) > N_EXPLAINED:
        _say(sheet, f"{len(case.picks) - N_EXPLAINED} more are in the HTML report.", soft=True)
    sheet.add_heading("Where this comes from", 1)
    _table(sheet, (), case.provenance(), widths=(3.2, 13.8), size=8)
    out = io.BytesIO()
    sheet.save(out)
    return out.getvalue()


def _safe(value: Any) -> str:
    return plain(str(value)).translate(_NOT_XML)


def _set_up(sheet: Any, case: Case) -> None:
    """Set page, fonts, properties, and the notice at the foot of each page."""
    from docx.shared import Cm, Pt, RGBColor

    page = sheet.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    page.top_margin, page.bottom_margin = Cm(1.8), Cm(1.8)
    for name, size, colour in (
        ("Normal", 10, INK),
        ("Title", 22, INK),
        ("Heading 1", 13, ACCENT),
        ("Heading 2", 11, INK),
    ):
        style = sheet.styles[name]
        style.font.name, style.font.size = "Calibri", Pt(size)
        style.font.color.rgb = RGBColor.from_string(colour)
        style.paragraph_format.space_after = Pt(4)
    foot = page.footer.paragraphs[0]
    foot.text = NOTICE
    foot.runs[0].font.size = Pt(7.5)
    about = sheet.core_properties
    about.title, about.author = _safe(f"LLaDoR report: {case.name}"), "LLaDoR"
    about.comments = NOTICE
    about.created = about.modified = _time(case.created)


def _time(created: str) -> datetime:
    try:
        return datetime.strptime(created, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)


def _say(sheet: Any, sentence: str, *, soft: bool = False, bold: str = "", style: str = "") -> Any:
    """Add a paragraph, its beginning in bold where `bold` is given."""
    from docx.shared import Pt, RGBColor

    paragraph = sheet.add_paragraph(style=style or None)
    if bold:
        paragraph.add_run(_safe(bold) + " ").bold = True
    run = paragraph.add_run(_safe(sentence))
    if soft:
        run.font.size, run.font.color.rgb = Pt(8.5), RGBColor.from_string(SOFT)
    paragraph.paragraph_format.space_after = Pt(3)
    return paragraph


def _notice(sheet: Any) -> None:
    """Add the notice as a shaded box."""
    table = sheet.add_table(rows=1, cols=1)
    cell = table.rows[0].cells[0]
    _shade(cell, "FBF3F2")
    cell.paragraphs[0].add_run(NOTICE).bold = True
    sheet.add_paragraph()


def _shade(cell: Any, colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _table(
    sheet: Any,
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    widths: Sequence[float],
    size: float = 8.5,
) -> None:
    """Add a table; its head is repeated on each page that it reaches.

    Parameters
    ----------
    widths : sequence of float
        Of the columns, in centimetres.
    size : float
        Of the words, in points.
    """
    from docx.oxml import OxmlElement
    from docx.shared import Cm, Pt

    table = sheet.add_table(
        rows=0, cols=len(widths), style="Light Shading Accent 1" if head else None
    )
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for row in [head, *rows] if head else rows:
        cells = table.add_row().cells
        for cell, value, width in zip(cells, row, widths, strict=True):
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(_safe("" if value is None else value))
            run.font.size = Pt(size)
            run.bold = row is head
            paragraph.paragraph_format.space_after = Pt(1)
    if head:
        repeated = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(repeated)
    sheet.add_paragraph().paragraph_format.space_after = Pt(0)


def _trust(sheet: Any, case: Case) -> None:
    """Add how many hidden pairs are found, as a table with bars."""
    sheet.add_heading("Can this list be trusted?", 1)
    _say(sheet, f"{words.trust(case)} {words.hidden(case)}")
    if not case.curves:
        return
    rows = [
        (curve.label, f"{curve.at(FIRST):.0%}", "█" * round(curve.at(FIRST) * BAR_WIDTH))
        for curve in case.curves
    ]
    _table(sheet, ("List", f"Found in first {FIRST}", ""), rows, widths=(6, 3, 8))


def _candidates(sheet: Any, case: Case) -> None:
    sheet.add_heading(f"The first {min(N_LISTED, len(case.new))} new candidates", 1)
    rows = [
        (
            f"{c.rank:g}",
            c.name,
            "–" if c.base_rank is None else f"{c.base_rank:g}",
            words.shift(c.shift),
            case.flags(c),
            f"{c.degree:,}",
            case.classes(c.entity),
        )
        for c in case.new[:N_LISTED]
    ]
    head = ("Rank", "Drug", "Without prior", "Shift", "Caution", "Facts", "Class")
    _table(sheet, head, rows, widths=(1.2, 3.6, 1.8, 1.6, 3, 1.3, 4.5))
    if told := words.safeguarded(case):
        _say(sheet, told)
    if case.avoid:
        high = [f"{c.name} ({ordinal(c.rank)})" for c in case.avoid[:6]]
        _say(sheet, f"{', '.join(high)}.", bold="Listed as to be avoided, best ranks first:")


def _pick(sheet: Any, case: Case, pick: Pick) -> None:
    c, found = pick.candidate, pick.explanation
    sheet.add_heading(_safe(f"{c.name}, {ordinal(c.rank)} of {case.n:,}"), 2)
    if pick.verdict or pick.note:
        _say(sheet, pick.note, bold=f"Verdict: {pick.verdict or 'none yet'}.")
    for group in found.groups[:N_KINDS]:
        _say(
            sheet,
            words.path(case.graph, group.paths[0]),
            bold=f"For: {group.title}.",
            style="List Bullet",
        )
    for note in () if found.groups else found.notes:
        _say(sheet, note, style="List Bullet")
    told = [group for group in found.against if group.objections]
    for against in told:
        sentences = " ".join(o.sentence for o in against.objections[:N_OBJECTIONS])
        _say(sheet, sentences, bold=f"Against: {against.title}.", style="List Bullet")
    if c.caution in ("some", "strong"):
        reasons = " ".join(pick.reasons[:N_OBJECTIONS])
        _say(sheet, reasons, bold=f"The model predicts caution ({c.caution}).", style="List Bullet")
    elif not told:
        _say(sheet, "Nothing found in this graph.", bold="Against:", style="List Bullet")
    cautions = [words_ for what, words_ in case.written(c.entity) if what == "Cautions"]
    for caution in cautions:
        _say(
            sheet,
            f"{caution} [{case.writer}]",
            bold="Cautions in the LLM's words:",
            style="List Bullet",
        )
