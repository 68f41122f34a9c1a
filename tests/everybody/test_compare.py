"""What differs between users and nobody is theirs, unless nobody gets it differently too."""

import itertools

from surefoot.toolbox.everybody.compare import alike
from surefoot.toolbox.everybody.script import Round, Script
from surefoot.toolbox.load.observation import Answered

ROUTE = "GET /"
HTML = (("content-type", "text/html"),)


def told(*rounds, routes=(ROUTE,), headers=HTML, users=2, **more):
    """What is found where ``rounds`` hold the bodies of nobody, the users, and nobody again."""
    asked = [
        Round(ROUTE, n, tuple(range(n + 1, n + users + 1)), n + users + 1)
        for n in range(0, len(rounds) * (users + 2), users + 2)
    ]
    answers = [
        Answered((n, 0), ROUTE, ROUTE, "", 0, **{"status": 200, "headers": headers, **more, **one})
        for n, one in enumerate(map(_one, itertools.chain(*rounds)))
    ]
    script = Script((), 0, tuple(range(users)), tuple(asked))
    found = alike(script, answers, routes)
    return found[0] if len(routes) == 1 else found


def _one(answer):
    return answer if isinstance(answer, dict) else {"body": answer}


def test_the_same_for_all_is_proven():
    found = told((b"page",) * 4, (b"other",) * 4)
    assert (found.proven, found.answers.compared, found.users) == (True, 4, 2)


def test_what_one_user_gets_otherwise_is_shown_beside_what_nobody_gets():
    found = told((b"page",) * 4, (b"hello you", b"hello you", b"hello bob", b"hello you"))
    assert (found.proven, found.answers.differing) == (False, 1)
    (example,) = found.answers.examples
    assert example.sides == ("nobody", "user 2")
    assert (example.what, example.base, example.variant) == ("body", "hello you", "hello bob")


def test_what_nobody_gets_differently_varies_by_itself():
    rounds = [[b"at %d: page" % (4 * n + m) for m in range(4)] for n in range(8)]
    assert told(*rounds).proven


# A cart's count varies for its user, and stays as it is for nobody.
def test_what_varies_for_users_only_is_theirs():
    rounds = [(b"cart: 0", b"cart: %d" % n, b"cart: %d" % (n + 1), b"cart: 0") for n in range(8)]
    found = told(*rounds)
    assert found.answers.differing == 15


def test_a_status_and_a_header_count_too():
    moved = {"status": 302, "headers": (("location", "/log-in"),), "body": b""}
    account = {"body": b"account"}
    found = told((moved, account, account, moved))
    assert [each.what for each in found.answers.examples] == ["status"] * 2
    renewed = {"body": b"page", "headers": (*HTML, ("set-cookie", "session=1; Path=/"))}
    found = told((b"page", b"page", renewed, b"page"))
    assert [each.what for each in found.answers.examples] == ["header set-cookie"]


def test_what_cannot_be_compared_is_not_proven():
    packed = told((b"\x00",) * 4, packed=True)
    lost = told(((b"page"), {"status": 0, "body": b"", "error": "time-out"}, b"page", b"page"))
    whole = [[bytes([7 * n + m, 200, 3 * n]) * 9 for m in range(4)] for n in range(8)]
    noise = told(*whole, headers=(("content-type", "image/png"),))
    refused = told(({"status": 403, "body": b"no"},) * 4)
    for found, why in (
        (packed, "packed"), (lost, "time-out"), (noise, "vary as a whole"), (refused, "success")
    ):  # fmt: skip
        assert not found.proven
        assert why in found.unclear


def test_routes_that_were_not_asked_say_so():
    asked, never = told((b"page",) * 4, routes=(ROUTE, "GET /never"))
    assert asked.proven
    assert (never.proven, never.answers.compared) == (False, 0)
    assert "no request for it" in never.unclear


def test_a_round_that_was_cut_short_does_not_count():
    script = Script((), 0, (0, 1), (Round(ROUTE, 0, (1, 2), 3),))
    answers = [Answered((n, 0), ROUTE, ROUTE, "", 0, 200, HTML, b"page") for n in range(3)]
    (found,) = alike(script, answers, [ROUTE])
    assert (found.answers.compared, found.unclear) == (0, "there was no time to ask for it")
