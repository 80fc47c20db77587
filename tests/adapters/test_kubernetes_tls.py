"""A server is believed only with a certificate that its kubeconfig trusts; we show ours only when there is one."""

import json

import pytest
from fake_api import discovered, listing, pem, serving

from atmos_cli.adapters.kubernetes.client import ClusterClient
from atmos_cli.adapters.kubernetes.kubeconfig import Plugin
from atmos_cli.diagnostics import AtmosError, Code


def answer(request):
    return discovered(request.path) or listing([])


@pytest.fixture
def api():
    with serving(answer, tls=True) as api:
        yield api


def ask(access):
    with ClusterClient(access, name="cluster `eu`", pause=lambda _: None) as cluster:
        return cluster.list("v1", "Pod")


def refused(access):
    with pytest.raises(AtmosError) as caught:
        ask(access)
    (found,) = caught.value.diagnostics
    assert found.code is Code.CLUSTER_UNREACHABLE  # ATM811
    return found


def test_the_authority_of_the_kubeconfig_and_its_server_name_are_believed(api):
    assert ask(api.access(ca=pem("ca.pem"), tls_server_name="api.test")) == ()


def test_without_verification_anything_is_believed(api):
    assert ask(api.access(insecure=True)) == ()


def test_another_authority_is_not_believed_and_asked_once(api):
    for access in (api.access(ca=pem("other-ca.pem"), tls_server_name="api.test"), api.access()):
        found = refused(access)
        assert "its certificate is not valid" in found.message
        assert "certificate-authority" in found.hint
    assert not api.requests


def test_another_name_is_not_believed(api):
    found = refused(api.access(ca=pem("ca.pem")))
    assert "certificate" in found.message
    assert "tls-server-name" in found.hint
    assert not api.requests


@pytest.mark.parametrize("fields", [{"ca": "no certificate"}, {"certificate": "no", "key": "no"}])
def test_files_that_are_no_certificates_are_said(api, fields):
    assert "certificate or key that cannot be used" in refused(api.access(**fields)).message


def test_our_certificate_is_shown_and_leaves_no_file(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with serving(answer, tls=True, client_ca="ca.pem") as api:
        ours = {"certificate": pem("client.pem"), "key": pem("client.pem")}
        assert ask(api.access(ca=pem("ca.pem"), tls_server_name="api.test", **ours)) == ()
        assert {request.subject for request in api.requests} == {"client.test,testers"}
        refused(api.access(insecure=True))
    assert not list(scratch.iterdir())


def test_a_key_with_a_passphrase_asks_no_terminal(api):
    found = refused(api.access(certificate=pem("client.pem").split("-----BEGIN PRIVATE")[0], key=pem("locked.key")))
    assert "passphrase" in found.message


def test_a_certificate_from_a_plugin_is_shown_and_replaced_when_it_ends(tmp_path):
    status = {
        "clientCertificateData": pem("client.pem"),
        "clientKeyData": pem("client.pem"),
        "expirationTimestamp": "2020-01-01T00:00:00Z",
    }
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    (tmp_path / "credential").write_text(json.dumps(credential))
    program = tmp_path / "login"
    program.write_text('#!/bin/sh\ncat "$1"\necho " " >> "$1"\n')
    program.chmod(0o755)
    plugin = Plugin(
        "./login",
        (str(tmp_path / "credential"),),
        (),
        "client.authentication.k8s.io/v1",
        "",
        provide_cluster=False,
        directory=tmp_path,
    )
    with serving(answer, tls=True, client_ca="ca.pem") as api:
        access = api.access(ca=pem("ca.pem"), tls_server_name="api.test", plugin=plugin)
        with ClusterClient(access) as cluster:
            assert cluster.list("v1", "Pod") == cluster.list("v1", "Pod") == ()
        assert {request.subject for request in api.requests} == {"client.test,testers"}
