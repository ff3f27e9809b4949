"""Floor 2: machinery that knows no domain noun."""

import structlog

# Whoever logs before anything is configured, at a console or in a script, must not print local
# variables either, which the library does where `rich` happens to be installed.
if not structlog.is_configured():
    structlog.configure(
        processors=[
            *structlog.get_config()["processors"][:-1],
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )
