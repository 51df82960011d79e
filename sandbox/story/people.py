"""Who is in a story: names told by what stands around them, and a constant look for each."""

import re
from collections import Counter

from sandbox.story.dice import Dice

_SURNAMES = (
    "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭罗宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢"
    "蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯"
    "邵孟龙万段钱汤尹黎易常武乔贺赖龚文阿小"
)
_VERBS = "说道问笑看走站坐跑推拉握抱望想听低抬转回点摇把将在从向对和与拿伸冲追逃喊哭叹等是的终忽突轻缓慢，"
_NAME = re.compile(rf"([{_SURNAMES}][\u4e00-\u9fff]{{1,2}}?)(?=[{_VERBS}])")
_NO_NAMES = re.compile(
    r"小[时心声子路巷屋镇城]|高[大声高]|白[天色]|金[色属]|黄[昏色]|文[件字]|常[常年]|任[何务]|石[头板阶]|江[水边面]|于是|万[一分]"
)
_ENGLISH_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}")
_HAIR = (
    ("黑色长直发", "long straight black hair"),
    ("利落短发", "neat short hair"),
    ("微卷中长发", "wavy shoulder-length hair"),
    ("高束马尾", "a high ponytail"),
    ("齐肩黑发", "shoulder-length black hair"),
    ("略乱的碎发", "tousled hair"),
)
_CLOTHES = (
    ("米色风衣", "beige trench coat"),
    ("深蓝色外套", "dark blue jacket"),
    ("白衬衫", "white shirt"),
    ("灰色针织衫", "grey knitted sweater"),
    ("黑色长外套", "long black coat"),
    ("墨绿色夹克", "moss green jacket"),
    ("素色旧长袍", "plain worn robe"),
)
_MARKS = (
    ("左眉有一道浅疤", "a faint scar on the left brow"),
    ("目光沉静", "calm steady eyes"),
    ("右手戴旧手表", "an old watch on the right wrist"),
    ("颈间一条细银链", "a thin silver chain"),
    ("颧骨很高", "high cheekbones"),
    ("身形清瘦", "a slender build"),
)


def names(story: str) -> list[str]:
    """Up to four people, the most mentioned first; empty when the story names none."""
    found = Counter(name for name in _NAME.findall(story) if not _NO_NAMES.match(name))
    found.update(_ENGLISH_NAME.findall(story))
    often = [name for name, times in found.most_common(8) if times > 1 or story.count(name) > 1]
    return (often or [name for name, _ in found.most_common(2)])[:4]


def looks(name: str) -> tuple[str, str]:
    """What must stay the same from picture to picture, in Chinese and in English."""
    dice = Dice("looks", name)
    age = dice.number(19, 58)
    hair, clothes, mark = dice.pick(_HAIR), dice.pick(_CLOTHES), dice.pick(_MARKS)
    return (
        f"{age}岁，{hair[0]}，{clothes[0]}，{mark[0]}",
        f"a {age}-year-old figure with {hair[1]}, {clothes[1]}, {mark[1]}",
    )
