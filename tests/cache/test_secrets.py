"""What looks like a secret is refused with its path, at any depth, unless it is allowed."""

from dataclasses import dataclass
from typing import Any, TypedDict

import msgspec
import pydantic
import pytest

from surefoot.cache.values.codec import Codec
from surefoot.cache.values.secrets import find_secret, tells_secret
from surefoot.errors import SecretError

CODEC = Codec()


@dataclass
class User:
    name: str
    password_hash: str = ""


@dataclass
class Session:
    user: User
    pages: list[str]


class Page(msgspec.Struct):
    next_token: str | None = None


class Account(msgspec.Struct):
    name: str


class Admin(Account):
    api_key: str = "k"


class Login(TypedDict):
    Authorization: str


@dataclass
class Counted:
    token_count: int
    has_password: bool


class Slots:
    __slots__ = ("token",)

    def __init__(self):
        self.token = "x"


class Model:
    def __init__(self):
        self.rows = [{"a": 1, "clientSecret": "s"}]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"password": "x"}, "['password']"),
        ({"a": [1, {"user": {"Authorization": "Basic x"}}]}, "['a'][1]['user']['Authorization']"),
        ({"accessToken": b"x"}, "['accessToken']"),
        ({"API_KEY": "x"}, "['API_KEY']"),
        ({"token": 123456}, "['token']"),
        ({"X-Api-Key": "x"}, "['X-Api-Key']"),
        ({"session_cookie": "x"}, "['session_cookie']"),
        (Slots(), ".token"),
        ({"credentials": {"user": "x"}}, "['credentials']"),
        (User("a", "b"), ".password_hash"),
        ({"s": (Session(User("a", "b"), []),)}, "['s'][0].user.password_hash"),
        ([Page("x")], "[0].next_token"),
        (pydantic.SecretStr("x"), "the value itself"),
        ({"a": [pydantic.SecretBytes(b"x")]}, "['a'][0]"),
        (Model(), ".rows[0]['clientSecret']"),
    ],
)
def test_it_is_refused_with_its_path(value, path):
    assert find_secret(value) == path
    with pytest.raises(SecretError) as told:
        CODEC.encode("k", value)
    assert path in str(told.value)
    assert "allow_secrets" in str(told.value)


@pytest.mark.parametrize(
    "value",
    [
        {"token_count": 5, "max_tokens": 100, "tokens": [1, 2]},
        {"password": None, "token": "", "secrets": []},
        {"has_password": True},
        {"cookie_consent": "yes", "otpion": "x"},
        {"secretary": "Ann", "keyboard": "us", "monkey": "x", "session": "morning"},
        {"key": "book:7", "primary_key": 7, "author": "A. Key", "passenger": "B"},
    ],
)
def test_what_tells_none_passes(value):
    assert find_secret(value) is None
    assert CODEC.decode("k", CODEC.encode("k", value)) == value


@pytest.mark.parametrize(
    ("kind", "value", "path"),
    [
        (User, User("a"), ".password_hash"),
        (list[User], [], ".password_hash"),
        (dict[str, Session], {}, ".user.password_hash"),
        (Session | None, Session(User("a"), []), ".user.password_hash"),
        (Page, Page(), ".next_token"),
        (Login, {"Authorization": "x"}, ".Authorization"),
        (dict[str, str], {"passwd": "x"}, "['passwd']"),
        (list[Any], [{"secret": "x"}], "[0]['secret']"),
        (Account, Admin("a", "k"), ".api_key"),
    ],
)
def test_a_type_is_looked_at_too(kind, value, path):
    with pytest.raises(SecretError) as told:
        CODEC.encode("k", value, kind)
    assert path in str(told.value)


def test_a_type_without_secrets_passes():
    value = Counted(5, has_password=True)
    assert CODEC.decode("k", CODEC.encode("k", value, Counted), Counted) == value


def test_who_allows_them_keeps_them():
    codec = Codec(allow_secrets=True)
    user = User("a", "b")
    assert codec.decode("k", codec.encode("k", user, User), User) == user
    assert codec.decode("k", codec.encode("k", {"password": "x"})) == {"password": "x"}


def test_a_pickled_object_is_looked_into():
    codec = Codec(pickle_key=b"0123456789abcdef")
    with pytest.raises(SecretError, match="clientSecret"):
        codec.encode("k", Model())


def test_a_class_is_a_name_and_is_not_looked_into():
    assert find_secret([Page, {"kind": User}]) is None


def test_what_holds_itself_ends():
    value = {"a": 1}
    value["self"] = value
    assert find_secret(value) is None


def test_a_name_alone_decides_nothing_that_its_value_denies():
    assert tells_secret("password", "x")
    assert not tells_secret("password", False)
    assert not tells_secret("reset_password_at", 5)
