"""Law 7: errors have kinds and stable codes, and every route lists what it can answer."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import RouteContext

import consulta
from consulta.kernel.actor import Role
from consulta.kernel.errors import Conflict, DomainError, NotFound
from consulta.platform.auth.guards import PERSON, Guard
from consulta.platform.http.problems import ALWAYS, MEDIA_TYPE, problems
from consulta.routes import OLD_SHAPES
from tests.house.app import doors, guards_of, roles_of, the_app
from tests.house.source import Tree, below, obey, whole_tree

Errors = Iterable[type[DomainError]]


def our_errors() -> list[type[DomainError]]:
    """Every class of the family in the service, whether anybody imports it or not."""
    for module in pkgutil.walk_packages(consulta.__path__, "consulta."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return [kind for kind in _family(DomainError) if kind.__module__.startswith("consulta.")]


def _family(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _family(child)


def shared_codes(errors: Errors) -> list[str]:
    """Codes that two errors share, one of them perhaps because it forgot to have its own."""
    kinds = list(dict.fromkeys(errors))
    count = Counter(kind.code for kind in kinds)
    return [
        f"{kind.__module__}.{kind.__name__}: {kind.code}" for kind in kinds if count[kind.code] > 1
    ]


def misspelt_codes(errors: Errors) -> list[str]:
    """Codes that are not SCREAMING_SNAKE."""
    shape = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
    return [f"{kind.__name__}: {kind.code}" for kind in errors if not shape.fullmatch(kind.code)]


def wordless(errors: Errors) -> list[str]:
    """Errors without a sentence of their own: the docstring is what the caller reads."""
    return [
        f"{kind.__module__}.{kind.__name__}" for kind in errors if not vars(kind).get("__doc__")
    ]


def test_codes_are_unique() -> None:
    assert len(our_errors()) > 20
    obey(
        shared_codes(our_errors()),
        law="A code is a stable promise and means one thing.",
        mend="give each class a `code` of its own, or use the one that is there already.",
    )


def test_codes_scream() -> None:
    obey(misspelt_codes(our_errors()), law="Codes are SCREAMING_SNAKE.", mend="rename the code.")


def test_every_error_has_a_sentence() -> None:
    obey(wordless(our_errors()), law="An error names the situation.", mend="write its docstring.")


class _Taken(Conflict):
    """Taken."""

    code = "NOT_FOUND"


class _Forgotten(_Taken):
    code = "half-taken"


class _Same(_Taken):
    """It forgot to have a code."""


def test_bad_errors_are_found() -> None:
    assert len(shared_codes([NotFound, _Taken, _Same])) == 3
    assert shared_codes([NotFound, NotFound, _Forgotten]) == []
    assert misspelt_codes([NotFound, _Forgotten]) == ["_Forgotten: half-taken"]
    assert wordless([NotFound, _Forgotten]) == [f"{__name__}._Forgotten"]


def unknown_refusals(tree: Tree, codes: set[str]) -> list[str]:
    """Codes with which the database refuses, and that no error class has."""
    return [
        f"{name}: {code}"
        for name, text in below(tree, "alembic/", suffix="").items()
        for code in re.findall(r"app\.refuse\(\s*'([^']*)'", text)
        if code not in codes
    ]


def unknown_constraints(tree: Tree, errors: Errors) -> list[str]:
    """Names of constraints that an error speaks of, and that no migration makes."""
    made = "\n".join(below(tree, "alembic/", "src/consulta/models/", suffix="").values())
    return [
        f"{kind.__name__}: {kind.constraint}"
        for kind in errors
        if kind.constraint and kind.constraint not in made
    ]


def test_what_the_database_refuses_has_a_class() -> None:
    obey(
        unknown_refusals(whole_tree(), {kind.code for kind in our_errors()}),
        law="A refusal of a database function is a DomainError, never a Bug.",
        mend="write the class with this `code` in errors.py of the room that calls the function.",
    )


def test_a_constraint_that_means_an_error_exists() -> None:
    obey(
        unknown_constraints(whole_tree(), our_errors()),
        law="A constraint's name is a contract between a migration and an error.",
        mend="use the name that the migration gives; a rename changes both.",
    )


class _Doubled(Conflict):
    """There already."""

    code = "DOUBLED"
    constraint = "gifts_no_such_uq"


def test_unknown_names_are_found() -> None:
    tree = {"alembic/functions/gift.sql": "PERFORM app.refuse('NO_GIFT'); app.refuse('GIFT');"}
    assert unknown_refusals(tree, {"GIFT"}) == ["alembic/functions/gift.sql: NO_GIFT"]
    assert unknown_constraints(tree, [_Doubled]) == ["_Doubled: gifts_no_such_uq"]


_DOCUMENTED_SERVER_ERRORS = {500, 503}


def undocumented(app: FastAPI) -> list[str]:
    """Routes of the contract that can answer what they do not list, or list what they must not."""
    return [
        f"{door}: {flaw}"
        for door, route in doors(app)
        if getattr(route, "include_in_schema", False)
        and roles_of(route) is not None
        and door.partition(" ")[2] not in OLD_SHAPES  # These have words of their own.
        for flaw in _flaws(route)
    ]


def _flaws(route: RouteContext) -> Iterator[str]:
    listed = {int(status): answer for status, answer in route.responses.items()}
    expected = set(map(int, problems(*ALWAYS)))
    # A guard that asks for a secret knows no roles to turn away: whoever lacks it is a stranger.
    roles = [guard.roles for guard in guards_of(route) if isinstance(guard, Guard)]
    if any(not {Role.CLIENT, Role.SPECIALIST, Role.ADMIN} <= admitted for admitted in roles):
        expected.add(403)
    for status in sorted(expected - set(listed)):
        yield f"{status} is not listed"
    for status, answer in listed.items():
        if status >= 500 and status not in _DOCUMENTED_SERVER_ERRORS:
            yield f"{status} must not be answered at all"
        if status >= 400 and MEDIA_TYPE not in answer.get("content", {}):
            yield f"{status} is not a problem document"


def test_every_route_lists_what_it_can_answer() -> None:
    obey(
        undocumented(the_app()),
        law="Every route declares all its errors.",
        mend="responses=problems(*ALWAYS, …) with Forbidden where the guard turns a role away;"
        " of the 5xx only 500 and 503 are ever answered.",
    )


_router = APIRouter()


@_router.get("/silent", dependencies=[PERSON])
async def _silent() -> None: ...


@_router.get("/loud", dependencies=[PERSON], responses={**problems(*ALWAYS), 502: {}})
async def _loud() -> None: ...


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/silent", "401 is not listed"),
        ("/silent", "503 is not listed"),
        ("/loud", "403 is not listed"),
        ("/loud", "502 must not be answered"),
        ("/loud", "502 is not a problem document"),
    ],
)
def test_an_undocumented_answer_is_found(path: str, found: str) -> None:
    app = FastAPI(openapi_url=None)
    app.include_router(_router)
    assert any(f"GET {path}: {found}" in stray for stray in undocumented(app))
