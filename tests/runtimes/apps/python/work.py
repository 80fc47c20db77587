"""What every one of them does for `/work`: writes a temporary file, and asks the database who it is."""

import os
import pathlib
import tempfile

import psycopg


def work() -> str:
    with tempfile.NamedTemporaryFile():
        pathlib.Path.home().joinpath(".work").touch()
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return f"works as {connection.execute('select current_user').fetchone()[0]}"
