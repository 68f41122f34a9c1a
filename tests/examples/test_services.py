"""The price, delivery, stock and mail services."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import httpx

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_same_book_has_the_same_price_in_the_list_and_alone(services):
    with httpx.Client(base_url=services["http"]) as client:
        prices = client.get("/prices").json()
        assert len(prices) == 20_000
        for book in (1, 77, 20_000):
            assert client.get(f"/prices/{book}").json() == {
                "book": book,
                "pence": prices[book - 1],
            }


def test_the_ports_are_below_those_of_outgoing_connections(services):
    for address in services["http"], services["mail"]:
        assert 1024 < int(address.rpartition(":")[2]) < 32_768


def test_an_unknown_page_is_not_found(services):
    assert httpx.get(f"{services['http']}/prices/cheap").status_code == 404
    assert httpx.get(f"{services['http']}/weather/1").status_code == 404


def test_a_mail_is_counted_once_it_is_taken(services):
    before = httpx.get(f"{services['http']}/mails").json()["mails"]
    message = EmailMessage()
    message["From"] = message["To"] = "a@example.org"
    message.set_content("one\n.\ntwo\n")
    host, port = services["mail"].split(":")
    with smtplib.SMTP(host, int(port), "test", timeout=10) as connection:
        connection.send_message(message)
        connection.send_message(message)
    assert httpx.get(f"{services['http']}/mails").json()["mails"] == before + 2


def test_a_port_in_use_is_said_in_one_line(services):
    port = services["http"].rpartition(":")[2]
    command = [sys.executable, "services.py", f"--http-port={port}", "--mail-port=0"]
    result = subprocess.run(
        command, cwd=EXAMPLES, capture_output=True, text=True, timeout=20, check=False
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert port in result.stderr
