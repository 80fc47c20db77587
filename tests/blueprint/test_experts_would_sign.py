"""Every object has what an expert expects of it (reference/service-and-objects.md §3.1, §3.4), in every case of the matrix."""

from __future__ import annotations

from functools import cache

import pytest

from atmos_cli.kube.resource import pod_template
from tests.blueprint.matrix import CASES, CONFIG, composed

NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"


@cache
def everything():
    """Composed once, by the first test that asks: only collecting these takes none of it."""
    return {
        (case, environment): [item.resource for item in composition.resources]
        for case in CASES
        for environment, composition in composed(case).items()
    }


@cache
def resources():
    return [(f"{case}/{env}", resource) for (case, env), found in everything().items() for resource in found]


@cache
def pods():
    return [(where, r, pod_template(r)[1]) for where, r in resources() if pod_template(r)]


def of(case, environment, kind, name="checkout"):
    found = [r for r in everything()[case, environment] if r["kind"] == kind and r["metadata"]["name"] == name]
    return found[0] if found else None


def container(case, environment):
    return of(case, environment, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def every(check, things):
    """The places where `check` is false."""
    return sorted({thing[0] for thing in things if not check(*thing[1:])})


def test_everything_is_labelled_and_in_its_namespace():
    wanted = {
        NAME,
        INSTANCE,
        "app.kubernetes.io/component",
        "app.kubernetes.io/part-of",
        "app.kubernetes.io/managed-by",
    }
    assert every(lambda r: set(r["metadata"]["labels"]) == wanted, resources()) == []
    assert every(lambda r: r["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "atmos-cli", resources()) == []
    assert every(lambda r: r["metadata"]["namespace"].startswith("shop-"), resources()) == []


def test_selectors_never_change_with_a_version():
    assert every(lambda r, _: set(r["spec"]["selector"]["matchLabels"]) == {NAME, INSTANCE}, pods()) == []
    services = [(w, r) for w, r in resources() if r["kind"] == "Service"]
    assert every(lambda r: set(r["spec"]["selector"]) == {NAME, INSTANCE}, services) == []
    assert every(lambda r: r["spec"]["type"] == "ClusterIP", services) == []


def test_no_pod_has_a_token_and_each_has_its_own_account():
    assert every(lambda _, p: p["spec"]["automountServiceAccountToken"] is False, pods()) == []
    assert every(lambda r, p: p["spec"]["serviceAccountName"] == r["metadata"]["name"], pods()) == []
    accounts = [(w, r) for w, r in resources() if r["kind"] == "ServiceAccount"]
    assert every(lambda r: r["automountServiceAccountToken"] is False, accounts) == []


def test_pods_run_as_nobody_special():
    def pod(_, template):
        context = template["spec"]["securityContext"]
        return (
            context["runAsNonRoot"] is True
            and context["seccompProfile"] == {"type": "RuntimeDefault"}
            and context["fsGroupChangePolicy"] == "OnRootMismatch"
        )

    def main(_, template):
        return all(
            c["securityContext"]
            == {
                "allowPrivilegeEscalation": False,
                "privileged": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            for c in template["spec"]["containers"]
        )

    assert every(pod, pods()) == []
    assert every(main, pods()) == []


def test_users_are_numbers_unless_the_cluster_gives_them():
    keys = ("runAsUser", "runAsGroup", "fsGroup")
    ours = [(w, p["spec"]["securityContext"]) for w, _, p in pods() if not w.startswith("openshift")]
    theirs = [(w, p["spec"]["securityContext"]) for w, _, p in pods() if w.startswith("openshift")]
    assert every(lambda c: all(isinstance(c[k], int) and c[k] > 0 for k in keys), ours) == []
    assert theirs
    assert every(lambda c: not set(keys) & set(c), theirs) == []


def test_containers_ask_for_what_they_use():
    def asks(_, template):
        return all(
            set(c["resources"]["requests"]) == {"cpu", "memory"} and "memory" in c["resources"]["limits"]
            for c in template["spec"]["containers"]
        )

    assert every(asks, pods()) == []
    assert container("exact-resources", "dev")["resources"] == {
        "requests": {"cpu": "300m", "memory": "1Gi"},
        "limits": {"cpu": "1", "memory": "2Gi"},
    }
    assert container("exact-resources", "prod")["resources"]["requests"] == {"cpu": "2", "memory": "3Gi"}


def test_pods_stop_gracefully_and_never_see_service_links():
    assert every(lambda _, p: p["spec"]["enableServiceLinks"] is False, pods()) == []
    assert every(lambda _, p: p["spec"]["terminationGracePeriodSeconds"] >= 30, pods()) == []
    # One cluster is too old for the native sleep, and the others take nothing from it.
    assert container("node-alone", "dev")["lifecycle"] == {"preStop": {"exec": {"command": ["sleep", "10"]}}}
    assert container("node-alone", "prod")["lifecycle"] == {"preStop": {"sleep": {"seconds": 10}}}
    assert container("openshift", "prod")["lifecycle"] == {"preStop": {"sleep": {"seconds": 10}}}


def test_every_container_is_probed_and_pulled_by_version():
    probes = ("startupProbe", "readinessProbe", "livenessProbe")
    assert every(lambda _, p: all(set(probes) <= set(c) for c in p["spec"]["containers"]), pods()) == []
    assert (
        every(lambda _, p: all(c["imagePullPolicy"] == "IfNotPresent" for c in p["spec"]["containers"]), pods()) == []
    )
    assert (
        every(
            lambda _, p: all(
                ":" in c["image"].rpartition("/")[2] and not c["image"].endswith(":latest")
                for c in p["spec"]["containers"]
            ),
            pods(),
        )
        == []
    )


def test_probes_follow_the_spec():
    main = container("probes", "dev")
    assert main["startupProbe"] == {
        "httpGet": {"path": "/up", "port": "http"}, "periodSeconds": 90, "timeoutSeconds": 5, "failureThreshold": 7, "initialDelaySeconds": 0,
    }  # fmt: skip
    assert (main["readinessProbe"]["initialDelaySeconds"], main["readinessProbe"]["httpGet"]["path"]) == (3, "/in")
    assert (main["livenessProbe"]["failureThreshold"], main["livenessProbe"]["httpGet"]["path"]) == (9, "/healthz")
    plain = container("node-alone", "dev")
    assert plain["readinessProbe"]["httpGet"]["path"] != plain["livenessProbe"]["httpGet"]["path"]
    slow = container("java-alone", "dev")["startupProbe"]
    assert slow["periodSeconds"] * slow["failureThreshold"] == 180


def test_a_slow_probe_still_gets_one_chance():
    from atmos_cli.blueprint.compose import compose
    from tests.blueprint.matrix import CATALOGUE, TEAM, spec

    wanted = spec(probes={"startup": {"period": 3600}})
    found = compose(wanted, team=TEAM, environment="dev", config=CONFIG, catalogue=CATALOGUE)
    main = found.resources[0].resource["spec"]["template"]["spec"]["containers"][0]
    assert main["startupProbe"]["failureThreshold"] == 1


def test_rollouts_lose_no_capacity_and_fail_fast():
    spec = of("node-alone", "prod", "Deployment")["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}
    assert (
        spec["progressDeadlineSeconds"],
        spec["minReadySeconds"],
        spec["revisionHistoryLimit"],
        spec["replicas"],
    ) == (300, 30, 5, 3)
    assert of("node-alone", "dev", "Deployment")["spec"]["replicas"] == 1
    assert of("persistent-volume", "prod", "Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_replicas_are_absent_with_an_autoscaler():
    for environment in CONFIG.environments:
        assert "replicas" not in of("node-autoscaling", environment, "Deployment")["spec"]
    spec = of("scaling", "prod", "HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (4, 40)
    assert spec["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 50}
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}


def test_pods_are_spread_over_nodes():
    spread = of("node-alone", "prod", "Deployment")["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert [s["topologyKey"] for s in spread] == ["kubernetes.io/hostname"]
    assert all(s["labelSelector"]["matchLabels"] == {NAME: "checkout", INSTANCE: "checkout"} for s in spread)


def test_a_disruption_budget_protects_two_and_never_blocks_one():
    assert of("node-alone", "dev", "PodDisruptionBudget") is None
    assert of("scaling", "dev", "PodDisruptionBudget") is None
    assert of("node-autoscaling", "dev", "PodDisruptionBudget") is not None
    budget = of("node-alone", "prod", "PodDisruptionBudget")["spec"]
    assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


@pytest.mark.parametrize(
    ("case", "port", "sysctls"), [("port-80", 80, True), ("port-80-to-3000", 3000, False), ("node-alone", 8080, False)]
)
def test_the_port_80_trap(case, port, sysctls):
    template = of(case, "dev", "Deployment")["spec"]["template"]["spec"]
    wanted = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    assert template["securityContext"].get("sysctls") == (wanted if sysctls else None)
    (http,) = template["containers"][0]["ports"]
    assert (http["name"], http["containerPort"]) == ("http", port)
    assert {"name": "PORT", "value": str(port)} in template["containers"][0]["env"]
    (service,) = of(case, "dev", "Service")["spec"]["ports"]
    assert (service["port"], service["targetPort"], service["appProtocol"]) == (80, "http", "http")


def test_writable_places_are_bounded():
    volumes = [(w, v) for w, _, p in pods() for v in p["spec"]["volumes"] if "emptyDir" in v]
    assert every(lambda v: "sizeLimit" in v["emptyDir"], volumes) == []
    mounts = [m["mountPath"] for m in container("temporary-volume", "dev")["volumeMounts"]]
    assert mounts == ["/tmp"], "the volume of the spec takes the place of the language's own"
    paths = [(w, [m["mountPath"] for m in c["volumeMounts"]]) for w, _, p in pods() for c in p["spec"]["containers"]]
    assert every(lambda found: len(found) == len(set(found)), paths) == []


def test_variables_have_one_value_each():
    names = [(w, [v["name"] for v in c.get("env", [])]) for w, _, p in pods() for c in p["spec"]["containers"]]
    assert every(lambda found: len(found) == len(set(found)), names) == []
    env = {v["name"]: v.get("value") for v in container("env-and-secrets", "prod")["env"]}
    assert (env["NODE_ENV"], env["ON"], env["N"], env["LOG"]) == ("test", "true", "1", "warn")
    assert {v["name"]: v.get("value") for v in container("own-url", "dev")["env"]}["CART_URL"] == "http://elsewhere"


def test_no_secret_stands_in_git():
    assert [w for w, r in resources() if r["kind"] == "Secret"] == []
    for environment in CONFIG.environments:
        (url,) = [v for v in container("node-postgres", environment)["env"] if v["name"] == "DATABASE_URL"]
        assert url["valueFrom"] == {"secretKeyRef": {"name": "checkout-db-app", "key": "uri"}}


def test_everything_is_denied_but_what_is_wired():
    for environment in CONFIG.environments:
        own = of("node-alone", environment, "NetworkPolicy")["spec"]
        assert own["policyTypes"] == ["Ingress", "Egress"]
        assert "ingress" not in own
        assert "egress" not in own, "names are answered to all pods of the tenant"
    covered = {}
    for (case, environment), found in everything().items():
        policies = [
            r["spec"]
            for r in found
            if r["kind"] == "NetworkPolicy" and set(r["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        ]
        for r in found:
            template = pod_template(r)
            labels = template[1]["metadata"]["labels"] if template else {"cnpg.io/cluster": r["metadata"]["name"]}
            if template or (r["apiVersion"].startswith("postgresql.cnpg.io") and r["kind"] == "Cluster"):
                covered[case, environment, r["metadata"]["name"]] = any(
                    p["podSelector"]["matchLabels"].items() <= labels.items() for p in policies
                )
    assert [key for key, yes in covered.items() if not yes] == []


def ports(rules):
    return {p["port"] for rule in rules for p in rule.get("ports", [])}


def test_wires_have_two_ends():
    """What a client may call lets the client in, and only it."""
    app = {NAME: "checkout", INSTANCE: "checkout"}
    for environment, target in (
        ("dev", "checkout-redis"),
        ("prod", "checkout-redis"),
        ("dev", "checkout-db"),
        ("test", "checkout-db"),
        ("prod", "checkout-db"),
    ):
        client = of("node-everything", environment, "NetworkPolicy", f"{target}-client")["spec"]
        server = of("node-everything", environment, "NetworkPolicy", target)["spec"]
        assert client["podSelector"]["matchLabels"] == app
        (rule,) = client["egress"]
        assert rule["to"] == [{"podSelector": server["podSelector"]}]
        assert server["ingress"][0]["from"] == [{"podSelector": {"matchLabels": app}}]
        assert ports([rule]) == ports(server["ingress"][:1])


def test_the_operator_and_the_peers_reach_the_database():
    spec = of("node-everything", "prod", "NetworkPolicy", "checkout-db")["spec"]
    _, peers, monitoring = spec["ingress"]
    assert ports([peers]) == {5432, 8000}
    assert peers["from"][1] == {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "cnpg-system"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "cloudnative-pg"}},
    }
    assert ports([monitoring]) == {9187}
    assert {443, 6443, 5432, 8000} == ports(spec["egress"])
    assert len(of("node-everything", "dev", "NetworkPolicy", "checkout-db")["spec"]["ingress"]) == 2


def test_a_database_of_production():
    spec = of("node-postgres", "prod", "Cluster", "checkout-db")["spec"]
    assert (spec["instances"], spec["enablePDB"], spec["enableSuperuserAccess"]) == (3, True, False)
    assert spec["resources"]["requests"] == spec["resources"]["limits"], "Guaranteed: evicted last"
    assert spec["storage"] == {"size": "20Gi", "storageClass": "fast"}
    assert spec["affinity"]["topologyKey"] == "kubernetes.io/hostname"
    assert spec["plugins"][0]["isWALArchiver"] is True
    assert "backup" not in spec, "barmanObjectStore is deprecated"
    assert of("node-postgres", "prod", "ScheduledBackup", "checkout-db")["spec"]["method"] == "plugin"
    assert of("node-postgres", "prod", "PodMonitor", "checkout-db") is not None
    dev = of("node-postgres", "dev", "Cluster", "checkout-db")["spec"]
    assert (dev["instances"], dev["enablePDB"]) == (1, False)
    assert "plugins" not in dev
    assert "storageClass" not in dev["storage"]
    assert of("database-settings", "prod", "Cluster", "checkout-db")["spec"]["walStorage"] == {
        "size": "5Gi",
        "storageClass": "fast",
    }


def test_a_throw_away_database_keeps_its_password():
    assert of("node-postgres", "test", "ExternalSecret", "checkout-db-app")["spec"]["refreshPolicy"] == "CreatedOnce"
    stateful = of("node-postgres", "test", "StatefulSet", "checkout-db")["spec"]
    service = of("node-postgres", "test", "Service", stateful["serviceName"])["spec"]
    assert service["clusterIP"] == "None"
    assert "volumeClaimTemplates" not in stateful


def test_the_cache_evicts_before_the_kernel_kills():
    main = of("cache-settings", "dev", "Deployment", "checkout-redis")["spec"]["template"]["spec"]["containers"][0]
    assert main["resources"]["limits"]["memory"] == "1Gi"
    assert main["args"][main["args"].index("--maxmemory") + 1] == str(2**30 * 3 // 4)


def test_reachable_from_outside():
    ingress = of("hosts", "prod", "Ingress")
    assert ingress["metadata"]["annotations"] == {"cert-manager.io/cluster-issuer": "letsencrypt"}
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [
        {"hosts": ["shop.example.com", "www.shop.example.com"], "secretName": "checkout-tls"}
    ]
    assert [r["host"] for r in ingress["spec"]["rules"]] == ["shop.example.com", "www.shop.example.com"]
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"], path["backend"]["service"]["port"]) == ("/api", "Prefix", {"name": "http"})
    assert "tls" not in of("hosts", "dev", "Ingress")["spec"]
    route = of("hosts", "stage", "HTTPRoute")["spec"]
    assert route["parentRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "shared", "namespace": "gateways"}
    ]
    door = of("hosts", "stage", "NetworkPolicy", "checkout-from-outside")["spec"]
    assert door["ingress"][0]["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}
    ]


def test_metrics_only_where_somebody_scrapes():
    assert of("metrics-port", "dev", "PodMonitor") is None
    (endpoint,) = of("metrics-port", "prod", "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert endpoint == {"port": "metrics", "path": "/m", "interval": "5s"}
    assert ports(of("metrics-port", "prod", "NetworkPolicy", "checkout-from-monitoring")["spec"]["ingress"]) == {
        "metrics"
    }
    assert {"name": "metrics", "containerPort": 9090, "protocol": "TCP"} in container("metrics-port", "dev")["ports"]


def test_calling_another_service():
    assert {"name": "LEDGER_URL", "value": "http://ledger.pay-prod:8080"} in container("dependencies", "prod")["env"]
    opened = of("dependencies", "dev", "NetworkPolicy", "cart-from-checkout")["spec"]["ingress"]
    assert [each["ports"] for each in opened] == [[{"protocol": "TCP", "port": "http"}]], "nothing else of the callee"
    named = of("dependencies-port", "dev", "NetworkPolicy", "cart-from-checkout")["spec"]["ingress"]
    assert ports(named) == {"grpc"}
    numbered = of("dependencies-port", "dev", "NetworkPolicy", "stock-from-checkout")["spec"]["ingress"]
    assert ports(numbered) == {9000}
    assert of("dependencies", "dev", "NetworkPolicy", "ledger-from-checkout") is None, (
        "another team's namespace is not ours"
    )
    assert [n for n in composed("dependencies")["dev"].notes if "pay/ledger must let checkout in" in n]


def test_nobody_is_let_in_to_all_ports():
    policies = [(w, r) for w, r in resources() if r["kind"] == "NetworkPolicy"]
    open_rules = [
        (where, each["metadata"]["name"])
        for where, each in policies
        for rule in each["spec"].get("ingress", ())
        if not rule.get("ports")
    ]
    assert policies
    assert open_rules == []


def test_every_object_knows_its_blueprint():
    templated = [(w, r) for w, r, _ in pods()]
    assert every(lambda r: "@1.0.0" in r["metadata"]["annotations"]["atmos-cli.dev/blueprint"], templated) == []
