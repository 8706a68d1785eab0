"""What are the firms, brands and places called?

Cities, their GB/T 2260 codes and coordinates are real. Firms and brands are not: each name
joins two rare characters, so that a likeness with a real firm would be chance. There are no
persons in the market at all.
"""

from typing import NamedTuple


class City(NamedTuple):
    """A city where somebody makes, sells or uses something."""

    name: str
    name_en: str
    province: str
    region: str
    """GB/T 2260, six digits."""
    lat: float
    """Degrees north, WGS 84, of the city centre."""
    lon: float
    """Degrees east."""
    short: str
    """Abbreviation of the province, as production licences print it."""


CITIES = (
    City("北京市", "Beijing", "北京市", "110105", 39.92, 116.44, "京"),
    City("天津市", "Tianjin", "天津市", "120114", 39.38, 117.04, "津"),
    City("石家庄市", "Shijiazhuang", "河北省", "130100", 38.04, 114.51, "冀"),
    City("唐山市", "Tangshan", "河北省", "130200", 39.63, 118.18, "冀"),
    City("邢台市", "Xingtai", "河北省", "130500", 37.07, 114.50, "冀"),
    City("太原市", "Taiyuan", "山西省", "140100", 37.87, 112.55, "晋"),
    City("沈阳市", "Shenyang", "辽宁省", "210100", 41.80, 123.43, "辽"),
    City("哈尔滨市", "Harbin", "黑龙江省", "230100", 45.80, 126.53, "黑"),
    City("上海市", "Shanghai", "上海市", "310115", 31.22, 121.54, "沪"),
    City("南京市", "Nanjing", "江苏省", "320100", 32.06, 118.80, "苏"),
    City("无锡市", "Wuxi", "江苏省", "320200", 31.49, 120.31, "苏"),
    City("苏州市", "Suzhou", "江苏省", "320500", 31.30, 120.58, "苏"),
    City("杭州市", "Hangzhou", "浙江省", "330100", 30.27, 120.16, "浙"),
    City("宁波市", "Ningbo", "浙江省", "330200", 29.87, 121.55, "浙"),
    City("台州市", "Taizhou", "浙江省", "331000", 28.66, 121.42, "浙"),
    City("合肥市", "Hefei", "安徽省", "340100", 31.82, 117.23, "皖"),
    City("福州市", "Fuzhou", "福建省", "350100", 26.07, 119.30, "闽"),
    City("厦门市", "Xiamen", "福建省", "350200", 24.48, 118.09, "闽"),
    City("南昌市", "Nanchang", "江西省", "360100", 28.68, 115.86, "赣"),
    City("济南市", "Jinan", "山东省", "370100", 36.65, 117.12, "鲁"),
    City("青岛市", "Qingdao", "山东省", "370200", 36.07, 120.38, "鲁"),
    City("临沂市", "Linyi", "山东省", "371300", 35.10, 118.36, "鲁"),
    City("郑州市", "Zhengzhou", "河南省", "410100", 34.75, 113.63, "豫"),
    City("武汉市", "Wuhan", "湖北省", "420100", 30.59, 114.31, "鄂"),
    City("长沙市", "Changsha", "湖南省", "430100", 28.23, 112.94, "湘"),
    City("广州市", "Guangzhou", "广东省", "440100", 23.13, 113.26, "粤"),
    City("深圳市", "Shenzhen", "广东省", "440300", 22.54, 114.06, "粤"),
    City("佛山市", "Foshan", "广东省", "440600", 23.02, 113.12, "粤"),
    City("中山市", "Zhongshan", "广东省", "442000", 22.52, 113.39, "粤"),
    City("南宁市", "Nanning", "广西壮族自治区", "450100", 22.82, 108.37, "桂"),
    City("重庆市", "Chongqing", "重庆市", "500112", 29.72, 106.63, "渝"),
    City("成都市", "Chengdu", "四川省", "510100", 30.57, 104.07, "川"),
    City("昆明市", "Kunming", "云南省", "530100", 24.88, 102.83, "云"),
    City("西安市", "Xi'an", "陕西省", "610100", 34.34, 108.94, "陕"),
    City("兰州市", "Lanzhou", "甘肃省", "620100", 36.06, 103.83, "甘"),
    City("乌鲁木齐市", "Urumqi", "新疆维吾尔自治区", "650100", 43.83, 87.62, "新"),
)
"""In the order of their codes; 24 provinces."""

BY_NAME = {city.name_en: city for city in CITIES}
"""City by its English name."""

_FIRST = (
    ("沄", "Yun"), ("瓴", "Ling"), ("昉", "Fang"), ("璟", "Jing"), ("翀", "Chong"), ("湉", "Tian"),
    ("骉", "Biao"), ("垚", "Yao"), ("赟", "Bin"), ("琀", "Han"), ("珩", "Heng"), ("郴", "Chen"),
    ("昶", "Chang"), ("峣", "Yao"), ("溦", "Wei"), ("祎", "Yi"), ("弢", "Tao"), ("燊", "Shen"),
    ("砼", "Tong"), ("喆", "Zhe"), ("鄢", "Yan"), ("泓", "Hong"), ("彧", "Yu"), ("钊", "Zhao"),
)  # fmt: skip
_SECOND = (
    ("衢", "qu"), ("岫", "xiu"), ("砾", "li"), ("桁", "heng"), ("绗", "hang"), ("舫", "fang"),
    ("棹", "zhao"), ("镡", "tan"), ("蘅", "heng"), ("畹", "wan"), ("珂", "ke"), ("嵘", "rong"),
    ("漪", "yi"), ("栩", "xu"), ("榭", "xie"), ("榕", "rong"), ("昀", "yun"), ("逵", "kui"),
    ("锴", "kai"), ("埠", "bu"), ("樾", "yue"), ("杼", "zhu"), ("筠", "jun"),
)  # fmt: skip
STREETS = ("岫云路", "砾石街", "瓴水路", "桁架路", "青棹街", "蘅芜路", "望畹路", "溦雨巷")
"""Invented street names."""


def word(index: int) -> tuple[str, str]:
    """The `index`-th trade name and its romanisation; 552 differ, then they begin again."""
    first, first_en = _FIRST[index % len(_FIRST)]
    # 24 and 23 share no factor, so that the pair runs through all 552.
    second, second_en = _SECOND[index % len(_SECOND)]
    return first + second, first_en + second_en
