"""Real SSH keys, and approvals that are right in every respect unless a test says otherwise."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from atmos_cli.adapters import ssh
from atmos_cli.approval.model import NAMESPACE, approval_path, signed_bytes, with_signature


@dataclass(frozen=True)
class SshKey:
    private: Path
    public: str


def make_key(path, kind="ed25519", *options):
    assert shutil.which("ssh-keygen"), "these tests need the real ssh-keygen: install openssh-client"
    command = ["ssh-keygen", "-q", "-t", kind, *options, "-N", "", "-C", path.name, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return SshKey(path, path.with_suffix(".pub").read_text().strip())


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """One real key for each of a few people, two for Lee."""
    home = tmp_path_factory.mktemp("ssh")
    return {name: make_key(home / name) for name in ("lee", "lee2", "max", "dev", "stranger")}


def signed(approval, key):
    mark, armour = ssh.sign(signed_bytes(approval), key=key.private, namespace=NAMESPACE, interactive=False)
    return with_signature(approval, key=mark, signature=armour)


def path_of(approval):
    return approval_path(approval.environment, approval.service, approval.claim_digest)
