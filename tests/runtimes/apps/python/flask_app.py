from flask import Flask
from work import work

app = Flask(__name__)
app.add_url_rule("/healthz", "healthz", lambda: "ok")
app.add_url_rule("/readyz", "readyz", lambda: "ok")
app.add_url_rule("/work", "work", work)
