from tests.cli.conftest import atmos, git, own_git, repo, shop_template  # noqa: F401 - fixtures
