"""The file says what the values say, whatever they are, and HAProxy takes it."""

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers import need
from surefoot.config import from_mapping
from surefoot.config.balancer import ALGORITHMS
from surefoot.errors import BalancerError
from surefoot.toolbox.balancer.configuration import configuration, parameters, remembered, token
from surefoot.toolbox.balancer.values import Balancing, Server

RUN = Path("/run/surefoot-1")
NAMED = {"header": "X-Tenant", "cookie": "tenant"}


def written(balancing=None, servers=(), fronts=(7,), run=RUN):
    return configuration(
        balancing or Balancing(), run / "haproxy-1.sock", fronts, servers, run / "haproxy-1.map"
    )


def parsed(text):
    """Words of each line, as HAProxy's parser reads them: comments gone, quotes and escapes undone.

    It follows its manual, section 2.2, and knows nothing of who wrote the text.
    """
    lines = []
    for line in text.split("\n"):
        words = [""]
        quote, escaped = "", False
        for letter in line:
            if escaped:
                words[-1] += letter
                escaped = False
            elif letter == "\\" and quote != "'":
                escaped = True
            elif letter in {quote, '"', "'"} and quote in {"", letter}:
                quote = "" if quote else letter
            elif quote:
                words[-1] += letter
            elif letter == "#":
                break
            elif letter in " \t":
                words.append("")
            else:
                words[-1] += letter
        assert not quote
        found = [word for word in words if word]
        if found:
            lines.append(found)
    return lines


def shape(text):
    """What the lines begin with, and how many words they have."""
    return [(words[0], len(words)) for words in parsed(text)]


def test_a_file_is_what_it_is_meant_to_be():
    servers = [Server("r1", RUN / "r1.sock", 4), Server("r2", RUN / "r2.sock", 8, 50, eject=False)]
    balancing = Balancing(trusted_proxies=("10.0.0.0/8",), connections=1000)
    golden = Path(__file__).with_name("haproxy.cfg").read_text()
    assert written(balancing, servers, [7, 8]) == golden


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_haproxy_takes_it_without_a_warning(world, algorithm):
    run, front = world.directory, world.front.fileno()
    balancing = Balancing(
        algorithm=algorithm,
        name=NAMED.get(algorithm, ""),
        trusted_proxies=(*(f"10.{n}.0.0/16" for n in range(90)), "2001:db8::/32"),
        largest_body=10_000_000,
        keep_alive=0.0,
        check="/-/readyz",
        threads=2,
    )
    servers = [Server(f"r{n}", run / f"r{n}.sock", 4, eject=n % 2 == 0) for n in range(60)]
    file = run / "a.cfg"
    file.write_text(written(balancing, servers, [front], run))
    (run / "haproxy-1.map").write_text(remembered(servers, run / "haproxy-1.map"))
    command = [need("haproxy", "haproxy"), "-c", "-dW", "-f", file]
    done = subprocess.run(
        command, pass_fds=[front], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr


nasty = st.text(
    alphabet="ar7-_./ \t\n\r\0\"'\\#$%{}()[],;:=@é~",
    max_size=12,
)
names = nasty | st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True)
tokens = nasty | st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,30}", fullmatch=True)
paths = nasty.map(lambda text: f"/run/{text}") | st.from_regex(r"/[a-z0-9/.]{1,40}", fullmatch=True)
nets = st.ip_addresses(network="0.0.0.0/0").map(str) | st.ip_addresses(v=6).map(str) | nasty
weird = st.integers(-5, 300) | st.sampled_from([10**12, True])
TAME = Server("r1", RUN / "r1.sock", 4)


@given(name=names, path=paths, slots=weird, weight=weird, eject=st.booleans())
def test_a_server_is_written_as_it_is_or_refused(name, path, slots, weight, eject):
    try:
        server = Server(name, Path(path), slots, weight, eject)
    except (BalancerError, ValueError):
        return
    tame = written(servers=[dataclasses.replace(TAME, eject=eject)])
    text = written(servers=[server])
    assert shape(text) == shape(tame)
    words = parsed(text)[-1]
    assert words[1:3] == [name, f"unix@{Path(path)}"]
    assert words[words.index("maxconn") + 1] == f"{slots:d}"
    assert words[words.index("weight") + 1] == f"{weight:d}"
    assert parsed(parameters(server, Balancing(), ramp=True)) == [words[2:]]


