"""What the words of a prompt say about light, place, weather and people."""

import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random

Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """From the top of the sky down to what stands nearest, and the colour of the light itself."""

    top: Color
    middle: Color
    horizon: Color
    near: Color
    glow: Color
    dark: bool = False


@dataclass(frozen=True, slots=True)
class Mood:
    palette: Palette
    place: str
    weather: frozenset[str]
    people: int
    robed: bool
    long_hair: bool
    shot: str


PALETTES: dict[str, Palette] = {
    "neon": Palette((12, 8, 34), (44, 20, 82), (186, 58, 138), (8, 7, 18), (104, 214, 255), dark=True),
    "fire": Palette((22, 9, 14), (104, 28, 20), (244, 124, 44), (14, 6, 7), (255, 186, 92), dark=True),
    "night": Palette((7, 12, 30), (19, 34, 68), (66, 92, 134), (5, 8, 17), (214, 226, 255), dark=True),
    "dawn": Palette((62, 92, 146), (206, 160, 158), (255, 216, 172), (36, 34, 54), (255, 234, 196)),
    "dusk": Palette((38, 32, 82), (172, 74, 92), (255, 168, 92), (23, 14, 28), (255, 208, 138)),
    "snow": Palette((112, 136, 168), (172, 190, 210), (230, 236, 242), (52, 66, 84), (255, 246, 232)),
    "grey": Palette((78, 92, 108), (126, 140, 150), (196, 204, 206), (30, 38, 44), (238, 240, 236)),
    "day": Palette((52, 112, 182), (124, 178, 216), (232, 236, 226), (28, 48, 50), (255, 248, 222)),
}
LIGHTS = {
    "neon": ("霓虹", "赛博", "neon", "cyber", "酒吧", "夜市"),
    "fire": ("火", "燃烧", "爆炸", "fire", "flame", "burning", "熔岩"),
    "night": ("夜", "月", "星空", "凌晨", "night", "moon", "midnight", "stars", "黑暗"),
    "dawn": ("清晨", "黎明", "早晨", "日出", "晨", "dawn", "sunrise", "morning"),
    "dusk": ("黄昏", "傍晚", "夕阳", "日落", "晚霞", "dusk", "sunset", "golden hour", "evening"),
    "snow": ("雪", "冰", "snow", "winter", "frozen"),
    "grey": ("雨", "雾", "阴", "rain", "fog", "mist", "overcast", "storm"),
    "day": ("白天", "正午", "阳光", "晴", "day", "noon", "sunny", "sunlight", "午后"),
}
PLACES = {
    "space": ("太空", "星球", "飞船", "宇宙", "space", "planet", "galaxy"),
    "palace": ("宫", "殿", "古代", "皇", "寺", "庙", "江湖", "古城", "客栈", "palace", "temple", "ancient", "pagoda"),
    "room": ("室", "房间", "办公", "客厅", "病房", "教室", "窗", "书桌", "office", "room", "indoor", "desk", "window"),
    "forest": ("森林", "树林", "林间", "丛林", "竹", "forest", "woods", "jungle", "trees"),
    "sea": ("海", "湖", "江", "河", "船", "码头", "岸", "sea", "ocean", "lake", "river", "boat", "beach", "harbor"),
    "city": ("都市", "城市", "街", "高楼", "大厦", "天台", "巷", "路口", "车", "city", "street", "skyline", "urban"),
    "mountain": ("山", "峰", "崖", "谷", "mountain", "cliff", "valley", "peak"),
    "field": ("田", "草原", "村", "沙漠", "荒", "原野", "field", "village", "desert", "meadow", "grass"),
}
WEATHERS = {
    "rain": ("雨", "rain", "storm"),
    "snow": ("雪", "snow", "winter"),
    "mist": ("雾", "烟", "fog", "mist", "haze", "smoke"),
    "petals": ("樱", "花瓣", "落叶", "桃花", "petal", "blossom", "leaves"),
    "embers": ("火", "燃烧", "爆炸", "fire", "flame", "ember", "burning"),
}
COUPLE = (
    "两人",
    "二人",
    "两名",
    "两个",
    "二位",
    "他们",
    "她们",
    "情侣",
    "对视",
    "对峙",
    "二者",
    "couple",
    "two people",
    "together",
    "母子",
    "父子",
)
CROWD = ("人群", "众人", "观众", "士兵", "军队", "百姓", "同学们", "crowd", "soldiers", "people")
PERSON = ("她", "他", "女", "男", "少年", "老人", "孩", "人", "man", "girl", "boy", "she", "he", "character", "hero")
WOMAN = ("她", "女", "girl", "woman", "she", "lady", "母", "妈", "姐", "妹", "wife")
MAN = ("他", "男", "少年", "将军", "父", "兄", "boy", "man", "he", "king", "husband")
CLOSE = ("特写", "近景", "close-up", "close up", "closeup", "portrait", "面部")
WIDE = ("远景", "全景", "大全景", "航拍", "wide shot", "long shot", "aerial", "establishing")


def read_mood(prompt: str, dice: Random) -> Mood:
    """What the prompt leaves open is left to the dice."""
    text = prompt.lower()
    place = _first(PLACES, text) or dice.choice(("mountain", "sea", "city", "field", "forest"))
    light = _first(LIGHTS, text) or dice.choice(("dawn", "dusk", "day", "night"))
    return Mood(
        palette=PALETTES[light if place != "space" or PALETTES[light].dark else "night"],
        place=place,
        weather=frozenset(name for name, words in WEATHERS.items() if _any(words, text)),
        people=_people(text, dice),
        robed=place == "palace" or _any(("剑", "侠", "将军", "sword"), text),
        long_hair=_any(WOMAN, text) or not (_any(MAN, text) or dice.random() < 0.5),
        shot="close" if _any(CLOSE, text) else "wide" if _any(WIDE, text) else "medium",
    )


def _people(text: str, dice: Random) -> int:
    if _any(COUPLE, text):
        return 2
    if _any(CROWD, text):
        return dice.randint(6, 9)
    return 1 if _any(PERSON, text) else dice.choice((0, 1, 1, 2))


def _first(table: dict[str, tuple[str, ...]], text: str) -> str | None:
    return next((name for name, words in table.items() if _any(words, text)), None)


def _any(words: tuple[str, ...], text: str) -> bool:
    return _pattern(words).search(text) is not None


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Chinese anywhere; English at the start of a word, and three letters or fewer only as a whole one."""
    return re.compile("|".join(_spelt(word) for word in words))


def _spelt(word: str) -> str:
    if not word.isascii():
        return word
    return rf"\b{word}(?![a-z])" if len(word) <= 3 else rf"\b{word}"
