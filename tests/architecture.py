"""The rules of DESIGN.md that can be read off the source: who imports whom, sizes, forbidden calls.

`violations(root)` returns a sentence for each breach, so that the same checker judges the project
and the small trees with planted breaches that prove it sees them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

BASE = (
    "errors",
    "registry",
    "paths",
    "graph",
    "names",
    "config",
    "escape",
    "tables_out",
    "jobs",
    "versions",
    "job_files",
    "locks",
    "database",
)
# Each row may import the rows above it; the parts of one row are siblings and never meet.
ROWS: tuple[tuple[str, ...], ...] = (
    ("data", "priors", "models", "projection"),
    ("evaluation",),
    ("safeguard",),
    ("training",),
    ("ranking", "experiments"),
    ("explain", "hubs", "agreement", "comparison", "shortlist", "links"),
    ("figures",),
    ("report",),
    ("__main__", "cli"),
    ("pages/_ui",),
    ("pages", "app"),
)
RANK = {part: rank for rank, row in enumerate(ROWS, start=1) for part in row}
EDGE = ("__main__", "cli")  # the command line: its two halves may meet, nobody imports it

# Where a package may be imported; a trailing slash means a folder.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "streamlit": ("app.py", "pages/"),
    "plotly": ("llador_core/figures/",),
    "umap": ("llador_core/projection/",),
    "openai": ("llador_core/priors/",),
    "pykeen": ("llador_core/models/pykeen_bridge.py", "llador_core/data/"),
}
INSIDE_FUNCTIONS_ONLY = ("umap",)
PICKLERS = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")
UNPICKLING_CALLS = ("torch.load", "pd.read_pickle", "pandas.read_pickle")
FORBIDDEN_TRUE = ("allow_pickle", "unsafe_allow_html")
MAX_LINES = {"page": 120, "core": 330}


def violations(root: Path) -> list[str]:
    """Return a sentence for each breach of the rules in the tree at `root`."""
    found: list[str] = []
    for file in sources(root):
        place = file.relative_to(root).as_posix()
        text = file.read_text("utf-8")
        tree = ast.parse(text, filename=place)
        found += import_breaches(place, tree)
        found += call_breaches(place, tree)
        found += size_breaches(place, len(text.splitlines()))
    for file in sorted((root / "tests").rglob("*.py")):
        place = file.relative_to(root).as_posix()
        found += empty_tests(place, ast.parse(file.read_text("utf-8"), filename=place))
    return found


def sources(root: Path) -> list[Path]:
    """Return the product's own Python files."""
    folders = [root / "llador_core", root / "pages"]
    files = [file for folder in folders for file in folder.rglob("*.py")]
    return sorted([*files, *root.glob("*.py")])


def part_of(module: str) -> str | None:
    """Return the part of the design that a dotted module belongs to; None if it is not ours."""
    names = module.split(".")
    if names[0] == "llador_core":
        is_part = len(names) > 1 and (names[1] in EDGE or not names[1].startswith("__"))
        return names[1] if is_part else "llador_core"
    if names[0] == "pages":
        return "pages/_ui" if names[1:2] == ["_ui"] else "pages"
    return "app" if names[0] == "app" else None


def imports(place: str, tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Yield (dotted module, line, is at module level) of every import, also inside functions."""
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    package = place.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(tree):
        at_top = id(node) not in inside
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, at_top
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{module}.{alias.name}", node.lineno, at_top
        elif isinstance(node, ast.Call) and _dotted(node.func) in (
            "importlib.import_module",
            "import_module",
            "__import__",
        ):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value, node.lineno, at_top


def import_breaches(place: str, tree: ast.Module) -> list[str]:
    """Return a sentence for each import that goes the wrong way."""
    found: list[str] = []
    importer = part_of(place.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    if importer not in (*RANK, *BASE, "llador_core", None):
        found.append(f"{place}: '{importer}' has no place in DESIGN.md's layers; give it one.")
    for module, line, at_top in imports(place, tree):
        where = f"{place}:{line}"
        package = module.split(".")[0]
        allowed = ONLY_IN.get(package)
        if allowed and not any(
            place.startswith(spot) if spot.endswith("/") else place == spot for spot in allowed
        ):
            found.append(f"{where} imports {package}, which belongs in {' and '.join(allowed)}.")
        if package in INSIDE_FUNCTIONS_ONLY and at_top:
            found.append(f"{where} imports {package} at module level; import it in the function.")
        if package in PICKLERS:
            found.append(f"{where} imports {package}; nothing is pickled or un-pickled.")
        imported = part_of(module)
        if imported is not None and not may_import(importer, imported):
            found.append(f"{where}: {importer} imports {imported}, against the layers.")
    return found


def may_import(importer: str | None, imported: str) -> bool:
    """Return whether the layers let one part import another."""
    if imported in (importer, "llador_core"):
        return True
    if importer in EDGE and imported in EDGE:
        return True
    if imported in EDGE:
        return False
    if imported in BASE:
        return True
    return RANK.get(imported, len(ROWS) + 1) < RANK.get(importer or "", 0)


def call_breaches(place: str, tree: ast.Module) -> list[str]:
    """Return a sentence for each call that un-pickles or renders text as HTML."""
    found: list[str] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if _dotted(node.func) in UNPICKLING_CALLS:
            found.append(f"{place}:{node.lineno} calls {_dotted(node.func)}; nothing is pickled.")
        for keyword in node.keywords:
            is_false = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg in FORBIDDEN_TRUE and not is_false:
                found.append(f"{place}:{node.lineno} sets {keyword.arg}; it stays False.")
    return found


def size_breaches(place: str, n_lines: int) -> list[str]:
    """Return a sentence when a file is longer than is liveable."""
    is_page = place.count("/") <= 1 and not place.startswith("llador_core/")
    limit = MAX_LINES["page" if is_page else "core"]
    return [f"{place} has {n_lines} lines, at most {limit} are liveable."] * (n_lines > limit)


def empty_tests(place: str, tree: ast.Module) -> list[str]:
    """Return a sentence for each test that cannot fail: no assertion, direct or by a helper."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    helpers = {f.name for f in functions if not f.name.startswith("test_") and _asserts(f, set())}
    return [
        f"{place}:{function.lineno}: {function.name} asserts nothing, so it cannot fail."
        for function in functions
        if function.name.startswith("test_") and not _asserts(function, helpers)
    ]


def _asserts(function: ast.FunctionDef, helpers: set[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = _dotted(node.func).split(".")[-1]
            if name in {"raises", "warns", "fail", "expect"} | helpers:
                return True
            if name.startswith(("assert", "check_", "_assert", "_check")):
                return True
    return False


def _dotted(node: ast.expr) -> str:
    """Return a name such as "torch.load"; of other expressions the last attribute, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""
