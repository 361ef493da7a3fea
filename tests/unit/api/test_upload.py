"""A form on its way through a gateway in this process, where a file that nobody closes is a failure."""

import gc

from gateway.app import start
from gateway.config.structs import Config, Model, Provider, Target
from tests.support.asgi import called
from tests.support.simulation import in_thread

_FORM = (
    b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nasked\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--b--\r\n'
)


async def test_the_copy_with_the_targets_model_is_closed_with_its_attempt() -> None:
    with in_thread() as simulation:
        simulation.misbehave({"status": 500}, model="served", then="normal")
        provider = Provider(kind="openai", base_url=simulation.v1)
        target = Target(provider="p", model="served")
        made = await start(Config(providers={"p": provider}, models={"asked": Model(targets=[target])}))
        try:
            headers = {"content-type": "multipart/form-data; boundary=b"}
            status, _ = await called(made.app, "/v1/audio/transcriptions", _FORM, headers)
        finally:
            await made.close()
        assert status in (200, 500)
        assert len(simulation.requests()) >= 1
    gc.collect()  # an unclosed file says so now, and the test fails
