"""The API document: the same wherever it is exported, whole, and honest about who may knock."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consulta.cli import main
from consulta.serving import contract


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(contract())


def exported_elsewhere(**environment: str) -> str:
    """The document as another process prints it."""
    return subprocess.run(
        [sys.executable, "-m", "consulta.cli", "openapi", "--output", "-"],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_the_environment_does_not_change_it() -> None:
    odd = {"API_DOCS": "false", "PAYMENT_PROVIDER": "manual", "CORS_ALLOWED_ORIGINS": "*"}

    assert exported_elsewhere(PYTHONHASHSEED="1", **odd) == contract()


def test_a_drift_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "openapi.json"
    assert main(["openapi", "--output", str(file)]) == 0
    assert main(["openapi", "--check", "--output", str(file)]) == 0

    file.write_text(file.read_text().replace("Consulta", "Consults", 1))

    assert main(["openapi", "--check", "--output", str(file)]) == 1
    assert "differs" in capsys.readouterr().err


def test_every_schema_that_is_named_exists(document: Any) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))

    assert "Problem" in named
    assert named <= document["components"]["schemas"].keys()


@pytest.mark.parametrize(
    ("path", "method", "security"),
    [
        ("/api/v1/auth/login", "post", []),
        ("/api/v1/specialists", "get", [{}, {"bearer": []}]),
        ("/api/v1/bookings", "post", [{"bearer": []}]),
        ("/api/cron/{job}", "post", [{"cron": []}]),
    ],
)
def test_it_says_who_may_knock(document: Any, path: str, method: str, security: Any) -> None:
    assert document["paths"][path][method]["security"] == security


@pytest.mark.parametrize(
    ("path", "method", "is_required"),
    [
        ("/api/v1/bookings", "post", True),
        ("/api/v1/bookings/{booking_id}/confirm", "post", True),
        ("/api/v1/holds", "post", False),
        ("/api/v1/auth/register", "post", False),
        ("/api/v1/auth/login", "post", None),
        ("/api/cron/{job}", "post", None),
    ],
)
def test_it_says_where_a_key_is_read(
    document: Any, path: str, method: str, is_required: bool | None
) -> None:
    parameters = document["paths"][path][method].get("parameters", [])
    required = [one["required"] for one in parameters if one["name"] == "Idempotency-Key"]

    assert required == ([] if is_required is None else [is_required])
