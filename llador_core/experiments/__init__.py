"""The paper's tables as studies of any graph, with controls and seeds, that can be interrupted."""
