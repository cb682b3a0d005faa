"""The files that ST's tool generates for one model: which API they have, and what they ask for.

X-CUBE-AI 7.1 to 12 (ST Edge AI Core 1 to 4) generate `NAME.{h,c}`, `NAME_data.{h,c}` and, by API,
`NAME_config.h` and `NAME_data_params.{h,c}` (`ai_NAME_run`) or `NAME_details.h` (`stai_NAME_run`).
All that is needed stands in macros of the headers, as plain numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from codegen.backends.xcubeai.version import Version
from codegen.errors import NetworkInvalidError

SUFFIXES = (".h", ".c", "_data.h", "_data.c", "_data_params.h", "_data_params.c", "_config.h",
            "_details.h")  # fmt: skip
_EDGE = re.compile(r"^\s*#\s*define\s+(STAI|AI)_(\w+)_IN_NUM\b", re.MULTILINE)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?![\w(])[ \t]*(.*)$", re.MULTILINE)
_TOOLS = r"#define\s+AI_TOOLS_VERSION_{}\s+\(?(\d+)"
_TOOL_VERSION = re.compile(r"\.tool_version\s*=\s*STAI_INIT_VERSION\((\d+),\s*(\d+),\s*(\d+)\)")

Api = Literal["stai", "ai"]
Kind = Literal["IN", "OUT"]


@dataclass(frozen=True)
class Network:
    """Generated files of one network."""

    folder: Path
    name: str
    """Stem of the files and of the C names: `ai_NAME_run`."""
    api: Api
    texts: Mapping[str, str] = field(repr=False)
    """The files by name."""
    macros: Mapping[str, str] = field(repr=False)

    @property
    def prefix(self) -> str:
        """Return the beginning of the network's macros, e.g. `STAI_NETWORK`."""
        return f"{self.api.upper()}_{self.name.upper()}"

    @property
    def version(self) -> Version | None:
        """Version of the tool that generated the files; None when they do not tell."""
        if self.api == "stai":
            found = _TOOL_VERSION.search(self.texts[f"{self.name}.c"])
            return Version.of_tool(*found.groups()) if found else None
        config = self.texts.get(f"{self.name}_config.h", "")
        parts = [re.search(_TOOLS.format(part), config) for part in ("MAJOR", "MINOR", "MICRO")]
        digits = [part[1] for part in parts if part is not None]
        return Version.of_tool(*digits) if len(digits) == len(parts) else None

    def number(self, name: str) -> int | None:
        """Return the whole number that a macro stands for; None when there is none."""
        text = re.sub(r"/\*.*?\*/|[()\s]", "", self.macros.get(name, ""))
        return int(text, 0) if re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)", text) else None

    def count(self, name: str) -> int:
        """Return a macro that must be a number; raises `NetworkInvalidError`."""
        value = self.number(f"{self.prefix}_{name}")
        if value is None:
            raise NetworkInvalidError(
                f"{self.folder}: {self.name}.h defines no number {self.prefix}_{name}: generate "
                "it again with X-CUBE-AI 7.1 or later (ST Edge AI Core)"
            )
        return value

    def sizes(self, kind: Kind) -> tuple[int, ...]:
        """Return the bytes of each input or output."""
        return tuple(
            self.count(f"{kind}_{i + 1}_SIZE_BYTES") for i in range(self.count(f"{kind}_NUM"))
        )

    @property
    def pools(self) -> tuple[int, ...]:
        """Bytes of each memory for activations."""
        if self.api == "stai":
            count = self.count("ACTIVATIONS_NUM")
            return tuple(self.count(f"ACTIVATION_{i + 1}_SIZE_BYTES") for i in range(count))
        count = self.count("DATA_ACTIVATIONS_COUNT")
        return tuple(self.count(f"DATA_ACTIVATION_{i + 1}_SIZE") for i in range(count))

    @property
    def states(self) -> tuple[int, ...]:
        """Bytes of each memory that lasts from one run to the next."""
        count = self.number(f"{self.prefix}_STATES_NUM") or 0
        return tuple(self.count(f"STATE_{i + 1}_SIZE_BYTES") for i in range(count))

    @property
    def weight_bytes(self) -> int:
        """Bytes of the network's constants in flash."""
        names = ("WEIGHTS_SIZE_BYTES", "DATA_WEIGHTS_SIZE")
        return next((n for n in (self.number(f"{self.prefix}_{x}") for x in names) if n), 0)

    @property
    def pointers(self) -> int:
        """Number of the pointers that a context of the network holds."""
        counts = ("ACTIVATIONS_NUM", "WEIGHTS_NUM", "IN_NUM", "OUT_NUM", "STATES_NUM")
        return sum(self.number(f"{self.prefix}_{name}") or 0 for name in counts)

    def inside(self, kind: Kind) -> bool:
        """Return whether inputs or outputs lie in the memory for activations."""
        word = {"IN": "INPUTS", "OUT": "OUTPUTS"}[kind]
        if self.api == "stai":
            return f"STAI_FLAG_{word}" in self.macros.get(f"{self.prefix}_FLAGS", "")
        return f"{self.prefix}_{word}_IN_ACTIVATIONS" in self.macros


