"""The sentences of a verdict, by code, in Chinese and English."""

from guantong.verdict.model import Reason

WORDS = {
    "verdict.recalled": ("该产品已被召回：{why}", "This product is recalled: {why}"),
    "verdict.on_hold": ("该产品已被暂停销售：{why}", "Sale of this product is stopped: {why}"),
    "verdict.scans_unlikely": (
        "这个码已被查询 {n} 次，地点涉及 {places} 个省份，不像同一件产品：码可能被复制，请当心",
        "This code was scanned {n} times in {places} provinces, unlike one thing: it may be a copy, take care",
    ),
    "verdict.drill": (
        "召回演练：这一件在演练范围内，不影响购买和使用（{why}）",
        "A recall is being practised with this item; nothing is wrong with it ({why})",
    ),
    "verdict.component_drill": (
        "召回演练：其中的部件（{what}）在演练范围内，不影响购买和使用",
        "A recall is being practised with a part in it ({what}); nothing is wrong",
    ),
    "verdict.component_recalled": (
        "其中的部件（{what}）已被召回：{why}",
        "A part in it ({what}) is recalled: {why}",
    ),
    "verdict.component_on_hold": (
        "其中的部件（{what}）已被暂停销售：{why}",
        "Sale of a part in it ({what}) is stopped: {why}",
    ),
    "verdict.certificate_production": (
        "生产当日（{day}）证书 {number} 不处于有效状态：{standing_zh}",
        "On the production day ({day}) certificate {number} was not valid: {standing_en}",
    ),
    "verdict.certificate_now": (
        "证书 {number} 当前不处于有效状态：{standing_zh}",
        "Certificate {number} is not valid now: {standing_en}",
    ),
    "verdict.certificate_said": (
        "{who} 称证书 {number} 的状态为：{standing}（未经申报该产品或证书的一方确认）",
        "{who} says that certificate {number} is {standing}; its filers do not confirm it",
    ),
    "verdict.issued_by_other": (
        "该编码由 {who} 登记发放，并非申报该产品的企业，请核对",
        "This code was issued by {who}, who is not the firm that filed the product; compare them",
    ),
    "verdict.expired": ("该产品已过有效期（{day}）", "This product expired on {day}"),
    "verdict.sold": (
        "已于 {day} 登记售出；如仍作为新品出售，请勿购买",
        "Registered as sold on {day}; do not buy it if it is offered as new",
    ),
    "verdict.sold_already": (
        "已于 {day} 登记售出，不应再次进货或销售",
        "Registered as sold on {day}; it should not be bought in or sold again",
    ),
    "verdict.clone_suspected": (
        "同一编码被登记售出 {times} 次且其间无退货，疑为仿冒编码",
        "This code was sold {times} times with no return between: it may have been copied",
    ),
    "verdict.destroyed": ("已登记报废或销毁", "Registered as scrapped or destroyed"),
    "verdict.consumed": (
        "已登记用于生产其他产品",
        "Registered as used up in making something else",
    ),
    "verdict.retired": ("该编码已停用", "This code was taken out of use"),
    "verdict.stolen": ("已登记失窃", "Registered as stolen"),
    "verdict.commissioned_twice": (
        "同一编码被赋码两次，至少一件不真实",
        "This code was commissioned twice; at least one item is not genuine",
    ),
    "verdict.used_after_end": (
        "报废、销毁或用尽之后仍有流转记录",
        "It was recorded in trade after it was used up or destroyed",
    ),
    "verdict.shipped_not_received": (
        "已发货但未见收货登记（发货日 {day}）",
        "Shipped on {day}, and nobody has recorded receiving it",
    ),
    "verdict.returned": ("曾被退货", "It was returned once"),
    "verdict.void": (
        "发码单位已作废该编码：{why}",
        "The issuer has made this code void: {why}",
    ),
    "verdict.issued_only": (
        "编码已由生产者登记发放，尚无生产或流向记录",
        "The producer registered this code, but has filed no production or flow yet",
    ),
    "verdict.never_issued": (
        "该产品的生产者在此登记编码，但从未登记过这一编码",
        "Its producer registers codes here, but never registered this one",
    ),
    "verdict.not_registered": ("此编码未在本平台登记", "This code is not registered here"),
    "verdict.not_shared": (
        "已知该编码的发放者，但其未向本平台共享信息",
        "The issuer of this code is known, but shares nothing about it here",
    ),
    "verdict.malformed": ("编码格式有误", "The code is not well formed"),
    "verdict.unproven_copy": (
        "标签可能被复制：编码正确不等于这一件就是原件",
        "A label can be copied: a right code does not make this very item the genuine one",
    ),
    "verdict.unproven_match": (
        "请核对实物与页面所示产品、厂名是否一致",
        "Compare product and maker on the pack with those shown here",
    ),
    "verdict.unproven_format": (
        "格式正确不证明编码真实",
        "A well-formed code proves nothing by its form",
    ),
    "verdict.unproven_stated": (
        "信息由企业申报，本平台保证其未被改动，不保证其真实",
        "Firms state these data; the platform proves they were not altered, not that they are true",
    ),
}
"""Code -> (Chinese, English), with the places to fill in braces."""

STANDINGS = {
    "valid": ("有效", "valid"),
    "suspended": ("暂停", "suspended"),
    "revoked": ("撤销", "revoked"),
    "cancelled": ("注销", "cancelled"),
    "expired": ("过期", "expired"),
    "not_yet": ("尚未生效", "not yet in force"),
    "unknown": ("状态未知", "status unknown"),
}
"""Standing -> (Chinese, English)."""


def reason(
    code: str,
    *,
    problem: bool = True,
    rule: str = "",
    events: tuple[str, ...] = (),
    **filling: str,
) -> Reason:
    """A reason with its sentences filled in; ``x_zh`` and ``x_en`` fill ``{x}`` by language."""
    zh, en = WORDS[code]
    both = {name.removesuffix("_zh"): text for name, text in filling.items()}
    english = {name.removesuffix("_en"): text for name, text in filling.items()}
    return Reason(
        code,
        zh.format(**(filling | both)),
        en.format(**(filling | english)),
        problem,
        rule,
        events,
    )