@given(
    algorithm=st.sampled_from(ALGORITHMS) | nasty,
    name=tokens,
    networks=st.lists(nets, max_size=3).map(tuple),
    check=nasty.map(lambda text: f"/{text}") | st.just(""),
    times=st.lists(st.floats(allow_nan=True), min_size=6, max_size=6),
    counts=st.lists(st.integers(-1, 10**8), min_size=4, max_size=4),
)
def test_balancing_is_written_as_it_is_or_refused(algorithm, name, networks, check, times, counts):
    try:
        balancing = Balancing(
            algorithm,
            name,
            networks,
            counts[0],
            *times[:5],
            largest_body=counts[1],
            slow_start=times[5],
            check=check,
            connections=counts[2],
            threads=counts[3],
        )
    except BalancerError:
        return
    tame = Balancing(
        algorithm,
        "X-A",
        ("10.0.0.0/8",) * len(networks),
        largest_body=min(1, counts[1]),
        slow_start=min(1.0, times[5]),
        check="/x" if check else "",
    )
    assert shape(written(balancing, [TAME])) == shape(written(tame, [TAME]))


@given(algorithm=st.sampled_from(ALGORITHMS), key=tokens, check=nasty)
def test_names_and_paths_stand_where_they_belong(algorithm, key, check):
    try:
        balancing = Balancing(algorithm, key, check=f"/{check}")
    except BalancerError:
        return
    lines = parsed(written(balancing))
    sent = next(words for words in lines if words[:2] == ["http-check", "send"])
    assert sent[5] == f"/{check}"
    chosen = " ".join(next(words for words in lines if words[0] == "balance"))
    assert (f"({key})" in chosen) == (algorithm in NAMED)


@pytest.mark.parametrize("path", ["/run/a b.sock", "relative.sock", "/run/$HOME", "/" + "x" * 107])
def test_a_path_that_would_need_quotes_is_refused_with_a_way_out(path):
    with pytest.raises(BalancerError, match="SUREFOOT_RUN_DIRECTORY"):
        Server("r1", Path(path), 4)


@pytest.mark.parametrize("algorithm", NAMED)
def test_what_goes_by_a_name_needs_one(algorithm):
    with pytest.raises(BalancerError, match=rf"algorithm = \"{algorithm}\" needs to know"):
        Balancing(algorithm=algorithm)


def test_all_that_the_configuration_says_is_used():
    config = from_mapping(
        {
            "server": {"keep_alive": 5, "graceful_timeout": 7},
            "health": {"prefix": "/-/"},
            "balancer": {
                "algorithm": "cookie",
                "name": "tenant",
                "trusted_proxies": ["10.0.0.0/8"],
                "queue": 3,
                "queue_timeout": "1s",
                "timeout": "2s",
                "largest_body": "1MB",
                "slow_start": "4s",
            },
        }
    )
    assert Balancing.of(config, connections=9, threads=2) == Balancing(
        algorithm="cookie",
        name="tenant",
        trusted_proxies=("10.0.0.0/8",),
        queue=3,
        queue_timeout=1.0,
        timeout=2.0,
        keep_alive=5.0,
        drain=7.0,
        largest_body=1_000_000,
        slow_start=4.0,
        check="/-/readyz",
        connections=9,
        threads=2,
    )
    silent = from_mapping({"health": {"prefix": ""}})
    assert Balancing.of(silent, connections=9, threads=2).check == ""


def test_every_server_has_a_token_of_its_own_and_keeps_it():
    made = {token(f"r{n}", RUN / "haproxy-1.map") for n in range(100)}
    assert len(made) == 100
    assert made == {token(f"r{n}", RUN / "haproxy-2.map") for n in range(100)}
    assert made.isdisjoint(token(f"r{n}", Path("/run/other/haproxy-1.map")) for n in range(100))
    lines = remembered([TAME], RUN / "haproxy-1.map").splitlines()
    assert lines == [f"{token('r1', RUN / 'haproxy-1.map')} r1"]
    assert re.fullmatch(r"[0-9A-F]{16} r1", lines[0])
