"""A bill of materials (CycloneDX 1.6): what a light installation brings, with licences."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import metadata, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
NAME = "measurand"


def of(files: Mapping[str, bytes], epoch: int) -> str:
    """The bill as JSON; a function of the files, the lock and the installed packages' licences.

    Args:
        files: distributions by name.
        epoch: time of the release, seconds.

    Raises:
        ValueError: it is no valid CycloneDX.
    """
    needed = closure(NAME)
    locked = _locked()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    seed = "".join(f"{name}{digest}" for name, digest in sorted(hashes.items()))
    version = next(n for n in files if n.endswith(".whl")).split("-")[1]
    packages = sorted(set(needed) - {NAME})
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat(),
            "component": {
                "type": "library",
                "bom-ref": NAME,
                "name": NAME,
                "version": version,
                "purl": f"pkg:pypi/{NAME}@{version}",
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "components": [
                    {
                        "type": "file",
                        "name": name,
                        "hashes": [{"alg": "SHA-256", "content": digest}],
                    }
                    for name, digest in sorted(hashes.items())
                ],
            },
        },
        "components": [_component(name, locked[name]) for name in packages],
        "dependencies": [
            {"ref": name, "dependsOn": sorted(needed[name])} for name in sorted(needed)
        ],
    }
    text = json.dumps(bill, indent=1, sort_keys=True) + "\n"
    _check(text)
    return text


def closure(name: str) -> dict[str, set[str]]:
    """What a package needs without extras, here, and what those need."""
    found: dict[str, set[str]] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        asked = [Requirement(text) for text in requires(one) or ()]
        found[one] = {_plain(r.name) for r in asked if not r.marker or r.marker.evaluate()}
        waiting += sorted(found[one])
    return found


def _component(name: str, version: str) -> dict[str, Any]:
    about = metadata(name)
    licence = about.get("License-Expression") or (about.get("License") or "").splitlines()[:1]
    told = licence if isinstance(licence, str) else next(iter(licence), "")
    classes = [c for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    words = told or (classes[0].rpartition(" :: ")[2] if classes else "see the package")
    return {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        "licenses": [{"license": {"name": words[:200]}}],
    }


def _locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {_plain(name): version.strip() for name, version in pairs}


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _check(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise ValueError(f"no CycloneDX: {problem}")
