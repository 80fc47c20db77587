"""Credentials come from where the kubeconfig says, at the time they are needed, and never show in a message."""

import json
import stat
import sys

import pytest
from fake_api import Said, discovered, listing, serving, status

from atmos_cli.adapters.kubernetes.auth import Login, run_plugin
from atmos_cli.adapters.kubernetes.client import ClusterClient
from atmos_cli.adapters.kubernetes.kubeconfig import Access, Plugin
from atmos_cli.diagnostics import AtmosError, Code

V1 = "client.authentication.k8s.io/v1"
TOKEN = "s3cr3t-t0k3n"


@pytest.fixture
def plugin(tmp_path):
    """Makes a plugin of Python statements; `give(**status)` prints an ExecCredential."""

    def make(body, *, version=V1, **fields):
        path = tmp_path / "login"
        head = (
            f"#!{sys.executable} -SE\nimport json, os, sys, time\n"
            f"def give(**status): print(json.dumps({{'apiVersion': '{version}', 'kind': 'ExecCredential', "
            "'status': status}))\n"
            f"with open({str(tmp_path / 'runs')!r}, 'a') as file: file.write('x')\n"
        )
        path.write_text(head + body)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        given = {"args": (), "env": (), "hint": "", "provide_cluster": False, "directory": tmp_path, **fields}
        return Plugin("./login", api_version=version, **given)

    make.runs = lambda: len((tmp_path / "runs").read_text())
    return make


def access(plugin, **fields):
    return Access("eu", "https://api.test", plugin=plugin, **fields)


def refused(plugin, *, seconds=30.0):
    with pytest.raises(AtmosError) as caught:
        run_plugin(plugin, access(plugin), seconds=seconds)
    (found,) = caught.value.diagnostics
    assert found.code is Code.CLUSTER_UNREACHABLE  # ATM811
    assert TOKEN not in found.message + found.hint
    return found


@pytest.mark.parametrize("version", [V1, "client.authentication.k8s.io/v1beta1"])
def test_a_plugin_gives_a_token(plugin, version):
    made = plugin(f"give(token='{TOKEN}')", version=version)
    assert Login(access(made)).headers() == {"Authorization": f"Bearer {TOKEN}"}


def test_a_plugin_is_told_the_cluster_and_its_environment_and_that_nobody_is_there(plugin):
    made = plugin(
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "give(token=json.dumps([info['spec'], os.environ['PROFILE'], sys.argv[1:], sys.stdin.read()]))",
        env=(("PROFILE", "prod"),),
        args=("--name", "a b; echo $HOME"),
        provide_cluster=True,
    )
    found = run_plugin(made, access(made, ca="CA", tls_server_name="n"), seconds=30)
    spec, profile, args, stdin = json.loads(found.token)
    assert spec["interactive"] is False
    assert spec["cluster"]["server"] == "https://api.test"
    assert spec["cluster"]["certificate-authority-data"] == "Q0E="
    assert (profile, args, stdin) == ("prod", ["--name", "a b; echo $HOME"], "")


def test_a_plugin_runs_once_until_its_credentials_end(plugin):
    login = Login(access(plugin(f"give(token='{TOKEN}', expirationTimestamp='2999-01-01T00:00:00Z')")))
    login.headers(), login.headers(), login.certificate()
    assert plugin.runs() == 1
    login = Login(access(plugin(f"give(token='{TOKEN}', expirationTimestamp='2020-01-01T00:00:00Z')")))
    login.headers(), login.headers()
    assert plugin.runs() == 3


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit('login expired\\x1b[31m, run: login again')", "login expired"),
        (f"print('{TOKEN}')", "not an ExecCredential"),
        ("give()", "neither a token"),
        ("give(clientCertificateData='x')", "neither a token"),
        ("print('[' * 100000)", "not an ExecCredential"),
        ("print('x' * 3000000)", "larger"),
        ("give(token='x', expirationTimestamp='tomorrow')", "not an ExecCredential"),
        ("print(json.dumps({'kind': 'ExecCredential', 'apiVersion': 'other/v1', 'status': {'token': 'x'}}))", "else"),
    ],
)
def test_a_plugin_that_fails_is_said_in_its_own_last_words(plugin, body, said):
    found = refused(plugin(body))
    assert said in found.message
    assert "\x1b" not in found.message


def test_a_plugin_that_never_ends_is_ended_with_its_children(plugin):
    made = plugin(
        "import subprocess\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\ntime.sleep(60)"
    )
    assert "no answer within" in refused(made, seconds=1.0).message


def test_a_plugin_that_is_missing_says_how_to_get_it(plugin, tmp_path):
    missing = Plugin("no-such-login-tool", (), (), V1, "brew install it", provide_cluster=False, directory=tmp_path)
    found = refused(missing)
    assert "not on PATH" in found.message
    assert found.hint == "brew install it"
    assert (
        "cannot be run"
        in refused(Plugin("./nowhere", (), (), V1, "", provide_cluster=False, directory=tmp_path)).message
    )


def test_the_server_refuses_once_and_the_plugin_is_asked_again(plugin):
    made = plugin("give(token='run-' + open(os.path.join(os.path.dirname(sys.argv[0]), 'runs')).read())")

    def answer(request):
        if request.headers["Authorization"] != "Bearer run-xx":
            return status(401, "Unauthorized")
        return discovered(request.path) or listing([])

    with serving(answer) as api, ClusterClient(api.access(plugin=made)) as cluster:
        assert cluster.list("v1", "Pod") == ()
    assert plugin.runs() == 2


def test_a_token_file_is_read_again_for_each_request(tmp_path):
    path = tmp_path / "token"
    login = Login(Access("eu", "https://api.test", token="old", token_file=str(path)))
    path.write_text("one\n")
    assert login.headers() == {"Authorization": "Bearer one"}
    path.write_text("two\n")
    assert login.headers() == {"Authorization": "Bearer two"}
    path.unlink()
    with pytest.raises(AtmosError, match="cannot be read"):
        login.headers()


def test_a_user_and_password(tmp_path):
    login = Login(Access("eu", "https://api.test", user="ada", password="pä:ss"))
    assert login.headers() == {"Authorization": "Basic YWRhOnDDpDpzcw=="}


@pytest.mark.parametrize("token", [f"{TOKEN}\r\nX-Evil: 1", f"{TOKEN}\x00", f"{TOKEN}ü"])
def test_a_token_that_breaks_out_of_its_header_is_refused_unseen(token):
    with pytest.raises(AtmosError) as caught:
        Login(Access("eu", "https://api.test", token=token)).headers()
    assert TOKEN not in str(caught.value)


def test_impersonation_is_sent(tmp_path):
    pairs = (("Impersonate-User", "bob"), ("Impersonate-Group", "ops"), ("Impersonate-Group", "dev"))
    with serving(lambda r: discovered(r.path) or listing([])) as api:
        with ClusterClient(api.access(token=TOKEN, impersonate=pairs)) as cluster:
            cluster.list("v1", "Pod")
        assert api.requests[-1].headers.get_all("Impersonate-Group") == ["ops", "dev"]


def test_an_error_of_the_server_does_not_show_the_token():
    def echo(request):
        return Said(500, b"\x1b[2Jboom https://u:p@x/")

    with serving(echo) as api, ClusterClient(api.access(token=TOKEN)) as cluster, pytest.raises(AtmosError) as caught:
        cluster.list("v1", "Pod")
    assert TOKEN not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "u:p@" not in str(caught.value)
