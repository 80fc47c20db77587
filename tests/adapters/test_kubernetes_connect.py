"""From atmos-cli.yaml to servers: what is missing is said with the line to write."""

import json

import pytest
from fake_api import discovered, listing, serving

from atmos_cli.config import Config
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.gitops.trusted import Trusted
from atmos_cli.live.connect import connect, metrics_of


@pytest.fixture
def environ(tmp_path):
    def make(**servers):
        names = [*servers]
        value = {
            "clusters": [{"name": n, "cluster": {"server": servers[n]}} for n in names],
            "contexts": [{"name": n, "context": {"cluster": n, "user": "me"}} for n in names],
            "users": [{"name": "me", "user": {"token": "x"}}],
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(value))
        return {"KUBECONFIG": str(tmp_path / "kubeconfig"), "METRICS_TOKEN": "t"}

    return make


def config(**eu):
    """As the base branch has it."""
    found = Config.model_validate({"clusters": {"eu": eu}, "environments": {"prod": {"cluster": "eu"}}})
    return Trusted(found, "origin/main")


def refused(call):
    with pytest.raises(AtmosError) as caught:
        call()
    return caught.value.diagnostics


def test_the_context_is_called_as_the_cluster_or_as_the_file_says(environ):
    with serving(lambda r: discovered(r.path) or listing([])) as api:
        for settings, name in [({}, "eu"), ({"context": "admin@eu"}, "admin@eu")]:
            with connect(config(**settings), "eu", environ=environ(**{name: api.url})) as found:
                assert found.cluster.list("v1", "Pod") == ()
                assert found.hub is found.cluster
                assert found.metrics is None


def test_the_hub_is_another_server(environ):
    with (
        serving(lambda r: discovered(r.path) or listing([])) as api,
        connect(config(hub="mgmt"), "eu", environ=environ(eu="http://127.0.0.1:9", mgmt=api.url)) as found,
    ):
        assert found.hub.list("v1", "Pod") == ()


def test_all_that_is_missing_is_said_at_once(environ):
    settings = {"context": "eu-prd", "hub": "mgmt", "prometheus": {"url": "http://p.test", "token_env": "MISSING"}}
    found = refused(lambda: connect(config(**settings), "eu", environ=environ(**{"eu-prod": "http://x"})))
    assert [d.code for d in found] == [
        Code.CLUSTER_UNCONFIGURED,  # ATM810
        Code.CLUSTER_UNCONFIGURED,
        Code.METRICS_UNCONFIGURED,  # ATM813
    ]
    assert "did you mean `eu-prod`? write its name as `clusters.eu.context`" in found[0].hint
    assert "clusters.eu.hub" in found[1].hint
    assert "export MISSING=" in found[2].hint


def test_metrics_have_the_token_that_the_environment_holds(environ):
    settings = {"prometheus": {"url": "https://p.test", "token_env": "METRICS_TOKEN", "tenant": "a"}}
    with connect(config(**settings), "eu", environ=environ(eu="http://x")) as found:
        assert found.metrics._headers == {"Authorization": "Bearer t", "X-Scope-OrgID": "a"}
    with metrics_of(config(**settings), "eu", environ=environ(eu="http://x")) as found:
        assert found._headers["Authorization"] == "Bearer t"


def test_a_command_that_needs_metrics_says_what_to_add():
    (found,) = refused(lambda: metrics_of(config(), "eu", environ={}))
    assert found.code is Code.METRICS_UNCONFIGURED
    assert "`prometheus: {url: https://prometheus.example.com}`" in found.hint
    (found,) = refused(
        lambda: metrics_of(config(prometheus={"url": "http://p", "token_env": "MISSING"}), "eu", environ={})
    )
    assert "`MISSING` is not set" in found.message


def test_in_a_pod_its_own_account_is_used_when_no_other_cluster_can_be_meant(tmp_path, monkeypatch):
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text("pod")
    with serving(lambda r: discovered(r.path) or listing([])) as api:
        (account / "ca.crt").write_text("")
        port = api.url.rpartition(":")[2]
        environ = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port, "HOME": str(tmp_path)}
        monkeypatch.setattr("atmos_cli.adapters.kubernetes.kubeconfig.ACCOUNT", account)
        for settings in ({}, {"context": "in-cluster"}):
            with connect(config(**settings), "eu", environ=environ) as found:
                assert found.cluster.transport.access.token_file == str(account / "token")
                assert found.cluster.transport.access.server == f"https://127.0.0.1:{port}"
        two = Config.model_validate({"clusters": {"eu": {}, "us": {}}, "environments": {"p": {"cluster": "eu"}}})
        (told,) = refused(lambda: connect(Trusted(two, "origin/main"), "eu", environ=environ))
        assert told.code is Code.CLUSTER_UNCONFIGURED
    (told,) = refused(lambda: connect(config(context="in-cluster"), "eu", environ={"HOME": str(tmp_path)}))
    assert "no pod" in told.message
