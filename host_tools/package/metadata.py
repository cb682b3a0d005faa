"""What the templates of a package print, and which of them make which file of which ecosystem."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from codegen.emit import readme
from host_tools.package import library, selftest
from host_tools.package.render import render
from host_tools.package.request import Request
from host_tools.package.sources import FOLDER, Generated, Sources
from targets.build import runtime_version

COMMON = {
    "README.md": "README.md.j2",
    "examples/selftest/selftest.h": "selftest.h.j2",
    "examples/selftest/selftest.c": "selftest.c.j2",
    "examples/selftest/selftest_data.h": "selftest_data.h.j2",
    "examples/selftest/selftest_data.c": "selftest_data.c.j2",
    "examples/program/main.c": "main.c.j2",
}
"""Path in the package to template, whatever the formats are."""

BY_FORMAT: Mapping[str, Mapping[str, str]] = {
    "cmake": {
        "CMakeLists.txt": "CMakeLists.txt.j2",
        "cmake/{name}-config.cmake.in": "config.cmake.in.j2",
        "examples/cmake/CMakeLists.txt": "example.cmake.j2",
    },
    "zephyr": {
        "zephyr/module.yml": "module.yml.j2",
        "zephyr/CMakeLists.txt": "zephyr.cmake.j2",
        "zephyr/Kconfig": "Kconfig.j2",
        "examples/zephyr/CMakeLists.txt": "example_zephyr.cmake.j2",
        "examples/zephyr/prj.conf": "prj.conf.j2",
    },
    "cmsis-pack": {"{vendor}.{name}.pdsc": "pack.pdsc.j2"},
    "arduino": {
        "library.properties": "library.properties.j2",
        "examples/selftest/selftest.ino": "selftest.ino.j2",
    },
    "platformio": {
        "library.json": "library.json.j2",
        "examples/platformio/platformio.ini": "platformio.ini.j2",
    },
    "esp-idf": {
        "CMakeLists.txt": "CMakeLists.txt.j2",
        "idf_component.yml": "idf_component.yml.j2",
        "examples/esp-idf/CMakeLists.txt": "example_idf.cmake.j2",
        "examples/esp-idf/main/CMakeLists.txt": "example_idf_main.cmake.j2",
        "examples/esp-idf/main/app_main.c": "app_main.c.j2",
    },
    "make": {
        "{name}.mk": "package.mk.j2",
        "examples/make/Makefile": "example.mk.j2",
    },
}
"""Format to what it adds: path in the package, `{name}` standing for its name, to template."""

HEADERS = (".h", ".hpp", ".def")
"""Suffixes of everything in `src` that is included and not compiled."""

VENDOR = "SAFE"
"""First part of the name of a CMSIS-Pack."""


def texts(request: Request, sources: Sources) -> dict[str, str]:
    """Return the text of every file that is made of a template, by its path."""
    values = {
        "p": _package(request, sources),
        "models": [selftest.arrays(model) for model in sources.models],
        "has_detector": any(model.has_detector for model in sources.models),
    }
    chosen = dict(COMMON)
    for name in request.formats:
        chosen |= BY_FORMAT.get(name, {})
    return {
        path.format(name=request.name, vendor=VENDOR): render(template, **values)
        for path, template in chosen.items()
    }


def _package(request: Request, sources: Sources) -> dict[str, Any]:
    return {
        "name": request.name,
        "macro": request.name.upper(),
        "version": request.version,
        "tool_version": runtime_version(),
        "formats": request.formats,
        "vendor": VENDOR,
        "date": request.date,
        "libraries": [
            {"path": library.path(request, core), "core": core, "flags": library.CORES[core].flags}
            for core in request.libraries
        ],
        "author": request.author,
        "url": request.url,
        "summary": _summary(sources),
        "has_network": any(model.manifest["inputs"] for model in sources.models),
        "isa_text": readme.ISAS[sources.models[0].manifest["isa"]],
        "sources": sources.names(".c"),
        "headers": sources.names(*HEADERS),
        "public_headers": _public(sources),
        "includes": [_include(model) for model in sources.models],
        "models": [_model(model) for model in sources.models],
    }


def _include(generated: Generated) -> str:
    """Return the header that a user's code includes of one model."""
    return f"safe_{generated.name}{'_detector' if generated.has_detector else ''}.h"


def _summary(sources: Sources) -> str:
    kind = "Anomaly detector" if any(m.has_detector for m in sources.models) else "Neural network"
    plural = "s" if len(sources.models) > 1 else ""
    names = ", ".join(model.name for model in sources.models)
    return f"{kind}{plural}, the same on host and device to the last bit: {names}."


def _public(sources: Sources) -> dict[str, list[str]]:
    """Return the headers that a user's code may include, by their folder below `src`."""
    found: dict[str, list[str]] = {}
    for path in sources.names(*HEADERS):
        place = PurePosixPath(path).relative_to(FOLDER)
        folder = place.parent.as_posix()
        if folder == "." and not place.name.startswith("safe_"):
            continue  # between sources of the runtime
        found.setdefault("" if folder == "." else f"/{folder}", []).append(path)
    return found


def _model(generated: Generated) -> dict[str, Any]:
    manifest = generated.manifest
    return {
        "name": generated.name,
        "has_detector": generated.has_detector,
        "inputs": ", ".join(map(_shape, manifest["inputs"])) or "samples",
        "outputs": ", ".join(map(_shape, manifest["outputs"])) or "states",
        "edges": [
            {**edge, "name": edge["macro"].lower()}
            for role in ("input", "output")
            for edge in selftest.edges(manifest[f"{role}s"], role)
        ],
        "arena_bytes": manifest["arena_bytes"],
        "constant_bytes": manifest["weight_bytes"] + manifest["constant_bytes"],
        "sha256": manifest["model_sha256"],
    }


def _shape(edge: Mapping[str, Any]) -> str:
    return f"{edge['dtype']} {edge['shape']}"
