"""Which words turn a number into a figure, and tell what kind?

The lists are ours, from how bulletins are worded; they are closed so that a word is either here
or not understood.
"""

import re
from typing import Final

from guantong.bulletin.model import Reason

UNITS: Final = (
    "个百分点", "百分点", "%", "‰", "倍", "个基点",
    "亿美元", "美元", "欧元", "元", "公斤", "千克", "克", "吨", "毫米", "微米", "公里", "平方米", "米",
    "kWh", "千瓦时", "Nm", "mm", "cm", "km", "kg", "m",
    "点", "批次", "批", "人次", "件次", "次", "起", "件", "笔", "宗", "家", "户", "条", "项", "例", "份", "部",
    "名", "人", "台套", "台", "套", "只", "辆", "款", "种", "类", "个月", "个工作日", "个省区市", "个省份", "个省市",
    "个省", "个市", "个地区", "个行业", "个门类", "个城市", "个分指标", "个品牌", "个阶段", "个", "省份", "省市",
    "省", "地", "市", "大行业", "位次", "位", "岁", "天", "年", "小时", "分钟", "家次", "场", "期", "篇", "页",
)  # fmt: skip
"""Longest first when matched."""
UNIT: Final = "|".join(sorted((re.escape(unit) for unit in UNITS), key=len, reverse=True))
MEASURED: Final = (
    "个百分点|个省份|个省市|个省区市|个省|个市|个地区|个行业|个门类|个城市|个分指标|个品牌|个阶段|个|省份|省市|省|地(?![方区点位域])|市(?!场)"
    "|批次|家|件|起|种|类|项|条(?!件)|名|人(?![工民员才均形])|户|倍|台|支|成(?![为果立效员本熟])|辆|款|万元|亿元|元"
)
"""What must follow Chinese numerals for them to count things."""

UP: Final = "增长|上升|提高|上涨|增加|提升|扩大|回升|增多|上调|攀升|走高|多增|涨幅为?|增幅为?|增速为?|同比增|环比增|涨(?!幅)|升(?![级至到幅])|增(?![速幅至到])|(?<![最提新走])高出?"
DOWN: Final = "下降|减少|下滑|萎缩|回落|降低|收窄|下跌|下调|走低|降幅为?|跌幅为?|同比降|环比降|降(?![低至到幅])|跌(?!幅)|减(?![少至到])|缩小|缩短|(?<![最降新走])低"
FLAT: Final = "持平|稳定|平稳"
TO: Final = re.compile(
    r"(?:增至|增加到|增加至|增长到|增长至|上升至|上升到|升至|升到|提高到|提高至|提升至|提升到|降至|降到|下降至|下降到|回落至|回落到|减少到|减少至|上涨至|涨至|扩大到|扩大至|达到|达|回升至|回升到|恢复至)(?:了|约|近)?$"
)
CHANGE: Final = re.compile(
    rf"(?:(?P<up>{UP})|(?P<down>{DOWN}))(?:了|约|近|超过|超|逾|幅度)?(?:为|达到|达)?(?:约|近|超过|超|逾|了)?$"
)
SHARE: Final = re.compile(
    r"(?:占比?(?P<whole>[^，。；、\d]*?)|(?:所占)?(?:比重|比例|份额|占比)(?:分别)?)(?:的|为|达到|达|的比重为|的比例为|是|约为)?(?:约|近|超过|超|逾|不足|不到|的)?$"
)
RATE: Final = re.compile(
    r"(?P<rate>[\u4e00-\u9fff]{0,6}率)(?:分别)?(?:为|达到|达|是|保持在|稳定在)?(?:约|近|超过|超)?$"
)
TOTAL: Final = re.compile(r"(?:合计|共计|总计|总共|累计(?:共)?|共)[^，。；:\d]{0,14}$")
PRIOR: Final = re.compile(
    r"(?:(?:由|从)(?:\d{4}年(?:\d{1,2}月|[一二三四]季度|[上下]半年)?|\d{1,2}月)?[^，。；\d]{0,6}|(?:去年同期|上年同期|上年|去年|上月|上季度|[较比](?:\d{4}年)?(?:\d{1,2}月|[一二三四]季度|[上下]半年|全年)?)(?:的|为|是|\(|\(为)?[^，。；\d)]{0,8}?)$"
)
COMPARED: Final = re.compile(r"同比|去年同期|上年同期|较上年|比上年|较去年|比去年")
PREVIOUS: Final = re.compile(r"环比|较上月|比上月|较上季度|比上季度|较前一?[月季]")

