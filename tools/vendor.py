"""Fetch what browsers get that others wrote, as `vendor.toml` names it: run by developers only."""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

TABLE = Path(__file__).with_name("vendor.toml")
PLACE = Path(__file__).parent.parent / "src/guantong/serve/static/vendor"


def packages() -> list[dict[str, object]]:
    """The packages of the table."""
    return list(tomllib.loads(TABLE.read_text("utf-8"))["package"])


def main() -> None:
    """Put every file of every package into its place."""
    for package in packages():
        name, version = str(package["name"]), str(package["version"])
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["npm", "pack", f"{name}@{version}"], cwd=folder, check=True)
            (archive,) = Path(folder).glob("*.tgz")
            if hashlib.sha512(archive.read_bytes()).hexdigest() != package["sha512"]:
                sys.exit(f"{name} {version} is not what it was")
            _unpack(archive, PLACE / name, dict(package["files"]))  # type: ignore[call-overload]


def _unpack(archive: Path, place: Path, files: dict[str, str]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as held:
        for inside, name in files.items():
            member = held.extractfile(f"package/{inside}")
            assert member is not None
            (place / name).write_bytes(member.read())


if __name__ == "__main__":
    main()
