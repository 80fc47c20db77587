from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from work import work


def ok(request):
    return PlainTextResponse("ok")


def answer(request):
    return PlainTextResponse(work())


app = Starlette(routes=[Route("/healthz", ok), Route("/readyz", ok), Route("/work", answer)])
