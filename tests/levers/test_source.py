"""Lines are rewritten where that is safe to say, and quoted where it is not."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosed import case_of, statements
from surefoot.toolbox.levers import eager_load
from surefoot.toolbox.levers.source import awaited, edit, submitted
from surefoot.toolbox.measure.lines import lines


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("    time.sleep(0.1)", "    await asyncio.sleep(0.1)"),
        ("answer = requests.get(url, timeout=2)",
         "answer = await asyncio.to_thread(requests.get, url, timeout=2)"),
        ("    return requests.get(url).json()",
         "    return (await asyncio.to_thread(requests.get, url)).json()"),
        ("        total: int = count()", "        total: int = await asyncio.to_thread(count)"),
        ("fetch(a, b,)", "await asyncio.to_thread(fetch, a, b)"),
        ("    with lock:", ""),
        ("    x = a + f(b)", ""),
        ("    answer = await client.get(url)", ""),
        ("    f(", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_blocking_call_becomes_an_awaited_one(line, wanted):
    assert awaited(line) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("    send_mail(order.email, text)", "    tasks.submit(send_mail, order.email, text)"),
        ("    mailer.send()", "    tasks.submit(mailer.send)"),
        ("    sent = send_mail(order)", ""),
        ("    return send_mail(order)", ""),
    ],
)
def test_a_call_is_handed_on_only_where_nobody_uses_its_result(line, wanted):
    assert submitted(line, "tasks.submit") == wanted


names = st.sampled_from(["f", "a.b", "requests.get"])
words = st.lists(st.sampled_from(["x", "'a, b'", "key=1", "g(y)", "[1, 2]", "(z)"]), max_size=3)
tails = st.sampled_from(["", ".json()", ".a", "[0]"])


@given(name=names, words=words, tail=tails, head=st.sampled_from(["", "y = ", "return "]))
def test_what_is_written_is_python_again(name, words, tail, head):
    words = sorted(words, key=lambda word: "=" in word)
    changed = awaited(f"    {head}{name}({', '.join(dict.fromkeys(words))}){tail}")
    if changed:
        ast.parse(f"async def f():\n{changed}")
        assert "asyncio.to_thread(" in changed


def test_an_edit_quotes_its_line_and_a_diff_applies(tmp_path):
    source = "import requests\n\n\nasync def price(url):\n    answer = requests.get(url)\n"
    (tmp_path / "shop.py").write_text(source)
    line = source.splitlines()[4]
    shown = case_of(cpu=0.01, lines=[("shop.py:5", line)])
    made = edit(shown, "shop.py:5", "await it", awaited)
    assert made.advice == "await it; it reads: answer = requests.get(url)"
    head, old, new = made.diff.splitlines()[2:]
    assert head == "@@ -5 +5 @@"
    assert old == f"-{line}"
    assert source.replace(old[1:], new[1:]).count("await asyncio.to_thread(requests.get, url)") == 1


def test_a_line_that_nobody_read_is_not_quoted():
    made = edit(case_of(cpu=0.01), "shop.py:5", "await it", awaited)
    assert (made.file, made.line, made.advice, made.diff) == ("shop.py", 5, "await it", "")


def test_lines_are_read_where_they_can_be(tmp_path):
    (tmp_path / "shop.py").write_text("\n".join(f"line {n}" for n in range(1, 60)))
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe" * 100)
    probe = case_of(
        cpu=0.001,
        other=0.02,
        interface="asgi",
        slots=32,
        stacks=[("wait", "shop.py:50", 3), ("wait", "gone.py:1", 1), ("wait", "binary.py:1", 1),
                ("wait", "shop.py:999", 1), ("wait", "", 1)],
    ).serial  # fmt: skip
    assert lines(tmp_path, [probe]) == (("shop.py:50", "line 50"),)


@pytest.mark.parametrize(
    ("statement", "option"),
    [
        ("SELECT a.name FROM author WHERE author.id = ?", "joinedload(Model.author)"),
        ('SELECT a FROM "author" WHERE "author"."id" = $1', "joinedload(Model.author)"),
        ("SELECT r.id FROM review WHERE ? = review.book_id ORDER BY review.id",
         "selectinload(Model.review)"),
        ("SELECT r FROM review WHERE %(param_1)s::INTEGER = review.book_id",
         "selectinload(Model.review)"),
        ("SELECT count(*) FROM review", "selectinload(Model.relation)"),
    ],
)  # fmt: skip
def test_a_relation_is_guessed_from_the_statement(statement, option):
    shown = case_of(cpu=0.012, db_cpu=0.001, uses=[statements(80, 0.0000125, what=statement)])
    (step,) = eager_load.steps(shown)
    assert f"(SQLAlchemy: options({option}))" in step.how
    assert option in step.action.advice
