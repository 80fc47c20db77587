from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from work import work

app = FastAPI()


@app.get("/healthz")
@app.get("/readyz")
async def ok():
    return "ok"


@app.get("/work", response_class=PlainTextResponse)
def answer():
    return work()
