"""What `deploy/compose.yaml` starts, as far as that can be told without starting it: it fits together, and gives nobody more than they need."""

import re
import subprocess
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml

from gateway.app import ROWS, read_config
from gateway.config.load import load_with_files
from gateway.config.pushing import push_every
from gateway.config.structs import Config
from gateway.limits.keys import hashed
from tests.support.generate import ROOT

DEPLOY: Final = ROOT / "deploy"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
EVERY: Final = pytest.mark.parametrize("name", SERVICES)
_WANTED: Final = re.compile(r"\$\{([A-Z_]+)(:\?[^}]+)?\}")
_LOOPBACK: Final = "127.0.0.1:"


def variables(text: str) -> set[str]:
    return {name for name, _ in _WANTED.findall(text)}


def configured() -> Config:
    given = dict.fromkeys(variables((DEPLOY / "compose" / "haechi.yaml").read_text()), "letters0and0digits")
    return load_with_files(
        DEPLOY / "compose" / "haechi.yaml", given | {"HAECHI_KEY_HASH": hashed("hk-somebody")}, ROWS
    ).config


def test_all_of_it_is_there() -> None:
    assert {*SERVICES} == {"gateway", "redis", "postgres", "collector", "prometheus", "grafana"}


@EVERY
def test_a_service_can_write_nowhere_but_where_it_must(name: str) -> None:
    one = SERVICES[name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in one
    assert str(one["user"]) not in ("root", "0", "0:0")
    for mount in one.get("volumes", []):
        source, _, rest = mount.partition(":")
        if source.startswith("."):
            assert rest.endswith(":ro"), mount
            assert (DEPLOY / source).exists(), mount
        else:
            assert source in COMPOSE["volumes"], mount


@EVERY
def test_an_image_is_of_one_release(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.match(r"v?\d+\.\d+", tag), SERVICES[name]["image"]


@EVERY
def test_nothing_is_to_be_reached_but_from_this_machine(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert bool(ports) == (name in ("gateway", "grafana"))
    assert all(port.startswith(_LOOPBACK) for port in ports)
    outside = "outside" in SERVICES[name]["networks"]
    assert outside == bool(ports)
    assert COMPOSE["networks"]["inside"] == {"internal": True}


@EVERY
def test_health_is_asked_after_where_something_can_ask(name: str) -> None:
    assert ("healthcheck" in SERVICES[name]) == (name != "collector")
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[needed]


def test_there_is_no_password_by_default() -> None:
    """Compose refuses to start without each of them, and the example names each, empty."""
    text = (DEPLOY / "compose.yaml").read_text()
    assert all(demanded for name, demanded in _WANTED.findall(text))
    example = dict(
        line.split("=", 1)
        for line in (DEPLOY / ".env.example").read_text().splitlines()
        if "=" in line and line[0] != "#"
    )
    assert set(example) == variables(text)
    assert set(example.values()) == {""}
    for one in SERVICES.values():
        for name, value in one.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|AUTH|HASH", name):
                assert _WANTED.fullmatch(value), name


def test_variables_of_the_gateways_file_are_given_to_it() -> None:
    wanted = variables(re.sub(r"^\s*#.*$", "", (DEPLOY / "compose" / "haechi.yaml").read_text(), flags=re.MULTILINE))
    assert wanted
    assert wanted <= SERVICES["gateway"]["environment"].keys()


def test_the_gateways_file_is_one_and_leads_to_the_services_here() -> None:
    config = configured()
    assert config.redis is not None
    assert urlsplit(config.redis.url.reveal()).hostname == "redis"
    assert config.ledger is not None
    postgres, address = SERVICES["postgres"]["environment"], urlsplit(config.ledger.url.reveal())
    assert (address.hostname, address.username) == ("postgres", postgres["POSTGRES_USER"])
    assert address.path == f"/{postgres['POSTGRES_DB']}"
    assert SERVICES["gateway"]["ports"] == [f"{_LOOPBACK}8080:{config.listen.port}"]
    assert config.listen.host == "0.0.0.0"
    assert config.limits.drain < float(SERVICES["gateway"]["stop_grace_period"].removesuffix("s"))
    assert config.keys[0].admin


def test_the_gateways_file_has_the_policies_it_names() -> None:
    given = dict.fromkeys(variables((DEPLOY / "compose" / "haechi.yaml").read_text()), "letters0and0digits")
    read = read_config(DEPLOY / "compose" / "haechi.yaml", given | {"HAECHI_KEY_HASH": hashed("hk-somebody")})
    assert {*read.policies} == {"baseline", "pii-korea"}


def test_what_the_gateway_writes_lies_on_a_volume() -> None:
    """Its working folder, as paths of its file are relative to that."""
    mounted = [mount.split(":")[1] for mount in SERVICES["gateway"]["volumes"]]
    workdir = re.search(r"^WORKDIR (/var\S+)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert workdir is not None
    assert workdir[1] in mounted
    assert not Path(configured().record.spool).is_absolute()
    assert "/etc/haechi/haechi.yaml" in mounted
    assert '"/etc/haechi/haechi.yaml"]' in (DEPLOY / "Containerfile").read_text()


def test_health_of_the_gateway_is_asked_as_in_its_image() -> None:
    asked = SERVICES["gateway"]["healthcheck"]["test"][-1]
    assert asked in (DEPLOY / "Containerfile").read_text()


def test_prometheus_takes_its_file_and_scrapes_the_gateway() -> None:
    ran = subprocess.run(
        ["promtool", "check", "config", "prometheus.yaml"],
        cwd=DEPLOY / "prometheus",
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    read = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text())
    jobs = {one["job_name"]: one for one in read["scrape_configs"]}
    found = jobs["haechi"]["dns_sd_configs"][0]
    assert (found["names"], found["port"]) == (["gateway"], configured().listen.port)
    mounted = {mount.split(":")[1] for mount in SERVICES["prometheus"]["volumes"]}
    assert {f"/etc/prometheus/{name}" for name in ("prometheus.yaml", *read["rule_files"])} <= mounted
    assert "--config.file=/etc/prometheus/prometheus.yaml" in SERVICES["prometheus"]["command"]


def test_the_collector_listens_where_the_gateway_sends() -> None:
    read = yaml.safe_load((DEPLOY / "otelcol" / "config.yaml").read_text())
    sent = urlsplit(SERVICES["gateway"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"])
    assert sent.hostname == "collector"
    pushed = push_every(SERVICES["gateway"]["environment"]) is not None
    assert pushed == (
        "metrics" in read["service"]["pipelines"]
    )  # Prometheus scrapes the gateway: twice would be too much
    assert read["receivers"]["otlp"]["protocols"]["http"]["endpoint"].endswith(f":{sent.port}")
    named = {kind: {*read[kind]} for kind in ("receivers", "processors", "exporters")}
    for pipeline in read["service"]["pipelines"].values():
        assert all({*pipeline[kind]} <= names for kind, names in named.items())
    assert {*read["service"]["extensions"]} <= {*read["extensions"]}
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text())["scrape_configs"][1]
    told = read["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]["port"]
    assert scraped["static_configs"][0]["targets"] == [f"collector:{told}"]


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    source = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text())["datasources"][0]
    assert urlsplit(source["url"]).hostname == "prometheus"
    assert source["type"] == "prometheus"
    provider = yaml.safe_load((folder / "dashboards" / "haechi.yaml").read_text())["providers"][0]
    mounted = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    assert mounted["./grafana/dashboards"] == provider["options"]["path"]
    assert mounted["./grafana/provisioning"] == "/etc/grafana/provisioning"


def test_redis_is_told_its_password_by_a_file(tmp_path: Path) -> None:
    """The command is run, with a server in place of Redis that shows what it was given."""
    shell, flag, script = SERVICES["redis"]["command"]
    script = script.replace("$$", "$").replace("/tmp/redis.conf", str(tmp_path / "redis.conf"))
    script = script.replace("exec redis-server", "exec cat")
    ran = subprocess.run(
        [shell, flag, script],
        env={"REDIS_PASSWORD": "a1b2", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[0] == "requirepass a1b2"
    assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0
    assert SERVICES["redis"]["environment"].keys() == {"REDIS_PASSWORD", "REDISCLI_AUTH"}
