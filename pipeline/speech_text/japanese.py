"""Japanese. Numbers become kanji, which any Japanese voice reads with the right counter."""

from __future__ import annotations

from types import MappingProxyType

from pipeline.speech_text.blocks import LeftOut
from pipeline.speech_text.marks import CHANNEL, CODE, DONE, FORMULA, LINK, NO, NOTE, OPEN, YES
from pipeline.speech_text.vocabulary import Counted, Currency, LeftOutWords, Vocabulary


def _units(**names: str) -> dict[str, Counted]:
    return {unit: Counted(f"一{name}", name) for unit, name in names.items()}


class Japanese(Vocabulary):
    """Japanese."""

    language = "ja"
    number = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
    group, decimal = ",", "."
    point, version_point, joint = "点", "点", ""
    minus, plus, to, by = "マイナス", "プラス", "から", "かける"
    and_ = "と"
    times, out_of, about = "倍", "分の", "約"
    number_sign, version, dot, at = "番号", "バージョン", "ドット", "アットマーク"
    digits = ("ゼロ", "一", "二", "三", "四", "五", "六", "七", "八", "九")
    units = MappingProxyType(
        {
            **_units(
                km="キロメートル", m="メートル", cm="センチ", mm="ミリ", kg="キロ", g="グラム"
            ),
            **_units(
                mg="ミリグラム", l="リットル", L="リットル", ml="ミリリットル", mL="ミリリットル"
            ),
            **_units(W="ワット", kW="キロワット", V="ボルト", KB="キロバイト"),
            **_units(
                MB="メガバイト", GB="ギガバイト", TB="テラバイト", dB="デシベル", px="ピクセル"
            ),
            **_units(
                ms="ミリ秒", s="秒", min="分", h="時間", t="トン", Hz="ヘルツ", kHz="キロヘルツ"
            ),
            **_units(MHz="メガヘルツ", GHz="ギガヘルツ", kWh="キロワット時"),
            "km/h": Counted("時速一キロ", "キロ毎時"),
            "Mbps": Counted("一メガビット毎秒", "メガビット毎秒"),
            "m²": Counted("一平方メートル", "平方メートル"),
            "℃": Counted("一度", "度"),
            "°C": Counted("一度", "度"),
            "°": Counted("一度", "度"),
            "%": Counted("一パーセント", "パーセント"),
            "\uff05": Counted("一パーセント", "パーセント"),
        }
    )
    currencies = MappingProxyType(
        {
            "¥": Currency(Counted("一円", "円")),
            "\uffe5": Currency(Counted("一円", "円")),
            "円": Currency(Counted("一円", "円")),
            "JPY": Currency(Counted("一円", "円")),
            "$": Currency(Counted("一ドル", "ドル"), Counted("一セント", "セント")),
            "ドル": Currency(Counted("一ドル", "ドル"), Counted("一セント", "セント")),
            "€": Currency(Counted("一ユーロ", "ユーロ"), Counted("一セント", "セント")),
        }
    )
    scales = MappingProxyType({"万": "万", "億": "億"})
    months = (
        *("一月", "二月", "三月", "四月", "五月", "六月"),
        *("七月", "八月", "九月", "十月", "十一月", "十二月"),
    )
    month_pattern = ""
    numeric_date = r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})"
    code_leads = r"(?:コード|暗証番号|パスワード|番号)(?:は|:|\uff1a)?"
    leading_signs = ((r"[≈~](?= ?[\d$€¥])", "約"),)
    signs = (
        (r"&", "と"),
        (r"(?<=[\d)]) ?\+ ?(?=[\d(])", "プラス"),
        (r"(?<!\w)\+(?=\d)", "プラス"),
        (r" ?(?:={1,3}|≡) ?", "イコール"),
        (r"(?<=[\d)]) ?[*\u00d7] ?(?=[\d(])", "かける"),
        (r"(?<=\d) ?[÷] ?(?=\d)", "割る"),
        (r"(?<=\d) - (?=\d)|[\u2212](?=\d)", "引く"),
        (r"²|\^2(?!\d)", "の二乗"),
        (r"³|\^3(?!\d)", "の三乗"),
        (r"√ ?(?=\w)", "ルート"),
        (r"π", "パイ"),
        (r"(?<=[\d年月日時分円%]) ?[〜\uff5e] ?(?=\d)", "から"),
    )
    abbreviations = MappingProxyType({"24/7": "年中無休"})
    left_out = MappingProxyType(
        {
            LeftOut.CODE: LeftOutWords("コードはチャンネルにあります。", "コードは省略しました。"),
            LeftOut.TEXT: LeftOutWords("本文はチャンネルにあります。", "本文は省略しました。"),
            LeftOut.DIAGRAM: LeftOutWords("図はチャンネルにあります。"),
            LeftOut.DATA: LeftOutWords("データはチャンネルにあります。", "データは省略しました。"),
            LeftOut.TABLE: LeftOutWords("表はチャンネルにあります。", "表は省略しました。"),
            LeftOut.FORMULA: LeftOutWords("数式はチャンネルにあります。", "数式は省略しました。"),
            LeftOut.PICTURE: LeftOutWords("画像はチャンネルにあります。"),
            LeftOut.LINK: LeftOutWords("リンクはチャンネルにあります。"),
            LeftOut.REST: LeftOutWords("続きはチャンネルにあります。", "続きがあります。"),
        }
    )
    stand_ins = MappingProxyType(
        {LINK: "リンク", CODE: "コード", FORMULA: "数式", CHANNEL: "チャンネル"}
    )
    heads = MappingProxyType({YES: "はい", NO: "いいえ", DONE: "完了", OPEN: "未完了", NOTE: "注"})
    slash = "スラッシュ"
    full_stop = "。"
    comma = colon = "、"

    def ordinal(self, number: int, before: str = "") -> str:
        """Return "三番目"."""
        return f"{self.cardinal(number)}番目"

    def date(self, day: int, month: int, year: int | None) -> str:
        """Return "三月三日", with its year before it."""
        words = f"{self.months[month - 1]}{self.cardinal(day)}日"
        return f"{self.cardinal(year)}年{words}" if year else words

    def clock(self, hour: int, minute: int, suffix: str = "") -> str:
        """Return "九時五分"."""
        words = f"{self.cardinal(hour)}時"
        return f"{words}{self.cardinal(minute)}分" if minute else words

    def fraction(self, upper: int, lower: int) -> str:
        """Return "四分の三"."""
        return f"{self.cardinal(lower)}分の{self.cardinal(upper)}"
