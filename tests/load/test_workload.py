import random
import re

import pytest

from surefoot.errors import WorkloadError
from surefoot.toolbox.load import parse_workload, read_workload
from surefoot.toolbox.load.prepared import Prepared

DRAW = random.Random(7)


def sent(request, **values) -> str:
    head, tail = Prepared(request, 0, "localhost").render(values, DRAW)
    return (head + tail).decode()


def test_requests_are_called_by_method_and_path(workload):
    found = workload({"path": "/books/{1..9}"}, {"path": "/cart", "method": "post"})
    assert found.requests == ("GET /books/{1..9}", "POST /cart")


def test_a_name_can_be_given(workload):
    assert workload({"path": "/a", "name": "front page"}).requests == ("front page",)


def test_requests_of_one_name_are_counted_together(workload):
    assert workload({"path": "/a"}, {"path": "/b"}, {"path": "/a"}).requests == ("GET /a", "GET /b")


def test_weights_share_out_the_requests(workload):
    steps = [{"path": "/x"}, {"path": "/y"}]
    found = workload({"path": "/a", "weight": 3}, session=[{"weight": 1, "request": steps}])
    assert found.shares == {"GET /a": 0.75, "GET /x": 0.125, "GET /y": 0.125}
    assert found.arrivals_per_request == 0.75 + 0.25 / 2


def test_requests_that_may_write_are_named(workload):
    login = {"path": "/login", "method": "POST", "login": True}
    found = workload(
        {"path": "/a"}, {"path": "/b", "method": "DELETE"}, {"path": "/c", "method": "HEAD"},
        login, users=1,
    )  # fmt: skip
    assert found.writes == ("DELETE /b",)
    assert found.login_writes == ("POST /login",)
    assert "POST /login" not in found.requests


def test_a_workload_can_be_cut_down(workload):
    found = workload({"path": "/a"}, {"path": "/b"}, session=[{"request": [{"path": "/b"}]}])
    assert found.only(["GET /a"]).requests == ("GET /a",)
    assert found.without(["GET /a"]).requests == ("GET /b",)
    with pytest.raises(WorkloadError, match="no request to measure"):
        found.only(["GET /c"])


def test_a_form_is_encoded(workload):
    found = workload({"path": "/", "method": "POST", "form": {"a b": "c&d", "n": "{1..1}"}})
    text = sent(found.distinct[0])
    assert "Content-Type: application/x-www-form-urlencoded\r\n" in text
    assert text.endswith("Content-Length: 13\r\n\r\na+b=c%26d&n=1")


def test_a_range_alone_in_json_is_a_number(workload):
    found = workload({"path": "/", "method": "POST", "json": {"id": "{5..5}", "s": "n{5..5}"}})
    assert sent(found.distinct[0]).endswith('\r\n\r\n{"id":5,"s":"n5"}')


def test_headers_of_a_request_win_over_those_of_all():
    found = parse_workload(
        {
            "headers": {"Accept": "text/html", "X-All": "1"},
            "request": [{"path": "/", "headers": {"accept": "application/json", "Host": "shop"}}],
        },
        "test.toml",
    )
    lines = sent(found.distinct[0]).split("\r\n")
    assert "accept: application/json" in lines
    assert "X-All: 1" in lines
    assert [line for line in lines if line.lower().startswith(("host", "accept"))] == [
        "accept: application/json",
        "Host: shop",
    ] or lines.count("Host: shop") == 1
    assert "Accept: */*" not in lines
    assert "Accept: text/html" not in lines


def test_secrets_come_from_the_environment():
    found = parse_workload(
        {"request": [{"path": "/", "headers": {"Authorization": "Bearer {env.TOKEN}"}}]},
        "test.toml",
        environ={"TOKEN": "s3"},
    )
    assert "Authorization: Bearer s3\r\n" in sent(found.distinct[0])
    assert found.requests == ("GET /",)


