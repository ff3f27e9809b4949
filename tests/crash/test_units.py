"""What a text does to the transaction, and which text stands behind a name."""

import pytest

from tests.crash.messages import Frame
from tests.crash.units import Kind, Names, Unit, kind_after, kind_of


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("BEGIN;", "begin"),
        ("begin isolation level serializable", "begin"),
        ("START TRANSACTION READ ONLY", "begin"),
        ("BEGIN; SELECT set_config('role', 'consulta_user', true)", "begin"),
        ("COMMIT;", "commit"),
        ("  /* job=7 */ commit and chain", "commit"),
        ("-- the end\nEND", "commit"),
        ("INSERT INTO letters VALUES ('a'); COMMIT;", "commit"),
        ("BEGIN; INSERT INTO letters VALUES ('a'); COMMIT", "commit"),
        ("ROLLBACK;", "rollback"),
        ("ABORT", "rollback"),
        ("ROLLBACK TO SAVEPOINT one", "statement"),
        ("ROLLBACK WORK TO one", "statement"),
        ("SAVEPOINT one", "statement"),
        ("RELEASE SAVEPOINT one", "statement"),
        ("INSERT INTO commits (note) VALUES ('COMMIT')", "statement"),
        ("DO $$ BEGIN PERFORM 1; END $$", "statement"),
        ("SELECT set_config('role', 'consulta_user', true), app.now()", "statement"),
        ("SELECT xid FROM pg_current_snapshot()", "statement"),
        ("WITH moved AS (UPDATE a SET b = 1 RETURNING c) SELECT 1 FROM pg_class", "statement"),
        ("SELECT oid FROM pg_catalog.pg_type WHERE typname = $1", "setup"),
        ("SELECT t.oid FROM a JOIN pg_class t ON true", "setup"),
        ("SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;", "setup"),
        ("select pg_catalog.version()", "setup"),
        ("\n  SELECT\n  set_config('jit', $1, false)\n", "setup"),
        ("show standard_conforming_strings", "setup"),
        (";", "setup"),
        ("", "setup"),
    ],
)
def test_the_kind_of_a_text(sql: str, kind: Kind) -> None:
    assert kind_of(sql) == kind


@pytest.mark.parametrize(
    ("kind", "before", "now", "tag", "truth"),
    [
        ("statement", "T", "I", "COMMIT", "commit"),
        ("commit", "E", "I", "ROLLBACK", "rollback"),
        ("commit", "T", "I", "COMMIT", "commit"),
        ("commit", "T", "T", "COMMIT", "commit"),
        ("statement", "T", "T", "INSERT 0 1", "statement"),
        ("statement", "I", "I", "INSERT 0 1", "statement"),
        ("prepare", "T", "I", "COMMIT", "prepare"),
    ],
)
def test_the_answer_corrects_the_kind(
    kind: Kind, before: str, now: str, tag: str, truth: Kind
) -> None:
    assert kind_after(kind, before=before, now=now, tag=tag) == truth


def test_a_statement_used_again_by_name_is_known_by_its_text() -> None:
    names, preparing, executing = Names(), Unit(), Unit()
    names.note(frame("P", b"stmt_1\0SELECT $1\0\0\0"), unit=preparing)
    for _ in range(3):
        names.note(frame("B", b"\0stmt_1\0\0\0\0\0\0\0"), unit=executing)
        names.note(frame("E", b"\0\0\0\0\0"), unit=executing)

    assert (preparing.kind, preparing.sql) == ("prepare", "SELECT $1")
    assert (executing.kind, executing.sql) == ("statement", "SELECT $1")


def test_names_of_two_connections_do_not_mix() -> None:
    here, there, unit = Names(), Names(), Unit()
    here.note(frame("P", b"stmt_1\0SELECT 1\0\0\0"), unit=Unit())
    there.note(frame("P", b"stmt_1\0SELECT 2\0\0\0"), unit=Unit())
    here.note(frame("B", b"portal\0stmt_1\0\0\0\0\0\0\0"), unit=unit)
    here.note(frame("E", b"portal\0\0\0\0\0"), unit=unit)

    assert unit.sql == "SELECT 1"


def test_a_closed_name_means_nothing_any_more() -> None:
    names, unit = Names(), Unit()
    names.note(frame("P", b"stmt_1\0SELECT 1\0\0\0"), unit=Unit())
    names.note(frame("C", b"Sstmt_1\0"), unit=Unit())
    names.note(frame("B", b"\0stmt_1\0\0\0\0\0\0\0"), unit=unit)
    names.note(frame("E", b"\0\0\0\0\0"), unit=unit)

    assert unit.sql == "<statement stmt_1>"


def frame(kind: str, body: bytes) -> Frame:
    return Frame(kind=kind, raw=kind.encode() + (len(body) + 4).to_bytes(4, "big") + body)
