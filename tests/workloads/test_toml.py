"""What is written can be read again, whatever is in it; literal text stays literal."""

import random
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from surefoot.toolbox.load.template import compile_text, literal
from surefoot.toolbox.workloads.draft import Draft, LeftOut, Needed
from surefoot.toolbox.workloads.toml import to_toml

TEXT = st.text(max_size=30)
VALUE = st.recursive(
    TEXT | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


def without_halves(value):
    """The same without halves of surrogate pairs, which no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {without_halves(key): without_halves(each) for key, each in value.items()}
    return [without_halves(each) for each in value] if isinstance(value, list) else value


@given(
    request=st.dictionaries(TEXT, VALUE, max_size=4),
    data=st.dictionaries(TEXT, st.lists(VALUE, min_size=1, max_size=40), max_size=3),
    said=TEXT,
)
def test_every_draft_is_written_as_it_is(request, data, said):
    session = {"weight": 2, "request": [{"path": "/"}, request]}
    draft = Draft(
        said,
        requests=(request,),
        sessions=(session,),
        data=data,
        notes=(said,),
        left_out=(LeftOut(said, said, 3),),
        needed=(Needed(said, said),),
        users=3,
    )
    wanted = {"users": 3, "request": [request], "session": [session]} | (
        {"data": data} if data else {}
    )
    assert tomllib.loads(to_toml(draft)) == without_halves(wanted)


@given(st.text(alphabet="{}a1._-5 é", max_size=30))
def test_literal_text_holds_no_place(text):
    template = compile_text(literal(text), {})
    assert template.render({}, random.Random(0)) == text
    assert template.fixed


def test_how_often_each_value_is_drawn_is_a_table(read):
    draft = Draft("x", requests=({"path": "/{word}"},), data={"word": {"a b": 3, "c": 1}})
    assert '[data.word]\n"a b" = 3\nc = 1' in to_toml(draft)
    assert [row["word"] for row in read(draft).data["word"]] == ["a b"] * 3 + ["c"]
