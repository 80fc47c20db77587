from tests.cli.conftest import (  # noqa: F401 - fixtures
    approving_template,
    atmos,
    deployed,
    git,
    own_git,
    repo,
    rolling_template,
    shop,
    shop_template,
    world,
)