def test_lists_rows_and_csv_files_supply_values(tmp_path):
    (tmp_path / "people.csv").write_text('name,password\nanna,"a,b"\nbert,x\n')
    (tmp_path / "w.toml").write_text(
        """
        [data]
        word = ["love", "war"]
        place = [{ city = "Rome", code = 39 }]
        person = "people.csv"

        [[request]]
        path = "/{word}/{place.city}/{place.code}/{person.name}?p={person.password}"
        """
    )
    found = read_workload(tmp_path / "w.toml")
    assert found.data["person"][0] == {"person.name": "anna", "person.password": "a,b"}
    assert found.data["word"] == ({"word": "love"}, {"word": "war"})
    values = found.data["place"][0] | found.data["person"][0] | found.data["word"][1]
    request = found.distinct[0]
    head, _ = Prepared(request, 0, "localhost").render(values, DRAW)
    assert head.startswith(b"GET /war/Rome/39/anna?p=a%2Cb HTTP/1.1\r\n")


WRONG = [
    ({}, "there is no request to measure"),
    ({"reqest": []}, "test.toml: reqest is no key that is known here; did you mean request?"),
    (
        {"request": [{"path": "/"}, {"pth": "/"}]},
        "test.toml: [[request]] 2 pth is no key that is known here; did you mean path?",
    ),
    ({"request": [{}]}, "[[request]] 1 path is missing"),
    ({"request": {"path": "/"}}, "request is a table; allowed is an array of tables"),
    ({"request": ["/"]}, "[[request]] 1 is '/'; it must be a table"),
    ({"request": [{"path": "books"}]}, "path is 'books'; allowed is an address"),
    ({"request": [{"path": "/a b"}]}, "path is '/a b'; allowed is an address"),
    ({"request": [{"path": "/", "weight": "x"}]}, "weight is 'x'; allowed is a number"),
    ({"request": [{"path": "/", "weight": -1}]}, "weight is -1; allowed is a number from 0"),
    ({"request": [{"path": "/", "weight": True}]}, "weight is true; allowed is a number"),
    ({"request": [{"path": "/", "weight": 0}]}, "there is no request to measure"),
    ({"request": [{"path": "/", "method": "GE T"}]}, "method is 'GE T'"),
    ({"request": [{"path": "/", "expect": "ok"}]}, "expect is 'ok'; allowed is a status"),
    ({"request": [{"path": "/", "expect": [200, 999]}]}, "expect is a list"),
    ({"request": [{"path": "/{9..1}"}]}, "the range {9..1} ends before it starts"),
    (
        {"request": [{"path": "/{wrd}"}], "data": {"word": ["a"]}},
        "path asks for {wrd}, which nothing in test.toml supplies; did you mean {word}?",
    ),
    ({"request": [{"path": "/{zz}"}]}, "{{zz}} writes it as it is"),
    ({"request": [{"path": "/{env.SF_NO_SUCH}"}]}, "the environment has no such variable"),
    ({"request": [{"path": "/", "body": "a", "json": {}}]}, "one body"),
    ({"request": [{"path": "/", "headers": {"a b": "c"}}]}, "headers has a line that cannot"),
    ({"request": [{"path": "/", "headers": {"A": "b\r\nC: d"}}]}, "headers has a line that cannot"),
    ({"request": [{"path": "/", "headers": {"Content-Length": "3"}}]}, "sets Content-Length"),
    ({"request": [{"path": "/", "headers": {"A": ["b"]}}]}, "[headers] A is a list"),
    ({"request": [{"path": "/", "capture": {"x": "no group"}}]}, "must hold one group"),
    ({"request": [{"path": "/", "capture": {"x": "(unclosed"}}]}, "is no regular expression"),
    ({"request": [{"path": "/", "capture": {"x": {}}}]}, "must say one of body, json, header"),
    ({"request": [{"path": "/", "capture": {"x": {"json": "a"}}}]}, "a JSON pointer"),
    ({"request": [{"path": "/", "capture": {"x": {"boddy": "(a)"}}}]}, "did you mean body?"),
    ({"request": [{"path": "/", "capture": {"a-b": "(a)"}}]}, "a-b is no name"),
    ({"request": [{"path": "/", "json": {"a": float("nan")}}]}, "json holds a value"),
    ({"request": [{"path": "/", "login": True}, {"path": "/"}]}, "there are no users"),
    ({"request": [{"path": "/"}], "users": 1.5}, "users is 1.5; allowed is a whole number"),
    ({"session": [{"name": "x"}]}, "[[session]] 1 has no [[session.request]]"),
    (
        {"session": [{"request": [{"path": "/", "think": "soon"}]}]},
        "[[session]] 1 [[request]] 1 think is 'soon'; allowed is a duration",
    ),
    ({"session": [{"request": [{"path": "/", "weight": 2}]}]}, "weight is no key"),
    ({"data": {"w": []}, "request": [{"path": "/"}]}, "[data] w is empty"),
    ({"data": {"w": "gone.csv"}, "request": [{"path": "/"}]}, "[data] w names gone.csv"),
    ({"data": {"w": 3}, "request": [{"path": "/"}]}, "[data] w is 3; allowed is a list"),
    ({"data": {"env": ["a"]}, "request": [{"path": "/"}]}, "env is no name"),
    ({"data": {"w": [{"a": 1}, {"b": 1}]}, "request": [{"path": "/"}]}, "different columns"),
]


