"""How does a person see more than the public? By handing in a key, which a cookie then keeps.

The cookie serves questions only: whatever changes something needs the key in a header, so that
no other site can submit in a reader's name.
"""

from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from guantong.errors import fault
from guantong.serve import asked
from guantong.serve.desk import Desk
from guantong.serve.problems import Fault, HttpError

FORM_BYTES_MAX: Final = 4_096
"""Size of the form; a key has some fifty characters."""


class SignIn:
    """Takes a key from a form, or gives it up."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def post(self, request: Request) -> Response:
        """Keep the key that was handed in; an empty one ends it.

        Returns:
            Back to the scan box.

        Raises:
            HttpError: if it is no key in use; what was kept before stays.
        """
        key = await _key_in(request)
        response = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
        if not key:
            response.delete_cookie(asked.KEY_COOKIE, httponly=True, samesite="strict")
            return response
        if self._desk.caller_of(key) is None:
            raise HttpError(fault(Fault.KEY_UNKNOWN, expected="a key in use", got="another text"))
        response.set_cookie(
            asked.KEY_COOKIE,
            key,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response


async def _key_in(request: Request) -> str:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            expected = f"a form of at most {FORM_BYTES_MAX} bytes"
            raise HttpError(fault(Fault.QUERY, expected=expected, got="more", path="key"))
    fields = parse_qs(bytes(body).decode("utf-8", "replace"), max_num_fields=10)
    return fields.get("key", [""])[0].strip()
