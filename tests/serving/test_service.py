"""What runs goes on whoever dies, changes without a failed request, and ends without a trace."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from clients import Load
from surefoot.toolbox.serving.record import load


def fetch(project, path="/"):
    with urllib.request.urlopen(f"http://{project.address}{path}", timeout=20) as answer:
        return answer.read().decode()


def run_directory(project):
    [directory] = Path(project.environ["SUREFOOT_RUN_DIRECTORY"]).iterdir()
    return directory


@pytest.mark.parametrize("kind", ["none", "haproxy"], indirect=True)
@pytest.mark.usefixtures("kind")
class TestChanges:
    """Each under load, keep-alive and fresh, reading and writing."""

    def change(self, project, *words):
        with Load(project.address, "--rate", "300", "--clients", "8") as clients:
            time.sleep(0.3)
            done = project.surefoot(*words)
            time.sleep(0.3)
        assert done.returncode == 0, done.stderr
        assert clients.seen.failed == 0, clients.seen
        assert clients.seen.requests > 100
        posts = project.posted()
        assert len(posts) == len(set(posts)) > 0
        (project.directory / "posts").unlink()

    def test_new_code_is_served_by_new_processes(self, project):
        before = project.start("--replicas", "2")
        project.write((project.directory / "shop.py").read_text().replace("= 1\n", "= 2\n"))
        self.change(project, "reload")
        after = project.status()
        assert fetch(project).startswith("2 ")
        assert [replica["release"] for replica in after["replicas"]] == [2, 2]
        groups = [{replica["group"] for replica in each["replicas"]} for each in (before, after)]
        assert not groups[0] & groups[1]
        assert after["supervisor"] == before["supervisor"]

    def test_there_may_be_more_and_fewer(self, project):
        project.start()
        self.change(project, "scale", "3")
        assert project.names() == ["r1", "r2", "r3"]
        self.change(project, "scale", "1")
        assert project.names() == ["r1"]

    def test_the_configuration_of_now_is_taken(self, project):
        project.start()
        text = (project.directory / "surefoot.toml").read_text()
        told = text.replace("[server]\n", "[server]\nreplicas = 2\nthreads = 7\n")
        (project.directory / "surefoot.toml").write_text(told)
        self.change(project, "reload")
        assert project.names() == ["r2", "r3"]
        [first, *_] = project.status()["replicas"]
        command = Path(f"/proc/{first['group']}/cmdline").read_text().split("\0")
        # One thread more answers the balancer's checks.
        spare = project.status()["balancer"]["kind"] == "haproxy"
        assert command[command.index("--threads") + 1] == str(7 + spare)

    def test_two_changes_at_once_are_made_one_after_the_other(self, project):
        project.start()
        commands = [
            subprocess.Popen(
                [sys.executable, "-m", "surefoot", *words],
                cwd=project.directory, env=project.environ, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            for words in (("reload",), ("scale", "2"), ("reload",))
        ]  # fmt: skip
        assert [command.wait(60) for command in commands] == [0, 0, 0]
        found = project.status()
        assert found["wanted"] == {"replicas": 2, "release": 3}
        assert {replica["release"] for replica in found["replicas"]} == {3}

    def test_requests_under_way_may_finish(self, project):
        project.start()
        with socket.create_connection(project.address.split(":"), 20) as slow:
            slow.sendall(b"GET /slow/1.5 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.3)
            assert project.surefoot("reload").returncode == 0
            assert slow.recv(4096).endswith(b"at last")
        assert project.names() == ["r2"]


class TestWhatCannotBe:
    def test_code_that_does_not_import_is_refused_and_the_old_serves_on(self, project):
        project.start()
        project.write("raise LookupError('no key')\n")
        done = project.surefoot("reload")
        assert done.returncode == 1
        assert "does not import: LookupError: no key" in done.stderr
        assert fetch(project).startswith("1 ")
        assert project.names() == ["r1"]

    def test_code_that_fails_only_in_the_worker_gets_no_request(self, project):
        before = project.start("--replicas", "2")
        code = (project.directory / "shop.py").read_text()
        broken = "import os\nif os.environ.get('SUREFOOT_SETTINGS'):\n    raise LookupError('no')\n"
        project.write(broken + code)
        with Load(project.address, "--rate", "200") as clients:
            done = project.surefoot("reload")
        assert done.returncode == 1
        assert "was never ready" in done.stderr
        assert "LookupError: no" in done.stderr
        assert clients.seen.failed == 0, clients.seen
        assert project.status()["replicas"][0]["group"] == before["replicas"][0]["group"]
        assert project.status()["wanted"] == {"replicas": 2, "release": 1}
        # The next release is another one, and is served.
        project.write(code.replace("= 1\n", "= 3\n"))
        assert project.surefoot("reload").returncode == 0
        assert fetch(project).startswith("3 ")

    def test_more_that_do_not_start_are_given_up(self, project):
        before = project.start()
        project.write("raise LookupError('no key')\n")
        done = project.surefoot("scale", "2")
        assert done.returncode == 1
        assert "LookupError: no key" in done.stderr
        after = project.status()
        assert after["wanted"] == {"replicas": 1, "release": 1}
        assert after["replicas"][0]["group"] == before["replicas"][0]["group"]
        assert fetch(project).startswith("1 ")

    def test_a_first_start_that_fails_leaves_nothing(self, project):
        project.write("import os\nif 'SUREFOOT_SETTINGS' in os.environ: 1 / 0\napp = print\n")
        done = project.surefoot("run", "--detach")
        assert done.returncode == 1
        assert "ZeroDivisionError" in done.stderr
        assert project.left() == {}

    def test_a_second_run_of_one_project_is_refused(self, project):
        before = project.start()
        for words in (["--detach"], []):
            done = project.surefoot("run", *words)
            assert done.returncode == 1
            assert "keeps this project running already" in done.stderr
        assert project.status()["replicas"][0]["group"] == before["replicas"][0]["group"]

    @pytest.mark.parametrize("command", ["status", "reload", "stop", "logs"])
    def test_where_nothing_runs_there_is_nothing_to_do(self, project, command):
        done = project.surefoot(command)
        assert done.returncode == 1
        assert "nothing of this project runs" in done.stderr

    @pytest.mark.parametrize("number", ["0", "-1", "257", "many"])
    def test_a_number_that_is_none_is_refused(self, project, number):
        project.start()
        done = project.surefoot("scale", number)
        assert done.returncode == 2
        assert project.names() == ["r1"]


class TestDeaths:
    @pytest.mark.parametrize("which", ["pid", "group"])
    def test_a_replica_without_worker_or_without_master_is_replaced_whole(self, project, which):
        before = project.start("--replicas", "2")
        [first, _] = before["replicas"]
        project.kill(first[which])
        after = project.until("r2", "r3")
        assert [replica["state"] for replica in after["replicas"]] == ["up", "up"]
        assert {first["pid"], first["group"]}.isdisjoint(project.left())
        assert "replica r1 died" in project.surefoot("logs", "supervisor").stdout

    def test_one_that_stands_still_is_replaced(self, project):
        [only] = project.start()["replicas"]
        project.kill(only["pid"], signal.SIGSTOP)
        after = project.until("r2")
        assert after["restarts"] == 1
        assert fetch(project)

    def test_what_dies_again_and_again_is_started_ever_more_seldom(self, project):
        project.start()
        number = 1
        for _ in range(3):
            with pytest.raises(OSError, match=r".*"):
                fetch(project, "/die")
            number += 1
            project.until(f"r{number}")
        assert project.status()["restarts"] == 3
        assert fetch(project)

    def test_users_do_not_see_the_death_of_the_supervisor(self, project):
        before = project.start("--replicas", "2")
        with Load(project.address, "--rate", "300") as clients:
            project.kill(before["supervisor"]["pid"])
            time.sleep(0.5)
            after = project.status()
        assert clients.seen.failed == 0, clients.seen
        assert after["supervisor"] != before["supervisor"]
        assert [r["group"] for r in after["replicas"]] == [r["group"] for r in before["replicas"]]

    def test_who_takes_over_keeps_up_what_it_did_not_start(self, project):
        before = project.start("--replicas", "2")
        project.kill(before["supervisor"]["pid"])
        # Meanwhile one dies, and nobody looks.
        project.kill(before["replicas"][0]["group"])
        project.kill(before["replicas"][0]["pid"])
        assert project.status()
        project.until("r2", "r3")
        project.kill(before["replicas"][1]["pid"])
        after = project.until("r3", "r4")
        assert [replica["state"] for replica in after["replicas"]] == ["up", "up"]
        assert project.surefoot("reload").returncode == 0
        assert project.names() == ["r5", "r6"]

    def test_what_runs_at_another_address_is_not_taken_for_it(self, project):
        before = project.start()
        project.kill(before["supervisor"]["pid"])
        done = project.surefoot("run", "--port", "1")
        assert done.returncode == 1
        assert f"this project runs already, at {project.address} and not at" in done.stderr
        assert fetch(project)

    def test_a_release_that_was_never_ready_is_not_gone_on_with(self, project):
        before = project.start()
        code = (project.directory / "shop.py").read_text()
        project.write(code.replace("0.3", "30"))
        reload = subprocess.Popen(
            [sys.executable, "-m", "surefoot", "reload"],
            cwd=project.directory, env=project.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with reload:
            while len(project.status()["replicas"]) < 2:
                time.sleep(0.05)
            project.kill(before["supervisor"]["pid"])
        after = project.until("r1")
        assert after["wanted"] == {"replicas": 1, "release": 1}
        assert after["replicas"][0]["group"] == before["replicas"][0]["group"]

    @pytest.mark.parametrize(("words", "name"), [((), "r1"), (("--threads", "7"), "r2")])
    def test_a_run_in_the_foreground_goes_on_with_what_is_there(self, project, words, name):
        before = project.start()
        project.kill(before["supervisor"]["pid"])
        process = subprocess.Popen(
            [sys.executable, "-m", "surefoot", "run", *words],
            cwd=project.directory, env=project.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert project.address in process.stdout.readline()
            [only] = project.status()["replicas"]
            assert only["name"] == name
            assert (only["group"] == before["replicas"][0]["group"]) == (name == "r1")
            assert project.status()["supervisor"] == {"pid": process.pid}
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        assert process.returncode == 0
        assert project.left() == {}


@pytest.mark.parametrize("kind", ["haproxy"], indirect=True)
@pytest.mark.usefixtures("kind")
class TestBehindHAProxy:
    """What reads is asked of another replica; what writes fails at most where it was under way."""

    def faulty(self, project, fault, pause=1.0):
        with Load(project.address, "--rate", "300", "--clients", "8") as clients:
            time.sleep(0.3)
            fault()
            time.sleep(pause)
        assert not clients.seen.of("GET"), clients.seen
        posts = project.posted()
        assert len(posts) == len(set(posts)) > 0
        return clients.seen

    @pytest.mark.parametrize("which", ["pid", "group"])
    def test_the_death_of_a_replica_is_not_seen_by_readers(self, project, which):
        [first, _] = project.start("--replicas", "2")["replicas"]
        seen = self.faulty(project, lambda: project.kill(first[which]))
        assert seen.of("POST").total() <= 8
        project.until("r2", "r3")

    def test_one_that_stands_still_is_taken_out(self, project):
        [first, _] = project.start("--replicas", "2")["replicas"]
        self.faulty(project, lambda: project.kill(first["pid"], signal.SIGSTOP), 2.0)
        project.until("r2", "r3")

    def test_the_death_of_haproxy_is_not_seen_by_those_that_come_after(self, project):
        before = project.start("--replicas", "2")["balancer"]
        project.kill(before["pid"])
        for _ in range(20):
            assert fetch(project).startswith("1 ")
        after = project.status()["balancer"]
        assert after["kind"] == "haproxy"
        assert after["pid"] != before["pid"]
        assert project.surefoot("reload").returncode == 0

    def test_who_takes_over_takes_haproxy_over_too(self, project):
        before = project.start("--replicas", "2")
        project.kill(before["supervisor"]["pid"])
        assert project.status()["balancer"] == before["balancer"]
        assert project.surefoot("scale", "3").returncode == 0
        seen = {fetch(project) for _ in range(30)}
        assert len(seen) == 3
        project.kill(project.status()["supervisor"]["pid"])
        project.kill(before["balancer"]["pid"])
        assert project.status()["replicas"]
        assert fetch(project).startswith("1 ")

    def test_another_way_of_balancing_is_taken_by_a_reload(self, project):
        before = project.start()["balancer"]
        text = (project.directory / "surefoot.toml").read_text()
        told = text.replace("[balancer]\n", '[balancer]\nalgorithm = "sticky"\n')
        (project.directory / "surefoot.toml").write_text(told)
        with Load(project.address, "--rate", "200") as clients:
            assert project.surefoot("reload").returncode == 0
        assert clients.seen.failed == 0, clients.seen
        assert project.status()["balancer"] != before
        with urllib.request.urlopen(f"http://{project.address}/", timeout=20) as answer:
            assert "surefoot-replica=" in answer.headers["Set-Cookie"]

    def test_what_cannot_change_while_it_runs_is_refused(self, project):
        project.start()
        text = (project.directory / "surefoot.toml").read_text()
        (project.directory / "surefoot.toml").write_text(text.replace('"haproxy"', '"none"'))
        done = project.surefoot("reload")
        assert done.returncode == 1
        assert "[balancer] kind is another one now" in done.stderr
        assert project.names() == ["r1"]


class TestTheEnd:
    def test_nothing_is_left(self, project):
        project.start("--replicas", "2")
        assert project.left()
        assert project.surefoot("stop").returncode == 0
        assert project.left() == {}
        assert list(Path(project.environ["SUREFOOT_RUN_DIRECTORY"]).iterdir()) == []

    def test_a_request_under_way_may_finish(self, project):
        project.start()
        with socket.create_connection(project.address.split(":"), 20) as slow:
            slow.sendall(b"GET /slow/1.0 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.3)
            assert project.surefoot("stop").returncode == 0
            assert slow.recv(4096).endswith(b"at last")

    def test_a_worker_that_does_not_end_is_killed(self, project):
        project.start(SUREFOOT_SERVER_GRACEFUL_TIMEOUT="500ms")
        with socket.create_connection(project.address.split(":"), 20) as slow:
            slow.sendall(b"GET /slow/60.0 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.3)
            assert project.surefoot("stop").returncode == 0
        assert project.left() == {}

    def test_a_detached_supervisor_that_is_told_to_end_ends_all(self, project):
        project.kill(project.start()["supervisor"]["pid"], signal.SIGTERM)
        ending = time.monotonic() + 20
        while project.left() and time.monotonic() < ending:
            time.sleep(0.05)
        assert project.left() == {}


class TestPrivacy:
    def test_nobody_else_may_talk_to_it_or_read_what_it_wrote(self, project):
        project.start()
        directory = run_directory(project)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        # gunicorn makes its own file, with nothing in it but a number.
        for path in {*directory.iterdir()} - {*directory.glob("*.pid")}:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

    def test_what_is_written_down_holds_no_value_of_the_environment(self, project):
        project.start(DATABASE_PASSWORD="swordfish")
        directory = run_directory(project)
        texts = [path.read_bytes() for path in directory.iterdir() if path.is_file()]
        assert not any(b"swordfish" in text for text in texts)
        assert load(directory / "state.json") is not None
        # And yet another supervisor starts replicas with it.
        project.kill(project.status()["supervisor"]["pid"])
        assert project.surefoot("scale", "2").returncode == 0
        for replica in project.status()["replicas"]:
            told = Path(f"/proc/{replica['group']}/environ").read_bytes()
            assert b"DATABASE_PASSWORD=swordfish" in told

    def test_two_projects_never_meet(self, project, tmp_path):
        project.start()
        other = tmp_path / "other"
        other.mkdir()
        (other / "surefoot.toml").write_text("")
        done = subprocess.run(
            [sys.executable, "-m", "surefoot", "status"],
            cwd=other, env=project.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "nothing of this project runs" in done.stderr
