"""What a payer's browser brings back from a provider's page: a form or a query, read strictly."""

from urllib.parse import parse_qsl

from consulta.providers.payments.port import SignatureRejected

FORM_BYTES_MAX = 8_192
FORM_FIELDS_MAX = 50


def read_form(form: bytes) -> dict[str, str]:
    """The fields, each of which came once. Raises `SignatureRejected` for any other bytes."""
    if len(form) > FORM_BYTES_MAX:
        raise SignatureRejected("The form is too large.")
    try:
        pairs = parse_qsl(
            form.decode(), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX
        )
    except ValueError:
        raise SignatureRejected("The message is not a form.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise SignatureRejected("A field came twice.")
    return fields
