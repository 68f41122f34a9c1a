"""Objects of Django's ORM in a cache."""

import pytest
from django.db import models

from surefoot.errors import UncacheableError

# One that is installed: Django finds a pickled object's class by it.
APP = "contenttypes"


class Author(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = APP


class AuthToken(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    title = models.CharField(max_length=50)

    class Meta:
        app_label = APP


class Login(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    password = models.CharField(max_length=50)

    class Meta:
        app_label = APP


@pytest.fixture
def author(database):
    with database().schema_editor() as editor:
        for model in (Author, AuthToken, Login):
            editor.create_model(model)
    author = Author.objects.create(name="A")
    AuthToken.objects.create(author=author, title="t")
    Login.objects.create(author=author, password="x")
    return author


@pytest.fixture
def url():
    return "memory://"


def test_they_need_pickle(author, backend):
    cache = backend()
    for value in (author, Author.objects.all(), {"all": list(Author.objects.all())}):
        with pytest.raises(UncacheableError, match=r"Author|QuerySet"):
            cache.set("k", value)
    cache.set("k", list(Author.objects.values()))
    assert cache.get("k") == [{"id": author.pk, "name": "A"}]


def test_objects_and_query_sets_come_back(author, backend):
    cache = backend({"pickle": True})
    cache.set("object", author)
    assert cache.get("object") == author
    # A table or a class whose name is a secret's tells nothing of what is in it.
    cache.set("rows", AuthToken.objects.select_related("author").filter(author=author))
    rows = cache.get("rows")
    assert [row.title for row in rows] == ["t"]
    assert [row.author.name for row in rows] == ["A"]
    cache.set("dicts", Login.objects.values("author__name"))
    assert list(cache.get("dicts")) == [{"author__name": "A"}]


def test_what_they_hold_is_looked_at(author, backend, caplog):
    cache = backend({"pickle": True})
    login = Login.objects.select_related("author").get()
    author.login = login
    for value in (login, [login], Login.objects.all(), author, {"a": author}):
        cache.set("k", value)
        assert cache.get("k") is None
    assert caplog.text.count("password") == 5
