"""Whether something is newer is known from a small part of a lock, which says what the whole lock says."""

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.effective import FEW, Effective
from atmos_cli.gitops.inputs import Inputs, lock_head
from atmos_cli.gitops.pending import is_current
from atmos_cli.gitops.repository import Deployment, config_of
from atmos_cli.gitops.services import ServiceName, named_services
from atmos_cli.layout.lock_history import read_lock
from atmos_cli.ports import MemoryTree
from tests.update.worlds import LOCK, NAME, SPEC, WORLDS, made


def current(files):
    tree = MemoryTree(files)
    return is_current(tree, NAME, Inputs(config_of(tree), catalogue(tree)))


@pytest.fixture
def files():
    return made(WORLDS["three environments"])


@pytest.mark.parametrize("world", WORLDS)
def test_the_part_says_what_the_whole_says(world):
    files = made(WORLDS[world])
    part, whole = lock_head(files[LOCK], path=LOCK), read_lock(files[LOCK], path=LOCK)[0]
    assert (part.blueprints, part.environments, part.stamps) == (whole.blueprints, whole.environments, whole.stamps)
    assert (part.inputs, part.edited) == (whole.inputs, ())
    assert part.files == {SPEC: whole.files[SPEC]}
    assert current(files)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"input git:\n  ", b"input git:\n  0"),
        (b"input service:\n  ", b"input service:\n  0"),
        (b"environment prod:\n  used", b"environment prod:\n  not used"),
        (b"stamp 00:\n", b"stamp 00:\n  0123456789ab\n"),
        (b"stamp 00:\n", b"stamp 00:\n  \xff\xfe\n"),
        (b'service.yaml /language = "', b'service.yaml /language = "x'),
        (b"\nbase/", b"\n<<<<<<< ours\nbase/"),
        (b"atmos-lock 2\n", b"atmos-lock 1\n"),
    ],
)
def test_another_lock_is_not_current(files, before, after):
    assert before in files[LOCK]
    assert not current({**files, LOCK: files[LOCK].replace(before, after, 1)})


@pytest.mark.parametrize("part", [0.0, 0.02, 0.2, 0.9, 0.999])
def test_a_lock_that_was_cut_off_is_not_current(files, part):
    try:
        assert not current({**files, LOCK: files[LOCK][: int(len(files[LOCK]) * part)]})
    except AtmosError:
        assert part == 0.0


def test_another_spec_or_config_is_not_current(files):
    assert not current({**files, SPEC: files[SPEC] + b"hosts: [shop.example.com]\n"})
    changed = files["atmos-cli.yaml"].replace(b"domain: dev.example.com", b"domain: other.example.com")
    assert changed != files["atmos-cli.yaml"]
    assert not current({**files, "atmos-cli.yaml": changed})


def test_a_service_that_is_named_in_full_is_found_without_the_others(files):
    listed = []

    class Listing(MemoryTree):
        def files(self, under=""):
            listed.append(under)
            return super().files(under)

    assert named_services(Listing(files), ["main/shop", "main/shop"]) == (NAME,)
    assert listed == ["apps/main/shop", "apps/main/shop"]
    assert named_services(Listing(files), ["shop"]) == (NAME,)
    with pytest.raises(AtmosError, match="no service"):
        named_services(Listing(files), ["../shop"])


def test_few_overlays_are_looked_for_one_by_one_and_many_at_once(files):
    there, not_there = Deployment(*NAME, "prod"), Deployment(*NAME, "qa")
    effective = Effective(MemoryTree(files))
    for _ in range(FEW):
        assert (effective.has(there), effective.has(not_there)) == (True, False)
    assert effective.has(there) == (there in effective.deployments())
    assert not Effective(MemoryTree({})).has(Deployment(*ServiceName("main", "shop"), "prod"))
