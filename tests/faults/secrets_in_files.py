"""Files that hold a secret, in many kinds. The secrets are made up, and made when they are needed,
so that none stands in this file."""

import base64
import json
import random
from dataclasses import dataclass

CANARY = "Xq7Zp3Lw9Rt5Vb2N"
"""Part of every secret: where it turns up, a secret has leaked."""


@dataclass(frozen=True)
class Secret:
    """A file with a secret among things that are none."""

    path: str
    language: str
    text: str


def _random(
    length: int, alphabet: str = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghkmnpqrstuvwxyz23456789"
) -> str:
    """The canary among characters drawn by chance, the same in each run."""
    chance = random.Random(length)
    return CANARY + "".join(chance.choices(alphabet, k=length - len(CANARY)))


def secrets() -> list[Secret]:
    """One of each kind."""
    pem = base64.b64encode(_random(120).encode()).decode()
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + _random(40)
    address = f"postgres://shop:{_random(24)}@db.example.org/shop"
    return [
        Secret(".env", "dotenv", f"NAME=shop\nPASSWORD={CANARY}\n"),
        Secret("deploy/server.pem", "text", f"{CANARY}\n"),
        Secret(".aws/config", "ini", f"region = eu\n{CANARY}\n"),
        Secret("settings.py", "python", f'API_TOKEN = "{_random(32)}"\n\n\nDEBUG = False\n'),
        Secret("config.yaml", "yaml", f"database:\n  name: shop\n  password: {_random(20)}\n"),
        Secret("config.json", "json", f'{{"name": "shop", "apiKey": "{_random(28)}"}}\n'),
        Secret("main.tf", "terraform", f'provider "x" {{\n  secret_key = "{_random(40)}"\n}}\n'),
        Secret("app.properties", "properties", f"name=shop\nspring.mail.password={_random(22)}\n"),
        Secret("deploy.sh", "shellscript", f"export DEPLOY_TOKEN={_random(36)}\ndeploy\n"),
        Secret("client.go", "go", f'package main\n\nconst accessKey = "{_random(30)}"\n'),
        Secret("session.js", "javascript", f'const header = "Bearer {token}";\n'),
        Secret("users.sql", "sql", f"CREATE USER shop WITH PASSWORD '{_random(24)}';\n"),
        Secret("README.md", "markdown", f"# Shop\n\nConnect to `{address}`.\n"),
        Secret("key.ts", "typescript",
               f"const key = `-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----`;\n"),
        Secret("analysis.ipynb", "json", notebook(f'api_token = "{_random(34)}"\n')),
    ]  # fmt: skip


def notebook(source: str, output: str = "") -> str:
    """A notebook of one cell of code, and what the cell has printed."""
    stream = {"output_type": "stream", "name": "stdout", "text": [output]}
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [stream]}
    cells = [cell | {"source": source.splitlines(keepends=True)}]
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1
    )


def printed() -> Secret:
    """A notebook that holds a secret in an output alone, which is no reason to leave it out."""
    text = notebook("print_invoice()\n", f"api_token = {_random(38)}\n")
    return Secret("printed.ipynb", "json", text)
