"""People keep one look: aliases are one person, looks go into prompts byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.storyboard.cast import Mention, NamedPeople, Person, Place, Variant, given_people, numbered, tidy_look
from gateway.storyboard.templates import filled, placeholders, tidied, with_placeholders

LOOK = "a 28-year-old woman with shoulder-length black hair, grey linen coat"


def test_an_alias_is_not_a_second_person() -> None:
    cast = numbered([Person("", "沈知微", ("沈总",), LOOK, LOOK), Person("", "沈总"), Person("", "老周")], [], "")
    assert [(person.id, person.name) for person in cast.people] == [("c1", "沈知微"), ("c2", "老周")]
    assert cast.person("沈总") == cast.person("c1")


def test_pronouns_are_nobody() -> None:
    named = NamedPeople()
    named.add([Mention("她"), Mention("阿鸢", ("她", "鸢儿"), (3,)), Mention("阿鸢", (), (9,))])
    assert named.names() == ["阿鸢"]
    assert named.aliases["阿鸢"] == {"鸢儿"}
    assert named.described["阿鸢"] == [3, 9]


def test_a_look_changes_from_a_sentence_on() -> None:
    variants = (Variant("", "受伤", 50, "手缠绷带", f"{LOOK}, bandaged hand"),)
    person = numbered([Person("", "阿鸢", (), "", LOOK, variants)], [], "").people[0]
    assert person.look_at(49) == LOOK
    assert person.look_at(50) == f"{LOOK}, bandaged hand"
    assert person.variant_at(80) == person.variants[0]
    assert person.variants[0].id == "v1"


def test_places_of_one_name_are_one() -> None:
    cast = numbered([], [Place("", "渡口"), Place("", "渡口"), Place("", "戏台")], "")
    assert [(place.id, place.name) for place in cast.places] == [("p1", "渡口"), ("p2", "戏台")]


def test_what_the_caller_says_of_the_cast_is_kept() -> None:
    people = given_people([{"name": "阿鸢", "look": "红衣"}, {"name": ""}, {"look": "x"}, {"name": "他"}])
    assert [(person.name, person.look, person.source) for person in people] == [("阿鸢", "红衣", "caller")]


@given(st.text(max_size=400))
def test_a_look_is_one_clean_line(look: str) -> None:
    tidy = tidy_look(look)
    assert len(tidy) <= 160
    assert not set('"“”{}\n') & set(tidy)


def test_looks_are_put_in_to_the_byte() -> None:
    done = filled("Wide shot, {{c1}} kneels in the mud", {"c1": LOOK}.get, ", muted palette --ar 16:9")
    assert done.template == "Wide shot, {{c1}} kneels in the mud, muted palette --ar 16:9"
    assert done.prompt == f"Wide shot, {LOOK} kneels in the mud, muted palette --ar 16:9"


def test_a_repeated_or_unknown_placeholder_never_reaches_a_vendor() -> None:
    done = filled("{{c1}} looks at {{c2}} while {{c1}} turns", {"c1": LOOK}.get, "")
    assert done.prompt == f"{LOOK} looks at a figure while this same person turns"
    assert placeholders(done.template) == ["c1"]


def test_names_become_placeholders() -> None:
    people = [Person("c1", "阿鸢", ("鸢儿",)), Person("c2", "Ann")]
    assert with_placeholders("鸢儿跪下, Ann sees Anna", people) == "{{c1}}跪下, {{c2}} sees Anna"


def test_what_no_vendor_should_read_is_taken_out() -> None:
    body = "Close-up of “the letter” , { c1 } reads --ar 9:16 --v 6, film grain"
    assert tidied(body, "film grain") == "Close-up of the letter , {{c1}} reads"