@pytest.mark.parametrize(("document", "said"), WRONG)
def test_what_is_wrong_is_one_line_that_says_where(document, said):
    with pytest.raises(WorkloadError, match=re.escape(said)) as caught:
        parse_workload(document, "test.toml", environ={})
    assert "\n" not in caught.value.message
    assert "test.toml" in caught.value.message


def test_a_file_that_is_no_toml_is_one_line(tmp_path):
    (tmp_path / "w.toml").write_text("[[request]\n")
    with pytest.raises(WorkloadError, match=r"w\.toml is not valid TOML"):
        read_workload(tmp_path / "w.toml")


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(WorkloadError, match="cannot be read: No such file"):
        read_workload(tmp_path / "w.toml")


def test_a_table_says_how_often_each_value_is_drawn():
    found = parse_workload({"data": {"w": {"a": 3, "b": 1}}, "request": [{"path": "/{w}"}]}, "t")
    assert [row["w"] for row in found.data["w"]] == ["a", "a", "a", "b"]


@pytest.mark.parametrize("counts", [{"a": 0}, {"a": 1.5}, {"a": "x"}, {"a": True}, {"a": 10**9}])
def test_how_often_is_a_whole_number_of_reasonable_size(counts):
    with pytest.raises(WorkloadError, match=r"data\] w must say how often in whole numbers"):
        parse_workload({"data": {"w": counts}, "request": [{"path": "/{w}"}]}, "t")


def test_data_that_are_numbers_are_numbers_in_json():
    document = {
        "data": {"n": [7], "row": [{"id": 8, "name": "9"}]},
        "request": [
            {"path": "/", "method": "POST", "json": ["{n}", "{row.id}", "{row.name}", "no {n}"]}
        ],
    }
    found = parse_workload(document, "t")
    values = found.data["n"][0] | found.data["row"][0]
    assert sent(found.distinct[0], **values).endswith('[7,8,"9","no 7"]')


def test_cookies_of_a_request_and_of_its_session_are_sent_in_one_line():
    from surefoot.toolbox.load.cookies import CookieJar

    request = parse_workload({"request": [{"path": "/", "headers": {"Cookie": "a=1"}}]}, "t")
    jar = CookieJar()
    jar.update("b=2")
    head, _ = Prepared(request.distinct[0], 0, "localhost").render({}, DRAW, jar)
    assert head.count(b"Cookie:") == 1
    assert b"Cookie: a=1; b=2\r\n" in head
