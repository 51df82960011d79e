"""The rules that a request broke, in Chinese; pydantic's own words where there are none, or where English is wanted."""

from collections.abc import Mapping
from typing import Any

from shared.web.language import wants_english

_RULES = {
    "missing": "缺少该字段",
    "string_type": "必须是字符串",
    "int_type": "必须是整数",
    "int_parsing": "必须是整数",
    "int_from_float": "必须是整数",
    "float_type": "必须是数字",
    "float_parsing": "必须是数字",
    "bool_type": "必须是布尔值",
    "bool_parsing": "必须是布尔值",
    "list_type": "必须是数组",
    "dict_type": "必须是对象",
    "model_type": "必须是对象",
    "model_attributes_type": "必须是对象",
    "literal_error": "必须是{expected}",
    "enum": "必须是{expected}",
    "greater_than": "必须大于{gt}",
    "greater_than_equal": "必须大于或等于{ge}",
    "less_than": "必须小于{lt}",
    "less_than_equal": "必须小于或等于{le}",
    "too_short": "至少需要{min_length}项",
    "too_long": "最多{max_length}项",
    "string_too_short": "至少需要{min_length}个字符",
    "string_too_long": "最多{max_length}个字符",
    "finite_number": "必须是有限的数字",
    "json_invalid": "不是有效的JSON",
}
_OWN = {
    "must be an integer or a string of digits": "必须是整数或由数字组成的字符串",
    "prompt must be a string or null": "prompt必须是字符串或null",
    "jimengPrompt must be a string or null": "jimengPrompt必须是字符串或null",
}


def rule_in_words(broken: Mapping[str, Any]) -> str:
    """The words for one of pydantic's errors."""
    message = str(broken["msg"])
    if wants_english():
        return message
    if broken["type"] == "value_error":
        own = message.removeprefix("Value error, ")
        return _OWN.get(own, own)
    values = {name: str(value).replace(" or ", "或") for name, value in (broken.get("ctx") or {}).items()}
    try:
        return _RULES[broken["type"]].format_map(values)
    except KeyError:
        return message