def read(folder: Path) -> Network:
    """Read the one network whose files lie in `folder`, or below it in `App` of a CubeMX project.

    Raises `NetworkInvalidError` when there is none, there are several, files are missing, or the
    weights are in a file of their own.
    """
    folder = folder.parent if folder.is_file() else folder
    for place in (folder, folder / "App", folder / "X-CUBE-AI" / "App"):
        found = _networks(place)
        if len(found) > 1:
            names = ", ".join(sorted(f"{name}.h" for name, _ in found))
            raise NetworkInvalidError(
                f"{place}: holds several networks ({names}): name a folder of one"
            )
        if found:
            return _read(place, *found[0])
    raise NetworkInvalidError(
        f"{folder}: holds no generated network: expected network.h with "
        "STAI_NETWORK_IN_NUM or AI_NETWORK_IN_NUM (the folder X-CUBE-AI/App of a CubeMX project)"
    )


def _networks(folder: Path) -> list[tuple[str, Api]]:
    """Return name and API of each network whose header lies in a folder."""
    found: list[tuple[str, Api]] = []
    for path in sorted(folder.glob("*.h")):
        match = _EDGE.search(_text(path))
        if match is not None and match[2] == path.stem.upper():
            found.append((path.stem, "stai" if match[1] == "STAI" else "ai"))
    return found


def _read(folder: Path, name: str, api: Api) -> Network:
    _check_weights(folder, name)
    paths = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    texts = {path.name: _text(path) for path in paths if path.is_file()}
    wanted = [f"{name}.c", f"{name}_data.c", f"{name}_data.h"]
    wanted += [] if api == "stai" else [f"{name}_data_params.h"]
    missing = [file for file in wanted if file not in texts]
    if missing:
        raise NetworkInvalidError(
            f"{folder}: {name}.h is there, {missing[0]} is missing: generate the network again"
        )
    macros: dict[str, str] = {}
    for file, text in texts.items():
        if file.endswith(".h"):
            macros |= dict(_DEFINE.findall(re.sub(r"\\\r?\n", " ", text)))
    return Network(folder, name, api, texts, macros)


def _check_weights(folder: Path, name: str) -> None:
    """Refuse weights that are not in the generated C: nothing would bring them into the image."""
    flags = dict(_DEFINE.findall(_text(folder / f"{name}.h"))).get(f"STAI_{name.upper()}_FLAGS")
    if "STAI_FLAG_WEIGHTS" not in (flags or "STAI_FLAG_WEIGHTS") or [*folder.glob(f"{name}_*.bin")]:
        raise NetworkInvalidError(
            f"{folder}: the weights of {name} are in a binary file of their own: "
            "generate it without --binary and --split-weights (CubeMX: no external flash)"
        )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
