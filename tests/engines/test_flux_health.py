"""What Flux is told to leave alone is suspended, of whichever of its kinds it is."""

import pytest

from atmos_cli.engines.flux.kinds import KINDS, OTHERS
from atmos_cli.engines.registry import health_rules
from atmos_cli.verify.health import health
from atmos_cli.verify.seen import Status
from tests.verify.snapshots import cond, obj, snapshot


@pytest.mark.parametrize(("group", "kind"), [*((group, kind) for kind, group in KINDS.items()), *OTHERS])
def test_a_suspended_object_is_called_so_whatever_its_conditions_say(group, kind):
    ready = {"conditions": [cond("Ready", "True")], "observedGeneration": 1}
    for spec, status in (({"suspend": True}, Status.SUSPENDED), ({}, Status.CURRENT)):
        found = obj(f"{group}/v1", kind, "x", spec, ready, generation=1)
        assert health(found, snapshot=snapshot(objects=[found]), now=1.0, rules=health_rules()).status is status
