"""Lines that change something lasting are found by reading, and others are left alone."""

from __future__ import annotations

import ast
import textwrap

import pytest

from surefoot.toolbox.state.candidate import Strength
from surefoot.toolbox.state.candidates import candidates
from surefoot.toolbox.state.names import Modules
from surefoot.toolbox.state.readers import readers
from surefoot.toolbox.state.sources import Source


def source(text, name="app.py"):
    module = name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    package = module if name.endswith("__init__.py") else module.rpartition(".")[0]
    return Source(f"/{name}", name, module, package, ast.parse(textwrap.dedent(text)))


def found(*texts, **files):
    sources = [source(text) for text in texts]
    sources += [source(text, name.replace("__", "/") + ".py") for name, text in files.items()]
    return candidates(sources, Modules(sources))


LASTING = {
    "a dictionary of the module": "S = {}\ndef f(k):\n    S[k] = 1",
    "a part of a part": "S = {}\ndef f(k):\n    S[k]['a'].b = 1",
    "a global": "N = 0\ndef f(k):\n    global N\n    N += 1",
    "a global among others": "N = M = 0\ndef f(k):\n    global N\n    N, x = 1, 2",
    "a method that changes": "S = []\ndef f(k):\n    S.append(k)",
    "a deleted key": "S = {}\ndef f(k):\n    del S[k]",
    "an alias": "S = {}\ndef f(k):\n    mine = S.setdefault(k, [])\n    mine.append(1)",
    "an object of a class": "class C:\n  def f(self):\n    self.n += 1\nC_ = C()",
    "an attribute of a class": "class C:\n  @classmethod\n  def f(cls):\n    cls.n += 1",
    "a class by its name": "class C:\n  n = 0\n  def f(self):\n    C.n += 1",
    "a class by its object": "class C:\n  n = 0\n  def f(self):\n    self.__class__.n += 1",
    "a class by its type": "class C:\n  n = 0\n  def f(self):\n    type(self).n += 1",
    "a list of the class": "class C:\n  all = []\n  def f(self):\n    self.all.append(1)",
    "a closure": "def make():\n  n = {}\n  def f(k):\n    n[k] = 1\n  return f",
    "a nonlocal": "def make():\n  n = 0\n  def f():\n    nonlocal n\n    n += 1\n  return f",
    "a default argument": "def f(k, seen=[]):\n    seen.append(k)",
    "an attribute of a function": "def f():\n    f.calls += 1",
    "a counter": "import itertools\nC = itertools.count()\ndef f():\n    return next(C)",
    "the application's state": "def f(request):\n    request.app.state.n += 1",
    "an extension": "from flask import current_app as c\ndef f(current_app):\n"
    "    current_app.extensions['n'] = 1",
    "an object held by somebody else's class": "import cachetools\nC = cachetools.TTLCache(9, 9)\n"
    "def f(k):\n    C[k] = 1",
    "an attribute set by name": "S = object()\ndef f(k):\n    setattr(S, k, 1)",
    "what a function hands out": "S = []\ndef every():\n    return S\ndef f():\n"
    "    every().append(1)",
    "what FastAPI gives": "from fastapi import Depends\nS = []\ndef every():\n    return S\n"
    "def f(store=Depends(every)):\n    store.append(1)",
    "what FastAPI gives by an alias": "Here = Annotated[Shop, Depends(x)]\n"
    "async def f(here: Here):\n    here.visits += 1",
    "what a function is given": "def f(store, k):\n    store[k] = 1",
    "an alias of a name": "S = {}\ndef f(k):\n    mine = S\n    mine[k] = 1",
    "each of a loop": "S = {}\ndef f(k):\n    for each in S.values():\n        each.append(k)",
    "a name in an expression": "S = {}\ndef f(k):\n    if (x := S.get(k)):\n        x.append(k)",
    "what a method hands out": "class R:\n  def room(self, k): return self.r[k]\nS = R()\n"
    "def f(k):\n    S.room(k).append(1)",
    "inside a lambda": "S = []\nf = lambda k: S.append(k)",
    "inside a comprehension": "S = set()\ndef f(ks):\n    [S.add(k) for k in ks]",
    "after an if at the top": "if True:\n    S = {}\nelse:\n    S = None\ndef f(k):\n    S[k] = 1",
}


@pytest.mark.parametrize("text", LASTING.values(), ids=LASTING)
def test_what_lasts_is_found(text):
    lines = [each.line for each in found(text) if not each.at_start]
    assert lines, ast.dump(ast.parse(text))


PASSING = {
    "locals": "def f():\n    s = {}\n    s['a'] = 1\n    t = []\n    t.append(1)",
    "a local that hides a global": "S = {}\ndef f():\n    S = {}\n    S['a'] = 1",
    "a session of the framework": "from flask import session, g\ndef f():\n"
    "    session['a'] = 1\n    g.user = 2\n    g.seen.append(1)",
    "a database's session": "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n"
    "def f(x):\n    db.session.add(x)",
    "the request's own state": "def f(request):\n    request.state.user = 1",
    "a thread's own": "import threading\nL = threading.local()\ndef f():\n    L.x = 1",
    "a logger": "import logging\nlog = logging.getLogger()\ndef f():\n    log.info('a')",
    "its own fields while it is made": "class C:\n  def __init__(self):\n    self.n = 1\nc = C()",
    "at the top": "S = {}\nS['a'] = 1\nS.update(b=2)",
    "somebody else's module": "import os\ndef f():\n    os.remove('a')",
    "a copy": "S = {}\ndef f():\n    mine = S.copy()\n    mine['a'] = 1",
    "what a request carries": "def f(request):\n    request.session['a'] = 1",
    "a row of the database": "from models import Book\ndef f(s):\n    b = Book()\n    b.title = 1",
}


