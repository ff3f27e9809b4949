"""The decisions about video settings."""

from consulta.features.video_configs.rules import Offered, place_of, row_for

OFFERED = Offered(
    provider="zoom",
    mode="api",
    account="a",
    host="me",
    waiting_room=True,
    recording="none",
    secrets={"client_secret": "a-long-secret-1234", "passcode": "short"},
)
ROW = {"provider": "zoom", "mode": "api", "account": "a", "host": "me"}


def test_settings_belong_to_the_row_of_their_account_and_host() -> None:
    assert row_for([{**ROW, "host": "you"}, ROW], OFFERED) is ROW
    for name, other in (("provider", "meet"), ("mode", "static"), ("account", "b"), ("host", "x")):
        assert row_for([{**ROW, name: other}], OFFERED) is None
    assert row_for([], OFFERED) is None


def test_of_a_short_secret_nothing_is_shown() -> None:
    assert OFFERED.hints == {"client_secret": "1234"}
    assert "secret" not in repr(OFFERED)


def test_secrets_are_bound_to_their_row() -> None:
    assert place_of({"config_id": 1, "specialist_id": 2}) == "video_config_keys|1|2"
