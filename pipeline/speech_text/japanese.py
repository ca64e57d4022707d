"""Japanese. Numbers stay digits: voices know which reading a counter demands of them.

In kanji, some are read as words: the ten minutes of 十分 as "enough", 八百 as a name.
"""

from __future__ import annotations

from types import MappingProxyType

from pipeline.speech_text import marks
from pipeline.speech_text.block_events import LeftOut
from pipeline.speech_text.vocabulary import Counted, Currency, LeftOutWords, SignWords, Vocabulary


def _units(**names: str) -> dict[str, Counted]:
    return {unit: Counted(f"1{name}", name) for unit, name in names.items()}


class Japanese(Vocabulary):
    """Japanese."""

    language = "ja"
    number = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
    group, decimal = ",", "."
    point, version_point, joint = ".", "テン", ""
    minus, plus, to, by = "マイナス", "プラス", "から", "かける"
    and_ = "と"
    times, out_of, ratio = "倍", "分の", "対"
    port, line = "ポート", "行"
    number_sign, version, dot, at = "番号", "バージョン", "ドット", "アットマーク"
    has_roman_numbers = False
    digits = ("ゼロ", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
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
            "km/h": Counted("時速1キロ", "キロ毎時"),
            "Mbps": Counted("1メガビット毎秒", "メガビット毎秒"),
            "m²": Counted("1平方メートル", "平方メートル"),
            "℃": Counted("1度", "度"),
            "°C": Counted("1度", "度"),
            "°": Counted("1度", "度"),
            "%": Counted("1パーセント", "パーセント"),
            "\uff05": Counted("1パーセント", "パーセント"),
        }
    )
    currencies = MappingProxyType(
        {
            "¥": Currency(Counted("1円", "円")),
            "\uffe5": Currency(Counted("1円", "円")),
            "円": Currency(Counted("1円", "円")),
            "JPY": Currency(Counted("1円", "円")),
            "$": Currency(Counted("1ドル", "ドル"), Counted("1セント", "セント")),
            "ドル": Currency(Counted("1ドル", "ドル"), Counted("1セント", "セント")),
            "€": Currency(Counted("1ユーロ", "ユーロ"), Counted("1セント", "セント")),
        }
    )
    scales = MappingProxyType({"万": "万", "億": "億"})
    months = tuple(f"{month}月" for month in range(1, 13))
    month_pattern = ""
    numeric_date = r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})"
    code_leads = r"(?:コード|暗証番号|パスワード|番号)(?:は|:|\uff1a)?"
    spans = MappingProxyType(
        {
            "s": Counted("1秒", "秒"),
            "min": Counted("1分", "分"),
            "h": Counted("1時間", "時間"),
            "d": Counted("1日", "日"),
            "mo": Counted("1か月", "か月"),
            "y": Counted("1年", "年"),
        }
    )
    soon, ago = "{}後", "{}前"
    signs = SignWords(
        about="約",
        is_about="は約",
        plus_minus="プラスマイナス",
        equals="イコール",
        is_not="ノットイコール",
        times="かける",
        divided_by="割る",
        root_of="ルート",
        squared="の二乗",
        cubed="の三乗",
        to_the_power_of="の",
        section="第",
        or_="、",
        pi="パイ",
    )
    rewritten = (
        *Vocabulary.rewritten,
        (r"(?<=日)([\uff08(])([月火水木金土日])([\uff09)])", r"\1\2曜日\3"),
        (rf"(?:>=|[\u2265\u2267]) ?({number}[^\W\d]?)", r"\1以上"),
        (rf"(?:<=|[\u2264\u2266]) ?({number}[^\W\d]?)", r"\1以下"),
    )
    more_signs = (
        (
            r"(?<=[\d年月日時分秒円個度人回%ト]) ?[\u301c\uff5e] ?(?=\d|[\s\u3001\u3002\uff09]|$)",
            "から",
        ),
        (r"(?<=[^\x00-\x7f])/(?=[^\x00-\x7f])", "、"),
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
        {
            marks.LINK: "リンク",
            marks.CODE: "コード",
            marks.FORMULA: "数式",
            marks.CHANNEL: "チャンネル",
            marks.DATA: "データ",
            marks.SPOILER: "ネタバレ",
        }
    )
    heads = MappingProxyType(
        {
            marks.YES: "はい",
            marks.NO: "いいえ",
            marks.DONE: "完了",
            marks.OPEN: "未完了",
            marks.NOTE: "注",
        }
    )
    slash = "スラッシュ"
    full_stop = "。"
    comma = colon = "、"

    def cardinal(self, number: int) -> str:
        """Return digits without separators."""
        return str(number)

    def ordinal(self, number: int, before: str = "", after: str = "") -> str:
        """Return "3番目"."""
        return f"{self.cardinal(number)}番目"

    def date(self, day: int, month: int, year: int | None) -> str:
        """Return "3月3日", with its year before it."""
        words = f"{self.months[month - 1]}{self.cardinal(day)}日"
        return f"{self.cardinal(year)}年{words}" if year else words

    def clock(self, hour: int, minute: int, suffix: str = "") -> str:
        """Return "9時5分"."""
        words = f"{self.cardinal(hour)}時"
        return f"{words}{self.cardinal(minute)}分" if minute else words

    def fraction(self, upper: int, lower: int) -> str:
        """Return "4分の3"."""
        return f"{self.cardinal(lower)}分の{self.cardinal(upper)}"

    def score(self, upper: str, lower: str) -> str:
        """Return "10分の7": the lower number comes first."""
        return f"{lower}{self.out_of}{upper}"

    def say(self, text: str) -> str:
        """Return a number as it is, without separators."""
        return self.plain(text)
