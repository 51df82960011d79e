"""Templates are filled in one pass."""

import pytest

from gateway.text.templating import fill


def test_values_are_never_searched_for_placeholders() -> None:
    assert fill("{{a}}{{b}}", {"a": "{{b}}", "b": "x"}) == "{{b}}x"


def test_replacement_patterns_mean_nothing() -> None:
    assert fill("{{a}}", {"a": r"$& \1 \g<0>"}) == r"$& \1 \g<0>"


def test_a_missing_value_leaves_nothing_behind() -> None:
    assert fill("[{{a}}]", {"a": None}) == "[]"


def test_an_unnamed_value_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        fill("{{a}}", {})
