"""What the host of Azure Functions does with an app in Python: has it indexed, loads its function, and lets it tick.

Run by a Python that has azure-functions-runtime, Microsoft's own worker, whose handlers are called as its gRPC proxy
calls them; only the wire between them is missing, so that messages are plain objects with the protocol's field names:
https://github.com/Azure/azure-functions-language-worker-protobuf/blob/dev/src/proto/FunctionRpc.proto

    python functions_host.py APP < ticks.json

``ticks.json`` is a list of ``{"late": bool, "settings": {name: value}}``; what was found, and what each tick answered
and logged, comes back as JSON on stdout.
"""

import asyncio
import json
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from types import SimpleNamespace

SUCCESS, FAILURE = "Success", "Failure"


class Messages:
    """The protocol's messages: each keeps what it was made of."""

    BindingInfo = type("BindingInfo", (SimpleNamespace,), {"inout": "inout", "out": "out"})
    StatusResult = type("StatusResult", (SimpleNamespace,), {"Success": SUCCESS, "Failure": FAILURE})

    def __getattr__(self, _name):
        return SimpleNamespace


class Typed(SimpleNamespace):
    """A message of which one field is set."""

    def WhichOneof(self, _name):  # noqa: N802 - protobuf's name
        return next(iter(vars(self)) if "name" not in vars(self) else (each for each in vars(self) if each != "name"))


class Log(logging.Handler):
    """The worker's own handler sends each record's text to the host."""

    def __init__(self):
        super().__init__()
        self.told = []

    def emit(self, record):
        self.told.append([record.levelname, record.name, record.getMessage()])


def asked(**request):
    return SimpleNamespace(request=SimpleNamespace(**request), properties={"host": "127.0.0.1", "protos": Messages()})


def invocation(number, function_id, late):
    timer = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": late}
    return SimpleNamespace(
        invocation_id=f"invocation-{number}",
        function_id=function_id,
        input_data=[Typed(name="tick", data=Typed(json=json.dumps(timer)))],
        trigger_metadata={},
        trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )


async def host(app, ticks):
    import azure_functions_runtime as worker

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    begun = await worker.worker_init_request(
        asked(worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=app))
    )
    if begun.result.status != SUCCESS:
        return {"begun": begun.result.exception.message + begun.result.exception.stack_trace}
    found = await worker.functions_metadata_request(asked())
    [function] = found.function_metadata_results
    loaded = await worker.function_load_request(
        asked(function_load_request=SimpleNamespace(function_id=function.function_id))
    )
    answers = []
    for number, each in enumerate(ticks):
        log = Log()
        logging.getLogger().addHandler(log)
        os.environ.update(each["settings"])
        answer = await worker.invocation_request(
            asked(invocation_request=invocation(number, function.function_id, each["late"]))
        )
        logging.getLogger().removeHandler(log)
        error = getattr(answer.result, "exception", None)
        answers.append({"status": answer.result.status, "error": error and error.message, "log": log.told})
    return {
        "begun": begun.result.status,
        "loaded": loaded.result.status,
        "name": function.name,
        "bindings": [json.loads(each) for each in function.raw_bindings],
        "retry": function.retry_options,
        "ticks": answers,
    }


if __name__ == "__main__":
    folder = sys.argv[1]
    os.chdir(folder)
    sys.path.insert(0, folder)
    logging.getLogger().setLevel(logging.INFO)
    with redirect_stdout(sys.stderr):
        told = asyncio.run(host(folder, json.load(sys.stdin)))
    json.dump(told, sys.stdout)
