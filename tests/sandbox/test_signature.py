"""The OpenAPI front: the vendor's own signer is accepted, every way of getting it wrong is refused its own way."""

import httpx
import pytest

from tests.sandbox.calling import SUBMIT, ControlCaller, JimengCaller

pytestmark = pytest.mark.anyio
BODY = b'{"req_key": "jimeng_t2i_v40", "prompt": "\\u96e8\\u591c", "size": 1048576}'


def error_of(answer: httpx.Response) -> tuple[int, int, str]:
    meta = answer.json()["ResponseMetadata"]
    assert meta["Service"] == "cv"
    assert meta["RequestId"]
    return answer.status_code, meta["Error"]["CodeN"], meta["Error"]["Code"]


async def test_the_official_signer_is_accepted(jimeng: JimengCaller) -> None:
    answer = await jimeng.http.send(jimeng.signed(SUBMIT, BODY))
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (200, 10000, "Success")


async def test_an_unknown_access_key_is_refused(http: httpx.AsyncClient) -> None:
    answer = await JimengCaller(http, key="AKLTother").submit()
    assert error_of(answer) == (401, 100009, "InvalidAccessKey")


async def test_a_wrong_secret_is_refused(http: httpx.AsyncClient) -> None:
    answer = await JimengCaller(http, secret="other").submit()
    assert error_of(answer) == (401, 100010, "SignatureDoesNotMatch")


async def test_a_body_changed_after_signing_is_refused_even_if_it_means_the_same(jimeng: JimengCaller) -> None:
    signed = jimeng.signed(SUBMIT, BODY)
    body = BODY.replace(b": ", b":")
    headers = {**signed.headers, "content-length": str(len(body))}
    answer = await jimeng.http.post(signed.url, headers=headers, content=body)
    assert error_of(answer) == (401, 100010, "SignatureDoesNotMatch")


async def test_a_signature_for_another_host_is_refused(jimeng: JimengCaller) -> None:
    signed = jimeng.signed(SUBMIT, BODY)
    signed.headers["Host"] = "visual.volcengineapi.com"
    assert error_of(await jimeng.http.send(signed)) == (401, 100010, "SignatureDoesNotMatch")


async def test_a_signature_for_another_action_is_refused(jimeng: JimengCaller) -> None:
    signed = jimeng.signed("CVSync2AsyncGetResult", BODY)
    signed.url = signed.url.copy_set_param("Action", SUBMIT)
    assert error_of(await jimeng.http.send(signed)) == (401, 100010, "SignatureDoesNotMatch")


@pytest.mark.parametrize("skew", [-901.5, 901.5])
async def test_a_clock_more_than_a_quarter_of_an_hour_off_is_refused(
    jimeng: JimengCaller, control: ControlCaller, skew: float
) -> None:
    await control.set(clock_skew=skew)
    assert error_of(await jimeng.submit()) == (400, 100006, "InvalidTimestamp")
    await control.set(clock_skew=skew * 0.9)
    assert (await jimeng.submit()).status_code == 200


async def test_no_signature_at_all_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/", params={"Action": SUBMIT, "Version": "2022-08-31"}, content=BODY)
    assert error_of(answer) == (401, 100005, "MissingSignature")


async def test_a_signed_request_without_its_date_is_refused(jimeng: JimengCaller) -> None:
    signed = jimeng.signed(SUBMIT, BODY)
    del signed.headers["X-Date"]
    assert error_of(await jimeng.http.send(signed)) == (400, 100004, "MissingRequestInfo")


@pytest.mark.parametrize(("action", "version"), [("CVNoSuchThing", "2022-08-31"), (SUBMIT, "2020-08-26")])
async def test_a_wrong_action_or_version_is_not_found(jimeng: JimengCaller, action: str, version: str) -> None:
    answer = await jimeng.http.send(jimeng.signed(action, BODY, version))
    assert error_of(answer) == (404, 100008, "InvalidActionOrVersion")


async def test_a_request_without_an_action_misses_a_parameter(http: httpx.AsyncClient) -> None:
    assert error_of(await http.post("/", content=BODY)) == (400, 100002, "MissingParameter")
