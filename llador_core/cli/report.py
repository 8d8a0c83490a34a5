"""The command `report`."""

from __future__ import annotations

import sys
from pathlib import Path

from llador_core.cli.output import AddCommand, Arguments


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command(
        "report", _report, "Write the case of a disease as one HTML file or a DOCX sheet."
    )
    one.add_argument("--run", dest="run_name", metavar="RUN", help="default: the best of the graph")
    one.add_argument("--graph")
    one.add_argument("--disease", required=True, help="id, name or synonym")
    one.add_argument(
        "--order",
        choices=("combined", "raw"),
        default="combined",
        help="weighed against predicted caution, or by the model's score alone",
    )
    one.add_argument("--out", type=Path, required=True, help="FILE.html or FILE.docx")


def _report(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.errors import ConfigError
    from llador_core.names import resolve
    from llador_core.paths import write_atomically
    from llador_core.priors.texts import texts_if_any
    from llador_core.report import gather, shortlisted, to_docx, to_html
    from llador_core.training.runs import default_run, load_run, partner

    ending = arguments.out.suffix.lower()
    if ending not in (".html", ".docx"):
        raise ConfigError(f"A report ends in .html or .docx, not in '{ending}'.")
    if arguments.run_name:
        run = load_run(arguments.run_name)
        graph = load_graph(arguments.graph or run.info.graph)
    else:
        graph = load_graph(arguments.graph or "starter")
        run = load_run(default_run(graph.name).name)
    base = partner(run.info) if run.info.prior != "none" else None
    mechanism = partner(run.info, "mechanism") if run.info.prior == "full" else None
    disease = resolve(graph, arguments.disease, "disease")
    case = gather(
        graph,
        run,
        disease,
        base=load_run(base.name) if base else None,
        mechanism=load_run(mechanism.name) if mechanism else None,
        texts=texts_if_any(graph, run.config.texts),
        shortlist=shortlisted(graph, run.name, disease),
        order=arguments.order,
    )
    content = to_html(case).encode() if ending == ".html" else to_docx(case)
    write_atomically(arguments.out, content)
    print(f"Wrote {arguments.out}, {len(content) / 1e6:.1f} MB.", file=sys.stderr)
