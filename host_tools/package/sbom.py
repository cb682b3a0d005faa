"""The bill of materials of a package: CycloneDX, every file with its licence and SHA-256."""

import re
import uuid
from collections.abc import Mapping
from hashlib import sha256

from host_tools.package.request import Request
from host_tools.package.sources import Sources
from targets.build import runtime_version

FILE = "sbom.cdx.json"
LICENSE = "Apache-2.0"
"""Licence of what has no line of its own that says so."""
_SPDX = re.compile(r"SPDX-License-Identifier: ([\w.+-]+)")
_HEAD = 400
_TOOL = "SAFE"


def license_of(content: bytes) -> str:
    """Return the SPDX identifier that a file's head states, or that of the package."""
    found = _SPDX.search(content[:_HEAD].decode("utf-8", errors="replace"))
    return found[1] if found else LICENSE


def text(request: Request, sources: Sources, files: Mapping[str, bytes]) -> str:
    """Return the bill as JSON; `files` are all others of the package.

    Its serial number follows from the files, and it has no date: equal packages, equal bills.
    """
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense
    from cyclonedx.output.json import JsonV1Dot6

    hashes = {path: sha256(content).hexdigest() for path, content in sorted(files.items())}
    whole = sha256("".join(f"{p} {h}\n" for p, h in hashes.items()).encode()).hexdigest()

    def component(kind: ComponentType, name: str, spdx: str, digest: str) -> Component:
        return Component(
            type=kind,
            name=name,
            bom_ref=f"{kind.value}:{name}",
            licenses=[DisjunctiveLicense(id=spdx)] if spdx else [],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        )

    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, whole))
    bom.metadata.timestamp = None
    bom.metadata.component = Component(
        type=ComponentType.LIBRARY,
        name=request.name,
        version=request.version,
        bom_ref=request.name,
        licenses=[DisjunctiveLicense(id=LICENSE)],
    )
    bom.metadata.tools.components.add(
        Component(type=ComponentType.APPLICATION, name=_TOOL, version=runtime_version())
    )
    parts = [
        component(ComponentType.FILE, path, license_of(files[path]), digest)
        for path, digest in hashes.items()
    ]
    parts += [
        component(
            ComponentType.MACHINE_LEARNING_MODEL, model.name, "", model.manifest["model_sha256"]
        )
        for model in sources.models
    ]
    bom.components.update(parts)
    bom.register_dependency(bom.metadata.component, parts)
    return str(JsonV1Dot6(bom).output_as_string(indent=2)) + "\n"
