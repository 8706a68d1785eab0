"""What others wrote is what the table says, with its licence beside it, and reaches nobody else."""

import hashlib
import re

import pytest

from guantong.serve.answer import POLICY, SCANNING
from tools.vendor import PLACE, packages


@pytest.mark.parametrize("package", packages(), ids=lambda one: one["name"])
def test_vendored_files_are_those_of_the_table(package: dict[str, dict[str, str]]) -> None:
    place = PLACE / str(package["name"])
    listed = {*package["files"].values(), "NOTICE"}
    assert {path.name for path in place.iterdir()} == listed
    for name, digest in package["sha256"].items():
        assert hashlib.sha256((place / name).read_bytes()).hexdigest() == digest
    assert "LICENSE" in listed
    assert str(package["version"]) in (place / "NOTICE").read_text("utf-8")


def test_every_vendored_package_is_in_the_table() -> None:
    assert {path.name for path in PLACE.iterdir()} == {package["name"] for package in packages()}


def test_the_policy_lets_a_page_with_a_scanner_reach_this_host_only() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in SCANNING.decode().split(";"))
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert rules["connect-src"] == "'self'"
    assert SCANNING.startswith(POLICY)
    assert not re.search(r"https?:|\*|unsafe-inline|'unsafe-eval'", SCANNING.decode())
