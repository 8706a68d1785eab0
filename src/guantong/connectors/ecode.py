"""What does a client of the Ecode platform hand in? Name and value pairs per stage, and lists of codes.

The forms are those that clients send; no official description was found, so that names of fields are
matched by a table and what is not in it is kept as it came.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from guantong.capture.cells import csv_of
from guantong.connectors.partner import ConnectorError, Fault
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.identify import Ecode, IdentifierError

T = TypeVar("T")

CODES_MAX: Final = 10_000
PAIRS_MAX: Final = 500
TEXT_MAX: Final = 500


class EcodePair(msgspec.Struct, frozen=True):
    """One line of a template."""

    name: str
    info: str = ""


class EcodeStage(msgspec.Struct, frozen=True):
    """A stage of a product's life, and what is said of it."""

    type: str
    list: tuple[EcodePair, ...] = ()


class EcodeProduct(msgspec.Struct, frozen=True, rename={"type_number": "productTypeNumber", "template": "templeteId", "name": "productName", "stages": "productTypelist"}):  # fmt: skip
    """A product as a client returns it; photos are passed over."""

    type_number: str
    name: str
    template: str | int = ""
    stages: tuple[EcodeStage, ...] = ()


class EcodeBatch(msgspec.Struct, frozen=True, rename={"codes": "codeList", "stages": "moduleList"}):
    """A list of codes of one product, and what is said of all of them."""

    code: str
    """The product, as in `EcodeProduct.type_number`."""
    codes: tuple[str, ...]
    stages: tuple[EcodeStage, ...] = ()


FIELDS: Final[Mapping[str, str]] = {
    "型号": "model",
    "规格型号": "model",
    "型号名称": "model",
    "规格": "specification",
    "品牌": "brand",
    "商标": "brand",
    "执行标准": "standard",
    "产品标准": "standard",
    "产品类别": "category",
    "证书编号": "certificate",
    "CCC证书编号": "certificate",
}
"""Names of a template -> members of a product record."""
MADE_ON: Final = ("生产日期", "生产时间", "出厂日期")
LOT: Final = ("批次", "批号", "生产批次")


def product_of(body: bytes) -> EcodeProduct:
    """Read a product. Raises ConnectorError when it is none."""
    found = _read(body, EcodeProduct)
    _check_stages(found.stages)
    if not found.name or not found.type_number or len(found.name) > TEXT_MAX:
        raise ConnectorError(_refused("productName", "a product's number and name", found.name))
    return found


def batch_of(body: bytes) -> EcodeBatch:
    """Read a list of codes. Raises ConnectorError when it is none, or a code is no Ecode."""
    found = _read(body, EcodeBatch)
    _check_stages(found.stages)
    if not 1 <= len(found.codes) <= CODES_MAX or not found.code:
        raise ConnectorError(
            _refused("codeList", f"a product and 1 to {CODES_MAX} codes", len(found.codes))
        )
    for at, code in enumerate(found.codes):
        try:
            Ecode.parse(code)
        except IdentifierError as refusal:
            raise ConnectorError(
                *(one.under(f"codeList[{at}]") for one in refusal.faults)
            ) from refusal
    return found


def class_code_of(firm: str, number: str) -> str:
    """The class of a product that has a number of the firm's own and no code."""
    return f"urn:guantong:opaque:ecode-product.{firm.rpartition(':')[2]}.{number}"


def records_of(product: EcodeProduct, firm: str) -> dict[str, object]:
    """The product as a records document of the firm."""
    record: dict[str, object] = {
        "name": product.name,
        "class_code": class_code_of(firm, product.type_number),
        "firm": firm,
    }
    held: list[str] = []
    for pair in (pair for stage in product.stages for pair in stage.list):
        field = FIELDS.get(pair.name.strip())
        if field == "certificate" and pair.info:
            held.append(pair.info)
        elif field and pair.info:
            record.setdefault(field, pair.info)
    if held:
        record["certificates"] = held
    return {"guantong": "records", "products": [record]}


def sheet_of(batch: EcodeBatch, at: str) -> bytes:
    """The codes as a sheet: made, at the day a stage says, else when it came.

    Args:
        batch: Codes, and stages.
        at: When it came, as a sheet writes times.

    Returns:
        CSV of one row.
    """
    pairs = {pair.name.strip(): pair.info for stage in batch.stages for pair in stage.list}
    day = next((pairs[name] for name in MADE_ON if pairs.get(name)), at)
    lot = next((pairs[name] for name in LOT if pairs.get(name)), "")
    row = {"日期时间": day, "步骤": "生产", "编码": "\n".join(batch.codes), "备注": lot}
    told = {header: cell for header, cell in row.items() if cell}
    return csv_of((told.keys(), told.values()))


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConnectorError(_refused("", "a submission of an Ecode client", error)) from error


def _check_stages(stages: tuple[EcodeStage, ...]) -> None:
    pairs = [pair for stage in stages for pair in stage.list]
    if len(pairs) > PAIRS_MAX or any(len(pair.name) + len(pair.info) > TEXT_MAX for pair in pairs):
        raise ConnectorError(
            _refused("list", f"at most {PAIRS_MAX} pairs of {TEXT_MAX} characters", len(pairs))
        )


def _refused(path: str, expected: str, got: object) -> Found:
    return fault(Fault.ECODE, expected=expected, got=got, path=path)
