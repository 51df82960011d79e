"""Long stories for tests and benchmarks: chapters, people who come and go, talk and action."""

from random import Random

_PEOPLE = ("阿鸢", "老周", "沈砚", "林素问", "顾长风", "小满", "秦霜", "赵铁衣", "白露", "罗大海", "温如玉", "许知远")
_PLACES = ("渡口", "戏台", "客栈", "山洞", "码头", "旧书店", "天台", "雪地", "竹林", "医院", "桥头", "宫门")
_LIGHTS = ("雨夜", "清晨", "黄昏", "月光下", "烛光里", "正午的烈日下", "大雾里", "灯笼的红光里")
_THINGS = ("湿透的信", "铜铃", "断剑", "旧怀表", "染血的长袍", "一串钥匙", "褪色的照片", "木箱", "半块玉佩", "账本")
_DEEDS = ("推开门冲了进来", "跪在泥水里", "缓缓转过身", "把它摔在地上", "紧紧抱住了它", "举起火把照过去", "退到墙角")
_WORDS = ("你来晚了", "这是谁的字", "别出声", "我等的就是今天", "他们已经过了河", "你认得它", "把门关上")


def novel(characters: int, seed: int = 1) -> str:
    """Exactly so many characters; the same for the same seed."""
    draw = Random(seed)
    parts: list[str] = []
    size = chapter = 0
    while size < characters:
        if chapter * 3000 <= size:
            chapter += 1
            parts.append(f"第{chapter}章 {draw.choice(_PLACES)}\n")
        else:
            parts.append(_paragraph(draw, size) + draw.choice(("\n", "\n\n", "")))
        size += len(parts[-1])
    return "".join(parts)[:characters]


def _paragraph(draw: Random, number: int) -> str:
    one, other = draw.sample(_PEOPLE, 2)
    place, light, thing = draw.choice(_PLACES), draw.choice(_LIGHTS), draw.choice(_THINGS)
    return (
        f"{light}，{one}站在{place}，手里握着{thing}，离上一回已有{number}步。"
        f"{one}{draw.choice(_DEEDS)}。“{draw.choice(_WORDS)}。”{other}说。"
        f"{other}望着{one}手中的{thing}，{draw.choice(_DEEDS)}，眼泪落了下来。"
    )