@pytest.mark.parametrize("text", PASSING.values(), ids=PASSING)
def test_what_passes_with_the_request_is_not(text):
    assert [each.what for each in found(text)] == []


def test_an_argument_hides_a_global():
    (each,) = found("S = []\ndef f(S):\n    S.append(1)")
    assert each.strength == Strength.ARGUMENT
    assert "app:S" not in each.keys


def test_a_name_is_followed_through_imports():
    found_in = found(
        shop__store="VISITS = {}\nimport shop.other",
        shop__a="from shop.store import VISITS as V\ndef f(k):\n    V[k] = 1",
        shop__b="from . import store\ndef f(k):\n    store.VISITS[k] = 1",
        shop__c="import shop.store\ndef f(k):\n    from . import store\n",
    )
    assert [each.where for each in found_in] == ["shop/a.py:3", "shop/b.py:3"]
    assert {each.keys for each in found_in} == {frozenset({"shop.store:VISITS"})}


def test_files_that_import_each_other_end():
    assert found(a="from b import X\ndef f():\n    X[1] = 1", b="from a import X") == ()


def test_who_uses_what():
    text = """
    S = {}
    def put(k): S[k] = 1
    def get(k): return S.get(k)
    def hidden(S): return S
    def make():
        n = 0
        def count():
            nonlocal n
            n += 1
        def show():
            return n
        return count, show
    def only_adds(k): S[k] += 1
    def looks_too(k):
        S[k] += 1
        return S[k]
    def throws_away(k): S.update(k)
    def takes(k): return S.pop(k)
    def by_a_key(k): k[S[1]] = 2
    """
    sources = [source(text)]
    modules = Modules(sources)
    keys = frozenset(key for each in candidates(sources, modules) for key in each.keys)
    found_in = readers(sources, modules, keys)
    names = {line: sorted(named) for (_, line), named in found_in.items() if named}
    names = {line: [n for n in named if n != "app:.by_a_key.k"] for line, named in names.items()}
    assert {line: named for line, named in names.items() if named} == {
        4: ["app:S"],
        11: ["app:.make.n"],
        15: ["app:S"],
        19: ["app:S"],
        20: ["app:S"],
    }


SECRETS = {
    "at the top": "import os\nSECRET_KEY = os.urandom(24)",
    "or else": "import os, secrets\nKEY = os.environ.get('K') or secrets.token_hex()",
    "of the application": "import uuid\ndef make(app):\n    app.secret_key = uuid.uuid4().hex",
    "in the configuration": "import os\ndef make(app):\n"
    "    app.config['SECRET_KEY'] = os.urandom(9)",
    "as an argument": "import secrets\ndef make(app, S):\n"
    "    app.add_middleware(S, secret_key=secrets.token_hex())",
    "in a class": "import os\nclass Config:\n    SECRET_KEY = os.urandom(9)",
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_a_secret_that_is_drawn_is_found(text):
    (secret,) = [each for each in found(text) if each.at_start]
    assert secret.strength == Strength.SECRET


def test_a_secret_that_is_given_is_not():
    assert found("import os\nSECRET_KEY = os.environ['KEY']\nTOKEN = 'a'") == ()
    assert found("import uuid\ndef f():\n    order = uuid.uuid4()") == ()


def test_a_cache_is_found_by_its_decorator():
    (cache,) = found(
        'from functools import lru_cache\n@lru_cache(9)\ndef f():\n    "Doc."\n    g()'
    )
    assert (cache.name, cache.line, cache.strength) == ("f()", 3, Strength.CACHE)
    assert 5 in cache.lines


def test_a_method_of_an_own_class_is_blamed_inside_it():
    text = "class C:\n  def add(self, x):\n    self.n.append(x)\nc = C()\ndef f():\n    c.add(1)"
    best = max(found(text), key=lambda each: each.strength)
    assert best.line == 3


CACHES = {
    "redis": 'cache = Cache.from_url("redis://127.0.0.1/0", local="16MB")',
    "named elsewhere": "cache = Cache.from_url(os.environ['CACHE'])",
    "for event loops": 'cache: object = AsyncCache.from_url(url="sqlite:///c.db")',
}
USES = "@cache.cached(ttl=9)\ndef load(k):\n    return k\ndef f(k):\n    cache.set(k, 1, ttl=9)"


@pytest.mark.parametrize("made", CACHES.values(), ids=CACHES)
def test_what_lies_in_a_store_that_processes_share_is_not_kept_by_one(made):
    head = "import os\nfrom surefoot.cache import AsyncCache, Cache\n"
    assert found(f"{head}{made}\n{USES}") == ()
    assert found(f"from shop import cache\n{USES}", shop=head + made) == ()
    whole = made.replace("Cache.from_url", "surefoot.cache.Cache.from_url")
    whole = whole.replace("Asyncsurefoot.cache.", "surefoot.cache.Async")
    assert found(f"import os, surefoot.cache\n{whole}\n{USES}") == ()


@pytest.mark.parametrize(
    "made",
    [
        'from surefoot.cache import Cache\ncache = Cache.from_url("memory://")',
        'from others import Cache\ncache = Cache.from_url("redis://127.0.0.1/0")',
        "from cachetools import cache",
    ],
)
def test_what_lies_in_the_process_is(made):
    assert "@cache.cached on load()" in {each.what for each in found(f"{made}\n{USES}")}
