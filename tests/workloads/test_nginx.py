"""The log that a real nginx wrote, in its own format and in JSON."""

import http.client
import socket
import subprocess
from urllib.parse import unquote

import pytest

from servers import find_port, need, stop, wait_until_listening
from surefoot.toolbox.workloads.log_line import parse_line

JSON = (
    'log_format json escape=json \'{"time":"$time_iso8601","client":"$remote_addr",'
    '"request":"$request","status":$status,"agent":"$http_user_agent"}\';'
)
CONFIGURATION = """
daemon off; pid {directory}/pid; error_log {directory}/error.log;
events {{ }}
http {{
    client_body_temp_path {directory}/b; proxy_temp_path {directory}/p;
    fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
    {json}
    access_log {directory}/plain.log;
    access_log {directory}/json.log json;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200; }}
              location /old {{ return 301 /; }} }}
}}
"""
SENT = (
    ("GET", "/books/7?page=2", 200),
    ("GET", "/search?q=caf%C3%A9+%22noir%22", 200),
    ("GET", '/odd?"quoted"\\x', 200),
    ("HEAD", "/", 200),
    ("GET", "/old", 301),
)


@pytest.fixture
def logs(tmp_path):
    """The lines of both logs after these requests, and one that is none."""
    program, port = need("nginx", "nginx"), find_port()
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(directory=tmp_path, json=JSON, port=port))
    process = subprocess.Popen([program, "-c", str(configuration), "-e", f"{tmp_path}/error.log"])
    try:
        wait_until_listening(port, process)
        for method, target, _ in SENT:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.putrequest(method, target)
            connection.putheader("User-Agent", 'a "browser" \\ of 2026')
            connection.endheaders()
            connection.getresponse().read()
            connection.close()
        with socket.create_connection(("127.0.0.1", port), 20) as odd:
            odd.sendall(b"\x16\x03\x01 no request\r\n\r\n")
            odd.recv(1000)
    finally:
        stop(process)
    return [(tmp_path / f"{name}.log").read_text().splitlines() for name in ("plain", "json")]


def test_every_request_is_read_as_it_was_sent_and_nonsense_is_not(logs):
    for lines in logs:
        seen = [found for line in lines if (found := parse_line(line)) is not None]
        told = [(each.method, unquote(each.target), each.status) for each in seen]
        assert told == [(method, unquote(target), status) for method, target, status in SENT]
        assert {each.visitor for each in seen} == {seen[0].visitor}
        assert len(lines) > len(seen)
