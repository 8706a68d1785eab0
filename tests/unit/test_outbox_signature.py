"""What a receiver checks with any library for Standard Webhooks."""

from base64 import b64encode

from guantong.serve.outbox.carrier import webhook_signature

BODY = b'{"test": 2432232314}'


def test_the_published_example() -> None:
    """The message, secret and signature of the specification's own libraries."""
    token = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = webhook_signature(token, 1_614_265_330, "msg_p5jXN8AQM9LWM0D4loKWxJek", BODY)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_token_that_is_no_secret_of_theirs_counts_as_it_is() -> None:
    plain = webhook_signature("shared", 7, "m", BODY)
    coded = webhook_signature("whsec_" + b64encode(b"shared").decode(), 7, "m", BODY)
    assert plain == coded
    assert webhook_signature("whsec_not base64", 7, "m", BODY) != plain
