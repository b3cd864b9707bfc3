"""Who may import whom, read from the source: the three packages keep their distance, a noun its order."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("firmware_checks", "device_agents", "stem_logistics")
NOUNS = (
    "registry",
    "waves",
    "teachers",
    "allocation",
    "grants",
    "inventory",
    "deliveries",
    "checks",
    "custody",
    "stocktakes",
    "support",
    "reports",
    "accounts",
)
# The only modules of device_agents that the service may see: no transport, no serial port, no radio.
AGENT_MODULES_FOR_SERVICE = tuple(f"device_agents.{name}" for name in ("kinds", "report", "envelope", "messages"))
PURE = ("rules", "verify")
PURE_FORBIDDEN = ("litestar", "piccolo", "asyncpg", "jinja2")


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            relative = path.relative_to(ROOT).with_suffix("")
            parts = relative.parts[:-1] if relative.name == "__init__" else relative.parts
            yield ".".join(parts), path


def imports(module: str, path: Path) -> Iterator[str]:
    is_package = path.name == "__init__.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                keep = len(parts) - node.level + (1 if is_package else 0)
                base = ".".join([*parts[:keep], base] if base else parts[:keep])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


ALL = dict(modules())
IMPORTS = {name: sorted(set(imports(name, path))) for name, path in ALL.items()}


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("module", sorted(ALL))
def test_packages_keep_their_distance(module: str) -> None:
    """firmware_checks knows neither of the others; device_agents only firmware_checks; nobody the tests."""
    for name in IMPORTS[module]:
        assert not within(name, "tests"), f"{module} imports {name}"
        if within(module, "firmware_checks"):
            assert not within(name, "device_agents") and not within(name, "stem_logistics"), name
        if within(module, "device_agents"):
            assert not within(name, "stem_logistics"), name
        if within(module, "stem_logistics") and within(name, "device_agents"):
            allowed = any(within(name, each) for each in AGENT_MODULES_FOR_SERVICE)
            assert allowed or name == "device_agents", f"{module} imports {name}"


@pytest.mark.parametrize("module", sorted(ALL))
def test_serial_and_bluetooth_stay_in_transports(module: str) -> None:
    """Only transports/ and discovery/ touch pyserial and bleak: all else runs without a port."""
    if within(module, "device_agents.transports") or within(module, "device_agents.discovery"):
        return
    for name in IMPORTS[module]:
        assert not within(name, "serial") and not within(name, "bleak"), f"{module} imports {name}"


@pytest.mark.parametrize("module", sorted(m for m in ALL if m.split(".")[0] == "stem_logistics"))
def test_a_noun_keeps_its_order(module: str) -> None:
    """Pages and api go to the service, service to queries and rules; to another noun by its service or rules."""
    parts = module.split(".")
    noun = parts[1] if len(parts) > 1 and parts[1] in NOUNS else None
    layer = parts[2] if noun and len(parts) > 2 else None
    for name in IMPORTS[module]:
        target = name.split(".")
        if target[0] != "stem_logistics" or len(target) < 3 or target[1] not in NOUNS:
            continue
        other, other_layer = target[1], target[2]
        if noun and other != noun:
            assert other_layer not in ("queries", "tables", "pages", "api"), f"{module} imports {name}"
        if layer in ("pages", "api"):
            assert other_layer not in ("queries", "tables"), f"{module} imports {name}"
    if layer in PURE or (noun == "waves" and layer == "criteria"):
        for name in IMPORTS[module]:
            assert not any(within(name, library) for library in PURE_FORBIDDEN), f"{module} imports {name}"


def test_no_circles() -> None:
    """No module imports itself through others."""
    graph = {m: [n for n in names if n in ALL and n != m] for m, names in IMPORTS.items()}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, "a circle: " + " -> ".join([*path[path.index(module) :], module])
        if module in done:
            return
        for name in graph[module]:
            # importing a package from a module inside it is how Python finds the module, not a dependency
            if not within(module, name):
                visit(name, (*path, module))
        done.add(module)

    for module in graph:
        visit(module, ())
