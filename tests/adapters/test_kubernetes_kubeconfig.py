"""A kubeconfig means what kubectl takes it to mean, and what is wrong with one is said without its secrets."""

import base64
import os

import pytest

from atmos_cli.adapters.kubernetes.kubeconfig import access, in_cluster, read_kubeconfig
from atmos_cli.diagnostics import AtmosError, Code

TOKEN = "s3cr3t-t0k3n"


def write(path, contexts=("eu",), *, server="https://api.test", cluster=None, user=None):
    import json

    path.parent.mkdir(parents=True, exist_ok=True)
    value = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": n, "cluster": {"server": server, **(cluster or {})}} for n in contexts],
        "users": [{"name": n, "user": user if user is not None else {"token": TOKEN}} for n in contexts],
        "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in contexts],
    }
    path.write_text(json.dumps(value))
    return path


def read(*paths, context="eu"):
    kubeconfig = read_kubeconfig({"KUBECONFIG": os.pathsep.join(map(str, paths))})
    return access(kubeconfig, context, setting="clusters.eu.context")


def refused(*paths, context="eu"):
    with pytest.raises(AtmosError) as caught:
        read(*paths, context=context)
    (found,) = caught.value.diagnostics
    assert found.code is Code.CLUSTER_UNCONFIGURED  # ATM810
    assert TOKEN not in found.message + found.hint
    return found


def test_of_entries_with_one_name_the_first_counts_whole(tmp_path):
    first = write(tmp_path / "a", ["eu"], server="https://first.test", user={"token": "first"})
    second = write(
        tmp_path / "b", ["eu", "us"], server="https://second.test", user={"username": "u", "token": "second"}
    )
    eu, us = read(first, tmp_path / "missing", second), read(first, second, context="us")
    assert (eu.server, eu.token, eu.user) == ("https://first.test", "first", "")
    assert (us.server, us.token) == ("https://second.test", "second")


def test_without_kubeconfig_variable_the_file_in_the_home_is_read(tmp_path):
    write(tmp_path / ".kube/config")
    assert read_kubeconfig({"HOME": str(tmp_path)}).contexts.keys() == {"eu"}


def test_paths_start_at_the_file_that_names_them_and_inline_data_wins(tmp_path):
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki/ca.pem").write_text("CA FILE")
    (tmp_path / "pki/me.pem").write_text("CERTIFICATE FILE")
    inline = base64.b64encode(b"KEY INLINE").decode()
    user = {"client-certificate": "me.pem", "client-key": "nowhere", "client-key-data": inline, "tokenFile": "token"}
    path = write(tmp_path / "pki/config", cluster={"certificate-authority": "ca.pem"}, user=user)
    found = read(path)
    assert (found.ca, found.certificate, found.key) == ("CA FILE", "CERTIFICATE FILE", "KEY INLINE")
    assert found.token_file == str(tmp_path / "pki/token")


def test_everything_else_that_kubectl_knows(tmp_path):
    cluster = {"insecure-skip-tls-verify": True, "tls-server-name": "api.test", "proxy-url": "http://proxy.test:3128"}
    user = {"username": "ada", "password": "pw", "as": "bob", "as-groups": ["ops", "dev"]}
    found = read(write(tmp_path / "c", cluster=cluster, user=user))
    assert (found.insecure, found.tls_server_name, found.proxy) == (True, "api.test", "http://proxy.test:3128")
    assert (found.user, found.password) == ("ada", "pw")
    assert found.impersonate == (
        ("Impersonate-User", "bob"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Group", "dev"),
    )


def test_a_plugin_is_read_with_its_directory(tmp_path):
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./login",
        "args": ["--cluster", "eu"],
        "env": [{"name": "PROFILE", "value": "prod"}],
        "installHint": "install it",
        "interactiveMode": "IfAvailable",
        "provideClusterInfo": True,
    }
    found = read(write(tmp_path / "c", user={"exec": plugin})).plugin
    assert (found.command, found.args, found.env) == ("./login", ("--cluster", "eu"), (("PROFILE", "prod"),))
    assert (found.hint, found.provide_cluster, found.directory) == ("install it", True, tmp_path)


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"exec": {"apiVersion": "client.authentication.k8s.io/v1alpha1", "command": "x"}}, "version"),
        ({"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}, "command"),
        (
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "interactiveMode": "Always"}},
            "terminal",
        ),
        ({"auth-provider": {"name": "gcp"}}, "auth-provider"),
        ({"client-key-data": "%%%"}, "base64"),
        ({"client-key": "nowhere.pem"}, "nowhere.pem"),
    ],
)
def test_a_user_that_cannot_be_used_is_said(tmp_path, user, said):
    assert said in refused(write(tmp_path / "c", user=user | {"token": TOKEN})).message


def test_a_context_that_does_not_exist_names_the_one_that_was_meant(tmp_path):
    path = write(tmp_path / "c", ["eu-prod", "us-prod"])
    found = refused(path, context="eu-prd")
    assert "`eu-prd`" in found.message
    assert found.hint == "did you mean `eu-prod`? write its name as `clusters.eu.context` in atmos-cli.yaml"
    assert "eu-prod, us-prod" in refused(path, context="zzz").hint


def test_without_any_file_the_next_step_is_said(tmp_path):
    found = refused(tmp_path / "missing")
    assert "no kubeconfig" in found.message
    assert "KUBECONFIG" in found.hint


@pytest.mark.parametrize(
    "text",
    [
        f"users:\n- name: eu\n  user: {{token: {TOKEN}\n",
        f"a: b: {TOKEN}",
        "\x00",
        "- just\n- a list",
        "contexts: 7\nclusters: {a: b}\nusers: [[[]]]",
        "contexts: [{name: eu, context: {cluster: [1], user: {}}}]",
        'contexts: [{name: eu, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: "ftp://x"}}]',
        "[" * 5000,
    ],
)
def test_a_hostile_file_gives_a_sentence_and_never_its_content(tmp_path, text):
    (tmp_path / "c").write_text(text)
    refused(tmp_path / "c")


def test_a_directory_and_a_huge_file_are_refused(tmp_path):
    assert "cannot be read" in refused(tmp_path).message
    with (tmp_path / "big").open("wb") as file:
        file.truncate(9 * 1024 * 1024)
    assert "larger" in refused(tmp_path / "big").message


def test_secrets_are_not_in_the_text_of_an_access(tmp_path):
    user = {
        "token": TOKEN,
        "password": TOKEN,
        "username": "u",
        "client-key-data": base64.b64encode(TOKEN.encode()).decode(),
    }
    path = write(tmp_path / "c", user=user)
    assert TOKEN not in repr(read(path)) + repr(read_kubeconfig({"KUBECONFIG": str(path)}))


def test_a_pod_has_the_account_that_is_mounted_into_it(tmp_path, monkeypatch):
    monkeypatch.setattr("atmos_cli.adapters.kubernetes.kubeconfig.ACCOUNT", tmp_path)
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert in_cluster(environ) is None
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "ca.crt").write_text("CA")
    found = in_cluster(environ)
    assert (found.server, found.ca, found.token_file) == ("https://[fd00::1]:6443", "CA", str(tmp_path / "token"))
    assert in_cluster({}) is None
