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
_HAIR = ("黑色长直发", "利落短发", "微卷中长发", "高束马尾", "齐肩黑发", "略乱的碎发")
_CLOTHES = ("米色风衣", "深蓝色外套", "白衬衫", "灰色针织衫", "黑色长外套", "墨绿色夹克", "素色长裙")
_MARKS = ("左眉有一道浅疤", "目光沉静", "右手戴旧手表", "颈间一条细银链", "眼角微微上扬", "身形清瘦")


def names(story: str) -> list[str]:
    """Up to four people, the most mentioned first; empty when the story names none."""
    found = Counter(name for name in _NAME.findall(story) if not _NO_NAMES.match(name))
    found.update(_ENGLISH_NAME.findall(story))
    often = [name for name, times in found.most_common(8) if times > 1 or story.count(name) > 1]
    return (often or [name for name, _ in found.most_common(2)])[:4]


def features(story: str) -> list[str]:
    """One Markdown line per person: what must stay the same from picture to picture."""
    return [f"- {name}：{_looks(name)}" for name in names(story)] or [f"- 主角：{_looks(story[:200])}"]


def _looks(name: str) -> str:
    dice = Dice("looks", name)
    return f"{dice.pick(_HAIR)}，{dice.pick(_CLOTHES)}，{dice.pick(_MARKS)}"
