"""A value of `atmos-cli.yaml` that nothing could be made of is refused there, not in what was generated from it."""

import pytest


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("registry: registry.example.com", "registry: https://ghcr.io/acme", "without scheme"),
        ("registry: registry.example.com", "registry: ghcr.io/acme/", 'no image can begin with "ghcr.io/acme//"'),
        ("registry: registry.example.com", "registry: GHCR.io/Acme", "in lower case"),
        ("registry: registry.example.com", 'registry: ""', "such as `ghcr.io/acme`"),
        ("domain: dev.acme.test", "domain: https://dev.acme.test/", "write a domain alone"),
        ("domain: dev.acme.test", "domain: Dev.acme.test", "only lower-case letters"),
        ('kubernetes: "1.36"', "kubernetes: 1.36", 'in quotes, such as "1.34"'),
        ('kubernetes: "1.36"', 'kubernetes: "v1.36.2-gke.100"', 'in quotes, such as "1.34"'),
    ],
)
def test_it_is_named_with_its_line(repo, atmos, old, new, says):
    config = repo / "atmos-cli.yaml"
    text = config.read_text()
    assert old in text, text
    config.write_text(text.replace(old, new, 1))
    done = atmos("update", "--repo", repo, "-o", "json", "--yes")
    assert done.code == 2
    found = done.json["diagnostics"][0]
    assert found["code"] == "ATM701"
    assert says in found["message"]
    assert config.read_text().splitlines()[found["where"]["line"] - 1].strip() == new


@pytest.mark.parametrize("registry", ["ghcr.io/acme", "localhost:5000", "123.dkr.ecr.eu-west-1.amazonaws.com", "acme"])
def test_registries_that_there_are(repo, atmos, registry):
    config = repo / "atmos-cli.yaml"
    config.write_text(config.read_text().replace("registry: registry.example.com", f"registry: {registry}"))
    assert atmos("update", "--repo", repo, "--check").code in (0, 1)
