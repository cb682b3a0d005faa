"""The bill of materials of a release: its files, and the Python packages that the wheel needs."""

import tomllib
import uuid
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from host_tools.package.sbom import LICENSE


def needed(source: Path) -> list[tuple[str, str, bool]]:
    """Return (name, version, whether it is always needed) of each pinned package, sorted."""
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    users = ("oracle", "packs", "flash", "emulate", "ibex", "train", "dask")
    extras = project["optional-dependencies"]
    pins = {pin: False for extra in users for pin in extras[extra]}
    pins |= dict.fromkeys(project["dependencies"], True)
    split = ((*pin.split("=="), always) for pin, always in pins.items())
    return sorted((name, version, always) for name, version, always in split)


def text(version: str, source: Path, files: Mapping[str, bytes]) -> bytes:
    """Return the bill as CycloneDX JSON; `files` are the other files of the release.

    Its serial number follows from the files, and it has no date: equal files, equal bills.
    """
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentScope, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    digests = {name: sha256(content).hexdigest() for name, content in sorted(files.items())}
    whole = sha256("".join(f"{n} {d}\n" for n, d in digests.items()).encode()).hexdigest()
    license_ = DisjunctiveLicense(id=LICENSE)
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, whole))
    bom.metadata.timestamp = None
    bom.metadata.component = Component(
        type=ComponentType.APPLICATION,
        name="SAFE",
        version=version,
        bom_ref="SAFE",
        licenses=[license_],
    )
    parts = [
        Component(
            type=ComponentType.FILE,
            name=name,
            bom_ref=f"file:{name}",
            licenses=[license_],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        )
        for name, digest in digests.items()
    ]
    parts += [
        Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=pinned,
            bom_ref=f"pypi:{name}",
            purl=PackageURL("pypi", name=name.lower().replace("_", "-"), version=pinned),
            scope=ComponentScope.REQUIRED if always else ComponentScope.OPTIONAL,
        )
        for name, pinned, always in needed(source)
    ]
    bom.components.update(parts)
    bom.register_dependency(bom.metadata.component, parts)
    return (str(JsonV1Dot6(bom).output_as_string(indent=2)) + "\n").encode()
