"""A later major version of a database is told as what it is, and an earlier one is refused: its data cannot go back."""

import pytest

from atmos_cli.effects.consequences import consequences
from atmos_cli.kube.immutable import refused
from atmos_cli.kube.resource import identity
from atmos_cli.yamlio.load import load

FIELDS = {
    "image": "imageName: 'pg.example.com:5000/postgresql:{}.4-standard@sha256:0'",
    "catalog": "imageCatalogRef: {{major: {}}}",
}


def database(version, how="image"):
    spec = FIELDS[how].format(version) if version else "enablePDB: true"
    text = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\nspec:\n  instances: 1\n"
    return load(f"{text}  {spec}\n".encode())


def told(before, after):
    return [each.text for each in consequences({identity(before): before}, {identity(after): after})]


@pytest.mark.parametrize("how", FIELDS)
@pytest.mark.parametrize("other", FIELDS)
def test_an_earlier_major_version_is_refused(how, other):
    (found,) = refused(database(17, how), database(16, other))
    assert (str(found.field), found.by) == (
        f"spec.{FIELDS[other].partition(':')[0]}{'.major' * (other == 'catalog')} 17 → 16",
        "its operator",
    )
    assert found.why == "may not go back to an earlier major version"


@pytest.mark.parametrize("how", FIELDS)
def test_a_later_one_is_said_and_nothing_else_of_it(how):
    before, after = database(9, how), database(17, how)
    assert refused(before, after) == ()
    (line,) = told(before, after)
    assert line.startswith("Cluster/db: its major version goes from 9 to 17: its operator stops it")


def test_the_same_one_and_one_that_nobody_knows_are_neither():
    for before, after in (
        (database(17), database(17, "catalog")),
        (database(17), database(None)),
        (database(None), database(16)),
    ):
        assert refused(before, after) == ()
        assert not any("major" in line for line in told(before, after) if "imageCatalogRef" not in line)