ABOUT_BEFORE: Final = re.compile(
    r"(?P<about>约为?|大约|大概|近似)$|(?P<near>将近|接近|近)$|(?P<over>超过|超|逾|突破|多于|高于|至少|不少于)$|(?P<under>不到|不足|少于|低于|至多|不超过)$"
)
ABOUT_AFTER: Final = re.compile(r"(?P<about>左右|上下)|(?P<over>以上|之多)|(?P<under>以下|以内)")
MORE: Final = re.compile(r"多|余")

MASKS: Final[tuple[tuple[re.Pattern[str], Reason], ...]] = (
    (re.compile(r"(?:https?://|www\.)[!-~]+"), Reason.URL),
    (re.compile(r"[\u4e00-\u9fff]{0,10}[〔\[](?:19|20)\d\d[〕\]]第?\d+号"), Reason.DOCUMENT),
    (re.compile(r"(?:GB|GB/T|GB/Z|RB/T|ISO|IEC|JJF|T/[A-Z]+)[ /]?\d[\d.]*(?:-\d{4})?"), Reason.DOCUMENT),
    (re.compile(r"G/TBT/N/[A-Z]+/\d+(?:/[A-Za-z]+\.\d+)*"), Reason.DOCUMENT),
    (re.compile(r"第\d+号(?:令|公告)?"), Reason.DOCUMENT),
    (re.compile(r"(?:[图表]|附件|附录|附表|专栏)\d+(?:[-.]\d+)?"), Reason.LABEL),
    (re.compile(r"(?m)^\d{1,3}$"), Reason.LABEL),
    (re.compile(r"(?m)^(?:#+)?(?:[(]?[一二三四五六七八九十]{1,3}[)、.]|[(]?\d{1,2}[)、](?!\d)|\d{1,2}\.(?!\d))"), Reason.LABEL),
    (re.compile(r"(?<![\u4e00-\u9fff])[一二三四五六七八九十]{1,2}(?:是|、)|(?<=。)[一二三四五六七八九十]是|(?<=[:；。])[一二三四五六七八九十]是"), Reason.LABEL),
    (re.compile(r"[Vv]?\d+(?:\.\d+)+版|[Vv]\d+(?:\.\d+)*|\d+(?:\.\d+)?版"), Reason.NAME),
    (re.compile(r"(?<![\d.])\d+[CDGK](?![A-Za-z])|[A-Za-z]+-?\d+[A-Za-z]*|(?<![\d.])12315(?!\d)"), Reason.NAME),
    (re.compile(r"\d{1,2}[时:]\d{2}分?|\d{1,2}时"), Reason.TIME),
    (re.compile(r"第?[〇零一二三四五六七八九十百\d]{1,9}(?:届|中全会|次(?:会议|全会|全体会议))"), Reason.ORDINAL),
    (re.compile(r"第[〇零一二三四五六七八九十百\d]{1,9}(?!季度|[位名])(?:批|次|条|章|款|号|期|个|部|阶段|方|类)?"), Reason.ORDINAL),
    (re.compile(r"\d0后|[一二三四五六七八九]0后|“[^”\n]{0,6}[一二三四五六七八九十百千万两](?:[^”\n]{0,8})”"), Reason.IDIOM),
    (re.compile(r"三位一体|一丝不苟|五险一金|四面八方|万众|双随机、一公开|百花|千方百计|三轴|[三四五]轴|三角|四川|九江|三亚|三明|十堰|五金|千瓦|三农|四季|一带一路|三级|二手|[三四五六七八九十]五(?:规划|时期)"), Reason.IDIOM),
    (re.compile(r"[两二三四五六七八九十](?:[两二三四五六七八九十]|到[二三四五六七八九十])(?:年|个|千|百|天|元)+元?|[十百千万]?[几数](?:十|百|千|万|亿)*|[四]五千元|上百|成百上千万"), Reason.VAGUE),
)  # fmt: skip
"""Numbers that claim nothing, tried in this order before any figure is read."""
