"""A plan warns of what it changes: what was so before, in deployments that build the same, is for `validate`."""


def warned(done):
    return sorted({each["environment"] for each in done.json["diagnostics"] if each["code"] == "ATM332"})


def test_a_new_environment_warns_of_nothing_elsewhere(shop, atmos):
    args = ("qa", "--like", "staging", "--repo", shop, "--dry-run", "-o", "json")
    assert warned(atmos("new", "environment", *args)) == ["qa"]


def test_a_change_in_one_environment_warns_of_that_one(shop, atmos):
    done = atmos("change", "checkout", "size m in prod", "--repo", shop, "--dry-run", "-o", "json")
    assert warned(done) == ["prod"]
    assert warned(atmos("validate", "--repo", shop, "-o", "json")) == ["dev", "prod", "staging"]
