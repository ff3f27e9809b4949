"""The page at `/docs`: Swagger UI over our own `openapi.json`, served whole from here, so that it
works without internet. Its files come with the package `fastapi-offline`, whose code is not used.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from consulta.kernel.errors import NotFound
from consulta.platform.http.contract import EXAMPLE_KEY

PACKAGE = "fastapi_offline"
_LIBRARY = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}

_SOURCES = (
    "default-src 'none'",
    "script-src 'self'",
    # Swagger UI sets style attributes on what it draws, and its icons are data: addresses.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
CONTENT_SECURITY_POLICY = "; ".join(_SOURCES)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Consulta API</title>
<link rel="icon" href="docs/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="docs/static/swagger-ui.css">
<link rel="stylesheet" href="docs/static/page.css">
</head>
<body>
<div id="document"></div>
<noscript>This page needs JavaScript. The document itself: <a href="openapi.json">openapi.json</a>
</noscript>
<script src="docs/static/swagger-ui-bundle.js"></script>
<script src="docs/static/page.js"></script>
</body>
</html>
"""

# Addresses are relative, so that the page also works below a prefix that a proxy strips.
# The example of a key is replaced by a fresh one, so that trying a request twice is two acts.
SCRIPT = """"use strict";
const HEADER = "Idempotency-Key";
const fresh = () => Array.from(
  crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"),
).join("");
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#document",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  requestInterceptor(request) {
    if (request.headers[HEADER] === "@EXAMPLE@") {
      request.headers[HEADER] = fresh();
    }
    return request;
  },
});
""".replace("@EXAMPLE@", EXAMPLE_KEY)

STYLE = """html { color-scheme: light; }
body { margin: 0; background: #fafbfc; }
.swagger-ui .wrapper, .swagger-ui .information-container { max-width: 1200px; }
.swagger-ui .info { margin: 32px 0 16px; }
.swagger-ui .scheme-container { box-shadow: none; background: transparent; padding: 0 0 12px; }
"""

ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#1d4ed8"/>
<path d="M22 12a7 7 0 1 0 0 8" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round"/>
</svg>
"""

_OWN = {
    "page.js": (SCRIPT, "text/javascript"),
    "page.css": (STYLE, "text/css"),
    "icon.svg": (ICON, "image/svg+xml"),
}
_HEADERS = {"Cache-Control": "max-age=3600", "Cross-Origin-Resource-Policy": "same-origin"}


def documentation() -> APIRouter:
    """`/docs` and what it loads, all from this service. Mount it where `openapi.json` is served,
    and nowhere else: without the document the page is of no use.
    """
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/docs", _page, methods=["GET"], response_class=Response)
    router.add_api_route("/docs/static/{name}", _static, methods=["GET"], response_class=Response)
    return router


async def _page() -> Response:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return Response(PAGE, media_type="text/html", headers=headers)


async def _static(name: str) -> Response:
    if name in _OWN:
        text, media_type = _OWN[name]
        return Response(text, media_type=media_type, headers=_HEADERS)
    if name in _LIBRARY:
        return FileResponse(library_folder() / name, media_type=_LIBRARY[name], headers=_HEADERS)
    raise NotFound("There is nothing at this address.")


@cache
def library_folder() -> Path:
    """Where Swagger UI lies. The package is located, not imported."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise NotFound("The documentation page is not installed.")
    return Path(found.origin).parent / "static"
