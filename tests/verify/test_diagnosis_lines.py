"""Lines that real software writes, collected apart from the patterns, are read as what they are."""

import json

import pytest

from atmos_cli.verify.diagnosis.patterns import RX, host_port

from .causes import ROOT

LINES = json.loads((ROOT / "lines" / "held_out.json").read_text())
OF_LOGS = [
    "POOL_SERVER", "POOL_CLIENT", "DB_AUTH", "DB_SCHEMA", "DB_LOCK", "OOM_APP", "MISSING_ENV", "NO_MODULE", "EXEC", "PORT_USED", "PERM_FS",
    "DNS", "NET_TIMEOUT", "REFUSED", "TLS", "RBAC", "CLOUD_IAM", "THROTTLED", "DISK", "FD",
]  # fmt: skip


@pytest.mark.parametrize(("name", "line"), [row for row in LINES if row[0]])
def test_a_line_of_trouble_is_recognised(name, line):
    assert RX[name].search(line)


@pytest.mark.parametrize("line", [line for name, line in LINES if not name])
def test_a_line_of_no_trouble_is_not(line):
    assert [name for name in OF_LOGS if RX[name].search(line)] == []


@pytest.mark.parametrize(
    ("line", "host", "port"),
    [
        ('connection to server at "web-db-rw" (10.43.12.8), port 5432 failed: Connection refused', "web-db-rw", 5432),
        ("dial tcp 10.43.88.12:6379: i/o timeout", "10.43.88.12", 6379),
        ("dial tcp: lookup payment on 10.43.0.10:53: no such host", "payment", 0),
        ("read udp 10.42.0.3:51000->10.43.0.10:53: i/o timeout", "10.43.0.10", 53),
        ("Error: connect ECONNREFUSED 127.0.0.1:5432", "127.0.0.1", 5432),
        ("Error: getaddrinfo ENOTFOUND payment.shop.svc", "payment.shop.svc", 0),
        ("HTTPConnectionPool(host='payment', port=8443): Max retries exceeded", "payment", 8443),
        ("Error 111 connecting to redis:6379. Connection refused.", "redis", 6379),
        ('could not translate host name "web-db" to address: Name or service not known', "web-db", 0),
        ('upstream: "http://10.43.9.4:8080/"', "10.43.9.4", 8080),
        ("java.net.UnknownHostException: api.example.org: Name or service not known", "api.example.org", 0),
        ("OSError: Connect call failed ('10.0.0.9', 5432)", "10.0.0.9", 5432),
        ("something else failed", "", 0),
    ],
)
def test_whom_a_line_could_not_reach(line, host, port):
    assert host_port(line) == (host, port)
