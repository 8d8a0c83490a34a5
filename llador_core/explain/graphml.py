"""A neighbourhood as GraphML, for Cytoscape, Gephi, yEd or networkx."""

from __future__ import annotations

import io
from collections.abc import Sequence

from llador_core.escape import xml_text
from llador_core.explain.neighbourhood import Surroundings, relation_words
from llador_core.graph import Graph


def to_graphml(
    graph: Graph, shown: Surroundings, provenance: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Return what is shown as GraphML in UTF-8.

    Parameters
    ----------
    graph : Graph
    shown : Surroundings
        Its members become nodes (name, type, relevance, degree in the whole graph, whether it is
        the focus or expanded), each fact of its ties a directed edge (relation, words).
    provenance : sequence of (name, value)
        Written as attributes of the graph: source, notice, settings.
    """
    import networkx as nx

    network = nx.MultiDiGraph()
    network.graph.update({xml_text(name): xml_text(value) for name, value in provenance})
    for member in shown.members:
        entity = member.entity
        network.add_node(
            xml_text(graph.entity_ids[entity]),
            name=xml_text(graph.entity_names[entity]),
            type=xml_text(graph.type_of(entity)),
            relevance=member.relevance,
            degree=int(graph.degree[entity]),
            is_focus=entity == shown.focus,
            is_expanded=entity in shown.expanded,
        )
    for tie in shown.ties:
        for head, relation, tail in tie.facts:
            network.add_edge(
                xml_text(graph.entity_ids[head]),
                xml_text(graph.entity_ids[tail]),
                relation=xml_text(graph.relations[relation].name),
                words=xml_text(relation_words(graph, relation)),
            )
    out = io.BytesIO()
    nx.write_graphml_xml(network, out)
    return out.getvalue()
