"""A marked program does what it did, and says what it passed."""

from __future__ import annotations

import ast
import builtins
import importlib
import sys

import pytest

from surefoot.core.witness import Watch
from surefoot.web.marks import Marks, marked

PROGRAM = '''"""What it is."""
from __future__ import annotations

import asyncio
import functools

SEEN = []


def plain(n):
    """Kept."""
    if n == 1:
        SEEN.append("one")
    elif SEEN.append("two") or n == 2:
        return "two"
    else:
        for each in range(n):
            SEEN.append(each)
        else:
            SEEN.append("end")
    return "other"


class Kept:
    """Kept too."""

    __count = 0

    @property
    @functools.lru_cache
    def size(self):
        Kept.__count += 1
        return self.__count

    async def later(self):
        async with asyncio.Lock():
            SEEN.append("async")
        try:
            raise KeyError("a")
        except KeyError as error:
            SEEN.append(
                str(error)
            )
        finally:
            SEEN.append("finally")


def numbers(n):
    def inner():
        nonlocal n
        n += 1
        return n
    match n:
        case 1:
            SEEN.append("match")
        case _:
            yield from [SEEN.append(k) for k in (1, 2)]
    while n < 4:
        yield inner()
    f = lambda: SEEN.append("lambda")
    f()


def run():
    out = [plain(1), plain(2), plain(3), list(numbers(1)), list(numbers(2))]
    kept = Kept()
    asyncio.run(kept.later())
    out += [kept.size, kept.size, plain.__doc__, Kept.__doc__, plain.__annotations__]
    return out + SEEN
'''


def every_line(path):
    lines = frozenset(range(1, PROGRAM.count("\n") + 1))
    return Watch({path: lines}, {path: lines})


@pytest.fixture
def passed(monkeypatch):
    found = []
    monkeypatch.setattr(
        builtins, "__surefoot_passed__", lambda *told: found.append(told), raising=False
    )
    return found


def outcome(tree):
    names = {"__name__": "program"}
    exec(compile(tree, "program.py", "exec"), names)
    return names["run"]()


def test_it_does_what_it_did(passed):
    plain = outcome(ast.parse(PROGRAM))
    assert outcome(marked(ast.parse(PROGRAM), "/p", every_line("/p"))) == plain
    assert passed


def test_each_line_of_a_function_that_runs_is_passed(passed):
    outcome(marked(ast.parse(PROGRAM), "/p", every_line("/p")))
    lines = {line for path, line, function in passed if not function}
    text = PROGRAM.splitlines()
    for number, line in enumerate(text, 1):
        if "SEEN.append(" in line or "+= 1" in line:
            assert number in lines, line
    functions = {text[line - 1].split("(")[0].strip() for _, line, function in passed if function}
    assert functions == {
        "def plain",
        "@property",
        "async def later",
        "def numbers",
        "def inner",
        "def run",
    }


def test_lines_that_are_not_watched_are_left_alone():
    tree = marked(ast.parse(PROGRAM), "/p", Watch({"/p": frozenset({13})}))
    assert ast.unparse(tree).count("__surefoot_passed__") == 1
    assert ast.dump(marked(ast.parse(PROGRAM), "/q", Watch())) == ast.dump(ast.parse(PROGRAM))


def test_line_numbers_of_an_error_stay(passed):
    text = "def f(x):\n    x.append(1)\n    return 1 / 0\n"
    names = {}
    watch = Watch({"/p": frozenset({2, 3})}, {"/p": frozenset({1})})
    exec(compile(marked(ast.parse(text), "/p", watch), "p.py", "exec"), names)
    with pytest.raises(ZeroDivisionError) as caught:
        names["f"]([])
    assert caught.tb.tb_next.tb_lineno == 3
    assert passed == [("/p", 1, 1), ("/p", 2, 0), ("/p", 3, 0)]


def test_only_the_files_of_the_list_are_marked_at_import(tmp_path, monkeypatch):
    for name in ("marked_one", "plain_one", "broken_one"):
        text = "def f():\n    return 7\n" if name != "broken_one" else "def f(:\n"
        (tmp_path / f"{name}.py").write_text(text)
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "marked_one.py").rename(real / "file.py")
    (tmp_path / "marked_one.py").symlink_to(real / "file.py")
    found = []
    files = [str((real / "file.py").resolve()), str(tmp_path.resolve() / "broken_one.py")]
    watch = Watch({path: frozenset({2}) for path in files}, {})
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(builtins, "__surefoot_passed__", None, raising=False)
    Marks(watch, lambda place, function: found.append((place, function))).install()
    try:
        assert importlib.import_module("plain_one").f() == 7
        assert importlib.import_module("marked_one").f() == 7
        with pytest.raises(SyntaxError):
            importlib.import_module("broken_one")
    finally:
        for name in ("marked_one", "plain_one"):
            sys.modules.pop(name, None)
    assert found == [((files[0], 2), False)]
